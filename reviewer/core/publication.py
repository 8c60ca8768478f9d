"""What is to be published on the forge, and what came of each channel."""

from dataclasses import dataclass
from typing import Literal

from reviewer.core.change import Side


@dataclass(frozen=True, slots=True)
class InlineComment:
    """One comment on lines of the diff; `start_line` is None for a single line. `body` carries its hidden marker."""

    path: str
    line: int
    side: Side
    start_line: int | None
    body: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """One review: its body and its inline comments, worst first, for the head commit that was reviewed."""

    head_sha: str
    body: str
    comments: tuple[InlineComment, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing to say."""
        return not self.body and not self.comments


@dataclass(frozen=True, slots=True)
class Thread:
    """A review thread of Reviewer's own on the pull request, as the forge shows it now.

    `answered` says that someone else wrote in it. `resolved_by_person` is a resolution that settles the finding; one by
    the pull request's author who may not write to the repository (`resolved_by_outsider`) does not.
    """

    id: str
    fingerprint: str
    head_sha: str
    path: str
    line: int | None
    resolved: bool
    resolved_by_person: bool
    answered: bool
    dismissed: bool = False
    resolved_by_outsider: bool = False
    title: str = ""

    @property
    def closed(self) -> bool:
        """Whether it is out of sight: what it tells may have to be told anew."""
        return self.resolved or self.dismissed


@dataclass(frozen=True, slots=True)
class Publication:
    """One channel's outcome. `failed` of a channel that was due makes the verdict incomplete (cause `posting`).

    `unplaced`: of a review, the fingerprints of inline comments that do not stand on their lines.
    """

    channel: str
    outcome: Literal["posted", "updated", "unchanged", "skipped", "failed"]
    detail: str = ""
    unplaced: frozenset[str] = frozenset()
