"""A pull request as the forge describes it."""

from dataclasses import dataclass
from typing import Any

from reviewer.forge.client import Client
from reviewer.forge.event import is_fork
from reviewer.forge.failure import broken
from reviewer.forge.payload import at, text, whole


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request. `base_sha` is the base branch's commit, which may be ahead of the merge base.

    `changed_files` is GitHub's own count. A head repository that was deleted counts as a fork.
    """

    number: int
    title: str
    body: str
    base_sha: str
    head_sha: str
    base_ref: str
    head_ref: str
    draft: bool
    author: str
    fork: bool
    changed_files: int
    state: str
    merged: bool
    url: str


def read_pull(client: Client, number: int) -> PullRequest:
    """Fetch one pull request. GitHubError where there is none that this token may see."""
    what = f"Reading pull request {number} of {client.repository}"
    data: Any = client.get(f"/pulls/{number}", what)
    now = text(data, "base", "repo", "full_name")
    if now.lower() != client.repository.lower() and now.count("/") == 1:
        client.rename(now)
    base, head = text(data, "base", "sha"), text(data, "head", "sha")
    if not base or not head:
        raise broken(what, "it names no base and head commit")
    return PullRequest(
        number=number,
        title=text(data, "title"),
        body=text(data, "body"),
        base_sha=base,
        head_sha=head,
        base_ref=text(data, "base", "ref"),
        head_ref=text(data, "head", "ref"),
        draft=at(data, "draft") is True,
        author=text(data, "user", "login"),
        fork=is_fork(data, client.repository),
        changed_files=whole(data, "changed_files"),
        state=text(data, "state"),
        merged=at(data, "merged") is True,
        url=text(data, "html_url"),
    )
