"""A job on GitHub: a pull request on the strict fake, and the environment that Actions gives to the job's steps."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reviewer.forge import access
from reviewer.forge.client import Client
from tests.fakes.github import FakeGitHub, PullRequest
from tests.known_answers import Change

NUMBER = 7


@dataclass(frozen=True)
class Job:
    """One pull request; `env` is what a job for its event sees."""

    hub: FakeGitHub
    pull: PullRequest
    folder: Path

    def env(self, event: str = "pull_request", **more: Any) -> dict[str, str]:
        payload = self.hub.event(event, pr=self.pull, **more) if event != "issue_comment" else {"action": "created"}
        (self.folder / "event.json").write_text(json.dumps(payload))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_TOKEN": self.hub.token,
            "GITHUB_API_URL": self.hub.api_url,
            "GITHUB_GRAPHQL_URL": self.hub.graphql_url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.pull.merge_sha,
            "GITHUB_RUN_ID": "1001",
            "GITHUB_WORKSPACE": str(self.folder),
        }

    @property
    def lines(self) -> list[tuple[str, int | None]]:
        """Where inline comments begin, sorted."""
        return sorted((comment.path, comment.start_line or comment.line) for comment in self.pull.comments)

    @property
    def refused(self) -> list[int]:
        """Statuses of requests that GitHub did not accept."""
        return [record.status for record in self.hub.requests if record.status >= 400]

    @property
    def writes(self) -> list[str]:
        """Methods and paths of REST requests that change something."""
        changing = [record for record in self.hub.requests if record.method != "GET" and record.path != "/graphql"]
        return [f"{record.method} {record.path}" for record in changing]


@contextmanager
def job(change: Change, folder: Path, hub: Mapping[str, Any] | None = None, **pull: Any) -> Iterator[Job]:
    """A job for a change. In this process no time goes by between writes or before a further try."""
    folder.mkdir(exist_ok=True)
    with FakeGitHub(**(hub or {})) as fake, pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "Client", partial(Client, write_gap=0.0, sleep=lambda seconds: None))
        given = {"number": NUMBER, "title": "A change", "author": "mona", **pull}
        made = fake.repository("octo/shop").pull_request(
            git_dir=change.folder, base_sha=change.base, head_sha=change.head, **given
        )
        yield Job(fake, made, folder)
