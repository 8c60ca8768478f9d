"""The fake itself: what tests hold in their hands."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.fakes.github import events
from tests.fakes.github.app import EXHAUSTED, App, Record
from tests.fakes.github.calls import Rights
from tests.fakes.github.errors import ApiError
from tests.fakes.github.faults import Fault, Script
from tests.fakes.github.gitdata import GitData, Limits
from tests.fakes.github.server import Server
from tests.fakes.github.state import PullRequest, Repository
from tests.fakes.github.views import ACTIONS_BOT

CONTENT_PER_MINUTE = 80


class FakeGitHub:
    """A strict GitHub on a loopback port.

    `writable=False` is the token of a fork's or Dependabot's run. `contents_write` is what GraphQL asks for to
    resolve threads; `may_approve` the repository's setting that lets Actions approve. `ghes` puts the API under
    `/api/v3`, as an enterprise server has it. `too_quick_writes` counts writes less than a second after the last,
    `too_many_writes` those beyond 80 in a minute; neither is refused.
    """

    def __init__(
        self,
        token: str = "ghs_fake",
        *,
        writable: bool = True,
        contents_write: bool = False,
        may_approve: bool = False,
        login: str = ACTIONS_BOT,
        limits: Limits | None = None,
        ghes: bool = False,
        rate_limit: int = 1000,
    ) -> None:
        self.token, self.ghes, self.limits = token, ghes, limits or Limits()
        self.rights = Rights(login, writable, contents_write, may_approve)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[Record] = []
        self.faults = Script()
        self.lock = threading.RLock()
        self.rate_limit = rate_limit
        self.remaining = {"core": rate_limit, "graphql": rate_limit}
        self.rate_reset = int(time.time()) + 3600
        self.too_quick_writes = self.too_many_writes = 0
        self._writes: list[float] = []

    def __enter__(self) -> "FakeGitHub":
        self.server = Server(App(self))
        root = f"http://127.0.0.1:{self.server.port}"
        self.api_url = f"{root}/api/v3" if self.ghes else root
        self.graphql_url = f"{root}/api/graphql" if self.ghes else f"{root}/graphql"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()

    def repository(
        self, full_name: str, default_branch: str = "main", *, private: bool = False, git_dir: Path | None = None
    ) -> Repository:
        """Add a repository; its content is that of `git_dir` or of its first pull request."""
        repo = Repository(full_name, default_branch, private, lambda directory: GitData(Path(directory), self.limits))
        repo.git = None if git_dir is None else GitData(git_dir, self.limits)
        self.repositories[full_name.lower()] = repo
        return repo

    def fail(self, fault: Fault) -> None:
        """Script one fault."""
        self.faults.add(fault)

    def event(self, name: str, *, pr: PullRequest | None = None, repo: Repository | None = None, **more: Any) -> Any:
        """The payload that Actions writes to GITHUB_EVENT_PATH for an event."""
        home = repo or (pr.repository if pr else next(iter(self.repositories.values())))
        return events.payload(name, home, pr, self.api_url, **more)

    def sent(self, method: str = "", path: str = "") -> list[Record]:
        """Requests so far whose method (if given) and path (as a part) match."""
        return [one for one in self.requests if method in ("", one.method) and path in one.path]

    def spend(self, path: str) -> None:
        """Count a request against the hourly limit; refuse it beyond that."""
        resource = _resource(path)
        if self.remaining[resource] <= 0:
            raise ApiError(403, EXHAUSTED)
        self.remaining[resource] -= 1

    def rate(self, resource: str) -> dict[str, int]:
        """The state of one limit, as `/rate_limit` shows it."""
        left = self.remaining[resource]
        used = self.rate_limit - left
        return {"limit": self.rate_limit, "used": used, "remaining": left, "reset": self.rate_reset}

    def rate_headers(self, path: str) -> dict[str, str]:
        """The rate limit headers that every answer carries."""
        resource = _resource(path)
        values = {f"x-ratelimit-{key}": str(value) for key, value in self.rate(resource).items()}
        return values | {"x-ratelimit-resource": resource}

    def count_write(self) -> None:
        """Keep the times of writes and count those that come too quickly."""
        moment = time.monotonic()
        recent = [one for one in self._writes if moment - one < 60]
        self.too_quick_writes += bool(recent and moment - recent[-1] < 1)
        self.too_many_writes += len(recent) >= CONTENT_PER_MINUTE
        self._writes = [*recent, moment]


def _resource(path: str) -> str:
    return "graphql" if path == "/graphql" else "core"
