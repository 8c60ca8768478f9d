"""A pull request on the strict fake GitHub, over a real git repository, and Reviewer's access to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reviewer.core.conversation import finding_marker, review_marker
from reviewer.core.publication import InlineComment, ReviewDraft
from reviewer.forge.client import Client
from reviewer.forge.github import GitHub
from tests.fakes.github import FakeGitHub
from tests.forge.local_repository import Repository

NUMBER = 7


def numbered(*changed: int, count: int = 40) -> bytes:
    """`line 1` to `line 40`, the changed ones with another word."""
    return "".join(f"{'LINE' if n in changed else 'line'} {n}\n" for n in range(1, count + 1)).encode()


class World:
    """`sleeps` are the waits that Reviewer's client made, none of which took any time."""

    def __init__(
        self, hub: FakeGitHub, folder: Path, base: Mapping[Any, Any], head: Mapping[Any, Any], **more: Any
    ) -> None:
        self.hub, self.sleeps = hub, list[float]()
        self.local = Repository(folder)
        self.base_sha, self.head_sha = self.local.change(base, head)
        self.repo = hub.repository("octo/shop")
        self.pull = self.repo.pull_request(
            number=NUMBER, git_dir=folder, base_sha=self.base_sha, head_sha=self.head_sha, **more
        )

    def github(self, **more: Any) -> GitHub:
        given = {"api_url": self.hub.api_url, "graphql_url": self.hub.graphql_url, "write_gap": 0.0, "timeout": 5}
        return GitHub(Client("ghs_fake", "octo/shop", sleep=self.sleeps.append, **{**given, **more}))

    def push(self, head: Mapping[Any, Any]) -> None:
        self.head_sha = self.local.commit(head, parent=self.head_sha)
        self.pull.push(self.head_sha)

    def draft(self, *lines: int, body: str = "Found problems.", run: str = "run-1", path: str = "a.py") -> ReviewDraft:
        """One comment for each line; the fingerprint is `f` and the line's number."""
        comments = tuple(
            InlineComment(
                path, line, "RIGHT", None, f"Problem {line}\n\n{finding_marker(f'f{line}', self.head_sha)}", f"f{line}"
            )
            for line in lines
        )
        return ReviewDraft(self.head_sha, f"{body}\n\n{review_marker(self.head_sha, run)}", comments)

    def calls(self, method: str = "", path: str = "") -> int:
        return len(self.hub.sent(method, path))


@contextmanager
def world(
    folder: Path, base: Mapping[Any, Any], head: Mapping[Any, Any], hub: FakeGitHub | None = None, **more: Any
) -> Iterator[World]:
    with hub or FakeGitHub() as running:
        yield World(running, folder / "shop", base, head, **more)
