"""GitHub as the rest of Reviewer sees it: pull requests, their change sets and threads, and what is posted there."""

from dataclasses import replace
from pathlib import Path

from reviewer.core.change import ChangeSet
from reviewer.core.publication import Publication, ReviewDraft, Thread
from reviewer.forge.changes import read_changes, read_range
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.policy import PolicyFiles
from reviewer.forge.policy_api import read_policy
from reviewer.forge.posting import post_review
from reviewer.forge.pull import PullRequest, read_pull
from reviewer.forge.standing import Standing, look
from reviewer.forge.statuses import State, post_status, read_imprint
from reviewer.forge.summary import read_summary, upsert_summary
from reviewer.forge.threads import read_threads, resolve_thread

THREAD_CHANNEL = "threads"
_MAY_NOT_RESOLVE = (
    "the token lacks `contents: write` and `pull-requests: write`, both of which GitHub asks an Actions token for to "
    "resolve a thread, so the comment on what is mended stays open."
)


class GitHub:
    """One repository on GitHub, through one client. Reads raise ForgeError, writes return a Publication."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def repository(self) -> str:
        """OWNER/NAME, by its present name once a pull request has told it."""
        return self._client.repository

    def pull_request(self, number: int) -> PullRequest:
        """A pull request as it is now."""
        return read_pull(self._client, number)

    def change_set(self, pull: PullRequest, checkout: Path | None) -> ChangeSet:
        """Every changed file with its hunks and, up to 256 KiB, its content; `checkout` is a clone, if there is one."""
        return read_changes(self._client, pull, checkout)

    def range(self, pull: PullRequest, base_sha: str, head_sha: str, checkout: Path | None) -> ChangeSet:
        """The change between two commits under a pull request's name: what a merge group would bring."""
        return read_range(self._client, pull, base_sha, head_sha, checkout)

    def policy(self, base_sha: str) -> PolicyFiles:
        """Configuration, guidelines and `.gitattributes` of the base commit."""
        return read_policy(self._client, base_sha)

    def threads(self, number: int) -> tuple[Thread, ...]:
        """Reviewer's own review threads, oldest first."""
        return tuple(posted.thread for posted in read_threads(self._client, number).posted)

    def standing(self, number: int) -> Standing:
        """What Reviewer has on a pull request at this moment, and the head: a push may have come during the review."""
        standing = look(self._client, number)
        return standing if standing.head_sha else replace(standing, head_sha=read_pull(self._client, number).head_sha)

    def resolve(self, thread_id: str) -> Publication:
        """Resolve one of Reviewer's own threads, because its problem is gone."""
        try:
            resolve_thread(self._client, thread_id)
        except GitHubError as failure:
            if failure.kind is Kind.PERMISSION:
                return Publication(THREAD_CHANNEL, "skipped", f"{_MAY_NOT_RESOLVE} {failure.cause}")
            return Publication(THREAD_CHANNEL, "failed", str(failure))
        return Publication(THREAD_CHANNEL, "updated", "resolved a thread whose problem is gone")

    def post_review(self, number: int, draft: ReviewDraft, before: Standing | None = None) -> list[Publication]:
        """Post what of the draft does not stand on the pull request yet; `before` saves looking again."""
        return post_review(self._client, number, draft, before)

    def summary(self, number: int) -> str | None:
        """The body of Reviewer's own summary comment, with the marker that tells of the last run."""
        return read_summary(self._client, number)

    def imprint(self, sha: str) -> str:
        """What Reviewer's own status on a commit vouches for; empty where there is none."""
        return read_imprint(self._client, sha)

    def post_status(self, sha: str, state: State, told: str, imprint: str, url: str) -> Publication:
        """Say the verdict on a commit and vouch for the state of which `imprint` is the digest."""
        return post_status(self._client, sha, state, told, imprint, url)

    def upsert_summary(self, number: int, body: str) -> Publication:
        """Write the summary comment, of which a pull request has one; `body` carries its marker."""
        return upsert_summary(self._client, number, body)
