"""What Reviewer has on a pull request at a moment, and how what stands there twice is taken back.

Two runs at once can both look before either posts. No lock is to be had on GitHub, so each run looks once more after
posting, and both withdraw the same ones: of several threads for one finding at one head the oldest stays. The run that
posted last sees all of them, so no duplicate outlives it; a thread that somebody answered is never withdrawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reviewer.core.conversation import NO_RUN, ReviewMark, parse_review, review_marker, told_in, without_marker
from reviewer.forge.client import Client
from reviewer.forge.payload import text, whole
from reviewer.forge.threads import Posted, read_threads

_TWIN_NOTE = "_Two runs posted this review at the same time; the other one stands._"


@dataclass(frozen=True, slots=True)
class Standing:
    """Reviewer's own visible threads, and its submitted reviews (REST's rows), oldest first; ids of pending reviews.

    `head_sha` is empty where GraphQL is not to be had.
    """

    threads: tuple[Posted, ...] = ()
    reviews: tuple[Any, ...] = ()
    pending: tuple[int, ...] = ()
    head_sha: str = ""

    @property
    def told(self) -> frozenset[str]:
        """Fingerprints of the findings that stand in the reviews' bodies."""
        return frozenset().union(*(told_in(text(review, "body")) for review in self.reviews))


def look(client: Client, number: int) -> Standing:
    """What stands there now."""
    seen = read_threads(client, number)
    rows = client.pages(f"/pulls/{number}/reviews", f"Reading the reviews of pull request {number}")
    own = sorted((row for row in rows if seen.identity.owns(row)), key=lambda row: whole(row, "id"))
    pending = tuple(whole(review, "id") for review in own if text(review, "state") == "PENDING")
    submitted = tuple(review for review in own if text(review, "state") != "PENDING")
    return Standing(seen.posted, submitted, pending, seen.head_sha)


def withdraw_pending(client: Client, number: int, standing: Standing) -> None:
    """Delete what a crashed run left behind: a pending review would block the next one."""
    for review in standing.pending:
        client.delete(f"/pulls/{number}/reviews/{review}", "Withdrawing a pending review")


def same_review(mark: ReviewMark, body: str, review: Any, before: Standing) -> bool:
    """Whether a review is this run's: by its words, or by its run if it came after this one began to post.

    A workflow that is run again keeps its run's name, but may have other things to say.
    """
    other = parse_review(text(review, "body"))
    if other is None or other.head_sha != mark.head_sha:
        return False
    is_new = whole(review, "id") not in {whole(one, "id") for one in before.reviews}
    if is_new and mark.run == other.run != NO_RUN:
        return True
    return without_marker(body) == without_marker(text(review, "body"))


def withdraw_twin_threads(client: Client, number: int, head_sha: str) -> int:
    """Delete own younger threads of the same finding at this head; how many there were."""
    threads = read_threads(client, number).posted
    seen: set[str] = set()
    twins: list[Posted] = []
    for posted in threads:
        if posted.thread.head_sha == head_sha and not posted.thread.closed:
            if posted.thread.fingerprint in seen and not posted.thread.answered:
                twins.append(posted)
            seen.add(posted.thread.fingerprint)
    for posted in twins:
        client.delete(f"/pulls/comments/{posted.comment}", "Withdrawing a comment that stands twice")
    return len(twins)


def empty_twin_reviews(client: Client, number: int, reviews: Sequence[Any]) -> None:
    """Leave a note in all but the first of equal reviews: a submitted review cannot be deleted."""
    for review in reviews[1:]:
        if mark := parse_review(text(review, "body")):
            body = f"{_TWIN_NOTE}\n\n{review_marker(mark.head_sha, mark.run)}"
            path = f"/pulls/{number}/reviews/{whole(review, 'id')}"
            client.send("PUT", path, "Emptying a review that stands twice", {"body": body}, idempotent=True)
