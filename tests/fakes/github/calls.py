"""What a handler is given and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from tests.fakes.github.errors import ApiError, not_found
from tests.fakes.github.gitdata import Limits
from tests.fakes.github.state import PullRequest, Repository

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rights:
    """What the token may do and whose it is. `login` is the REST login."""

    login: str
    writable: bool
    contents_write: bool
    may_approve: bool

    @property
    def is_bot(self) -> bool:
        return self.login.endswith("[bot]")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `data` is JSON, or text or bytes of another `content_type`."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One checked request."""

    api: str
    path: str
    rights: Rights
    limits: Limits
    repositories: dict[str, Repository]
    params: dict[str, Any]
    query: dict[str, str]
    body: Any
    accept: str
    version: str

    @property
    def repo(self) -> Repository:
        """The repository of the path; its name is not case-sensitive."""
        name = f"{self.params['owner']}/{self.params['repo']}".lower()
        if name not in self.repositories:
            raise not_found()
        return self.repositories[name]

    @property
    def pull(self) -> PullRequest:
        """The pull request of the path."""
        if self.params["pull_number"] not in self.repo.pulls:
            raise not_found()
        return self.repo.pulls[self.params["pull_number"]]

    @property
    def commit(self) -> str:
        """The commit that the path's `ref` means."""
        found = self.repo.resolve(self.params["ref"])
        if found is None:
            raise not_found() if "/" in self.params["ref"] else no_commit(self.params["ref"])
        return found

    def wants(self, media: str) -> bool:
        """Whether the Accept header asks for `application/vnd.github.<media>`."""
        return f"vnd.github.{media}" in self.accept or f"vnd.github.v3.{media}" in self.accept


def no_commit(sha: str) -> ApiError:
    """422: a name that is no commit of the repository."""
    return ApiError(422, f"No commit found for SHA: {sha}")


def page(call: Call, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The asked-for page of a list (30 by default, at most 100) and the Link header that leads on."""
    size = min(max(int(call.query.get("per_page", 30)), 1), 100)
    number = max(int(call.query.get("page", 1)), 1)
    last = max(-(-len(items) // size), 1)
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": number - 1, "first": 1}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    links = [f'<{_address(call, to)}>; rel="{rel}"' for rel, to in targets.items()]
    return items[(number - 1) * size : number * size], {"Link": ", ".join(links)} if links else {}


def _address(call: Call, number: int) -> str:
    return f"{call.api}{quote(call.path)}?{urlencode({**call.query, 'page': number})}"


def paged(call: Call, items: Sequence[T], view: Callable[[T], dict[str, Any]]) -> Reply:
    """One page of a list as JSON."""
    shown, headers = page(call, items)
    return Reply(200, [view(item) for item in shown], headers)
