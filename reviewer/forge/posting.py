"""Posting a review so that nothing is lost and nothing stands twice.

A POST whose answer is lost may have been carried out, so it is never just sent again: what stands on the pull request
is looked up by the hidden markers, and only what is missing is posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from reviewer.core.conversation import ReviewMark, parse_review, review_marker, without_marker
from reviewer.core.number import number
from reviewer.core.publication import InlineComment, Publication, ReviewDraft
from reviewer.errors import ForgeError
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.standing import (
    Standing,
    empty_twin_reviews,
    look,
    same_review,
    withdraw_pending,
    withdraw_twin_threads,
)
from reviewer.guard.markdown import code

CHANNEL = "review"
_WHAT = "Posting the review"
BATCH = 30
"""Comments in one review: GitHub has been seen to answer more than 32 with "was submitted too quickly"."""
BODY_LIMIT = 65_000
"""Characters of one body; GitHub refuses more than 65,536."""


def post_review(client: Client, number: int, draft: ReviewDraft, before: Standing | None = None) -> list[Publication]:
    """Post a draft as comment reviews, never as an approval; one Publication says what came of it.

    `before` is what stood there a moment ago, if the caller has looked.
    """
    if draft.empty:
        return [Publication(CHANNEL, "skipped", "there is nothing to say")]
    poster = _Poster(client, number, draft)
    try:
        return [poster.post(before)]
    except ForgeError as failure:
        return [replace(failed(CHANNEL, failure, "pull-requests: write"), unplaced=_names(poster.missing()))]


def failed(channel: str, failure: ForgeError, permission: str) -> Publication:
    """The outcome for an error: a right that the token lacks skips the channel, everything else fails it."""
    if isinstance(failure, GitHubError) and failure.kind is Kind.PERMISSION:
        detail = f"the token lacks `{permission}`, as it always does for a fork's or Dependabot's pull request"
        return Publication(channel, "skipped", f"{detail}. {failure.cause}")
    return Publication(channel, "failed", str(failure))


@dataclass(slots=True)
class _Progress:
    """What of the draft is posted. Kept here, since a lookup right after a POST may not show it yet."""

    fingerprints: set[str] = field(default_factory=set)
    body: bool = False
    posts: int = 0
    sent: int = 0
    retries: int = 0


class _Poster:
    """One draft on its way to one pull request."""

    def __init__(self, client: Client, number: int, draft: ReviewDraft) -> None:
        self._client, self._number, self._draft = client, number, draft
        self._path = f"/pulls/{number}/reviews"
        # Without a marker no lost answer could be looked up; the content itself makes a good name.
        name = sha256(repr(draft).encode("utf-8", "replace")).hexdigest()[:16]
        self._mark = parse_review(draft.body) or ReviewMark(draft.head_sha, name)
        self._text = without_marker(draft.body) or "Reviewer's comments are on the lines."
        self._done = _Progress()
        self._before = Standing()

    def post(self, before: Standing | None) -> Publication:
        """Post until nothing is missing, then look whether another run posted the same."""
        self._before = before or look(self._client, self._number)
        withdraw_pending(self._client, self._number, self._before)
        self._note(self._before)
        while (batch := self.missing()[:BATCH]) or not self._done.body:
            try:
                self._send(batch)
            except GitHubError as failure:
                if failure.kind is Kind.REFUSED and (batch or len(self._draft.body) > BODY_LIMIT):
                    return self._post_as_text(failure)
                self._done.retries += 1
                self._client.pause(failure, self._done.retries)
                self._note(look(self._client, self._number))
        return self._outcome(self._after_look() if self._done.posts else "")

    def _note(self, standing: Standing) -> None:
        """Take what stands there as posted, but for threads that were closed before this run began to post."""
        stale = {posted.thread.id for posted in self._before.threads if posted.thread.closed}
        there = {posted.thread.fingerprint for posted in standing.threads if posted.thread.id not in stale}
        self._done.fingerprints |= there
        self._done.body = self._done.body or any(map(self._is_same, standing.reviews))

    def _is_same(self, review: Any) -> bool:
        return same_review(self._mark, self._text, review, self._before)

    def missing(self) -> list[InlineComment]:
        """The comments that do not stand on the pull request yet."""
        first = {comment.fingerprint: comment for comment in reversed(self._draft.comments)}
        return [
            comment
            for comment in self._draft.comments
            if comment is first[comment.fingerprint] and comment.fingerprint not in self._done.fingerprints
        ]

    def _send(self, batch: Sequence[InlineComment]) -> None:
        comments = [_comment(comment) for comment in batch]
        if self._done.body:
            self._submit(f"More comments of the same review.\n\n{self._marker(self._done.posts + 1)}", comments)
        else:
            self._submit(f"{self._text}\n\n{self._marker(1)}", comments)
        self._done.fingerprints |= {comment.fingerprint for comment in batch}
        self._done.body = True
        self._done.posts += 1
        self._done.sent += len(batch)

    def _marker(self, page: int) -> str:
        """The marker of the draft's review, or of a further one that goes on where another ended."""
        run = self._mark.run if page == 1 and not self._done.body else f"{self._mark.run[:70]}.{page}"
        return review_marker(self._mark.head_sha, run)

    def _submit(self, body: str, comments: list[dict[str, Any]]) -> None:
        sent: dict[str, Any] = {"event": "COMMENT", "body": body}
        if comments:
            sent |= {"commit_id": self._draft.head_sha, "comments": comments}
        self._client.send("POST", self._path, _WHAT, sent, idempotent=False)

    def _post_as_text(self, refusal: GitHubError) -> Publication:
        """Everything that is still missing goes into bodies: one bad anchor makes GitHub refuse all comments."""
        comments = self.missing()
        pieces = [] if self._done.body else [self._text]
        pieces += [f"{code(f'{comment.path}:{comment.line}')}\n\n{comment.body}" for comment in comments]
        for page, body in enumerate(_packed(pieces, BODY_LIMIT - 200), self._done.posts + 1):
            self._submit_text(body, self._marker(page))
        detail = f"GitHub refused the comments' places, so all {len(comments)} stand in the text. {refusal.cause}"
        return Publication(CHANNEL, "posted", detail, _names(comments))

    def _submit_text(self, body: str, marker: str) -> None:
        """Post one body without comments, unless a lost answer turns out to have been a success."""

        def posted() -> Any:
            seen = look(self._client, self._number).reviews[len(self._before.reviews) :]
            return next((review for review in seen if review.get("body", "").endswith(marker)), None)

        sent = {"event": "COMMENT", "body": f"{body}\n\n{marker}"}
        self._client.create(self._path, _WHAT, sent, posted)

    def _after_look(self) -> str:
        """Look once more and withdraw what stands twice; what fails here takes nothing from what is posted."""
        try:
            withdrawn = withdraw_twin_threads(self._client, self._number, self._draft.head_sha)
            if withdrawn or not self._draft.comments:
                same = [one for one in look(self._client, self._number).reviews if self._is_same(one)]
                empty_twin_reviews(self._client, self._number, same)
        except ForgeError as failure:
            return f"whether another run posted the same could not be seen ({failure.what})"
        return f"{withdrawn} withdrawn that another run had posted at the same time" if withdrawn else ""

    def _outcome(self, note: str) -> Publication:
        done = self._done
        if not done.posts:
            return Publication(CHANNEL, "unchanged", "all of it stands on the pull request already")
        there = len(self._draft.comments) - done.sent
        notes = [number(done.sent, "comment")]
        if done.posts > 1:
            notes.append(f"in {done.posts} reviews")
        if there:
            notes.append(f"{there} stood there already")
        if note:
            notes.append(note)
        return Publication(CHANNEL, "posted", ", ".join(notes))


def _names(comments: Sequence[InlineComment]) -> frozenset[str]:
    return frozenset(comment.fingerprint for comment in comments)


def _comment(comment: InlineComment) -> dict[str, Any]:
    made: dict[str, Any] = {"path": comment.path, "body": comment.body, "line": comment.line, "side": comment.side}
    if comment.start_line is not None and comment.start_line != comment.line:
        made |= {"start_line": comment.start_line, "start_side": comment.side}
    return made


def _packed(pieces: Sequence[str], room: int) -> list[str]:
    """Pieces joined into as few texts as have room for them; a longer piece is cut in parts."""
    texts: list[str] = []
    for piece in pieces:
        for part in [piece[start : start + room] for start in range(0, len(piece), room)]:
            if texts and len(texts[-1]) + len(part) + 2 <= room:
                texts[-1] += f"\n\n{part}"
            else:
                texts.append(part)
    return texts
