"""One small shop on a fake GitHub, a new one for each test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import github
import pytest
import requests

from tests.fakes.github import FakeGitHub, PullRequest, Repository, git_history


def lines(*changed: int, count: int = 40, extra: str = "") -> str:
    """`l1` to `l40`, the changed ones as `L`, `extra` on top."""
    return extra + "".join(f"{'L' if n in changed else 'l'}{n}\n" for n in range(1, count + 1))


BASE: dict[str, Any] = {
    "a.py": lines(),
    "old.py": "same\n" * 5,
    "run.sh": "true\n",
    "logo.png": b"\0\1",
    "gone.py": "bye\n",
}
HEAD: dict[str, Any] = {
    "a.py": lines(3, 30),
    "old.py": None,
    "new.py": "same\n" * 5,
    "run.sh": ("100755", "true\n"),
    "logo.png": b"\0\2",
    "gone.py": None,
    "docs/né w.md": "hi\n",
}


@dataclass
class Shop:
    """A pull request and a plain HTTP session with its token."""

    hub: FakeGitHub
    repo: Repository
    pull: PullRequest
    git_dir: Path
    session: requests.Session

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.hub.api_url}/repos/octo/shop{path}", json=body, timeout=5, **more)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body: Any = {"query": query, "variables": variables}
        answer: dict[str, Any] = self.session.post(self.hub.graphql_url, json=body, timeout=5).json()
        return answer

    def review(self, *comments: dict[str, Any], **more: Any) -> requests.Response:
        body = {"body": "Looked at it", "event": "COMMENT", "comments": [{"body": "Hm"} | c for c in comments]}
        return self.send("POST", "/pulls/7/reviews", body | more)

    def push(self, **files: Any) -> str:
        (head,) = git_history(self.git_dir, files["files"], branch="feature", onto=self.pull.head_sha)
        self.pull.push(head)
        return head

    @property
    def client(self) -> github.Github:
        return github.Github(
            auth=github.Auth.Token(self.hub.token),
            base_url=self.hub.api_url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=None,
        )


Opener = Callable[..., Shop]


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The repository of most tests, shared because commits are only ever added to it."""
    directory = tmp_path_factory.mktemp("shop")
    return directory, git_history(directory, BASE, HEAD)


@pytest.fixture
def open_shop(tmp_path: Path, usual: tuple[Path, list[str]]) -> Iterator[Opener]:
    """Opens a shop with the given keywords of FakeGitHub."""
    opened: list[Shop] = []

    def opener(versions: tuple[Any, Any] | None = None, fork: bool | str = False, **hub: Any) -> Shop:
        git_dir, shas = (tmp_path, git_history(tmp_path, *versions)) if versions else usual
        base_sha, head_sha = shas
        fake = FakeGitHub(token="ghs_x", **hub).__enter__()
        repo = fake.repository("octo/shop")
        pull = repo.pull_request(
            number=7, git_dir=git_dir, base_sha=base_sha, head_sha=head_sha, author="mona", fork=fork
        )
        session = requests.Session()
        session.headers["Authorization"] = "Bearer ghs_x"
        opened.append(Shop(fake, repo, pull, git_dir, session))
        return opened[-1]

    yield opener
    for shop in opened:
        shop.session.close()
        shop.hub.__exit__(None, None, None)


@pytest.fixture
def shop(open_shop: Opener) -> Shop:
    return open_shop()
