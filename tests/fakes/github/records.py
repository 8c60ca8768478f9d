"""What people and programs leave behind: reviews, threads, comments, issues, check runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.fakes.github.anchors import Anchor


def now() -> str:
    """The time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Real ids left 32 bits behind long ago.
_ids: Iterator[int] = count(3_000_000_001)


def next_id() -> int:
    """A new id, unique in this process and rising."""
    return next(_ids)


@dataclass(slots=True)
class Review:
    """One review; `state` is PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED or DISMISSED."""

    user: str
    body: str
    state: str
    commit_id: str
    id: int = field(default_factory=next_id)
    submitted_at: str | None = None

    @property
    def node_id(self) -> str:
        return f"PRR_{self.id}"


@dataclass(slots=True, eq=False)
class Thread:
    """A review thread. Its lines follow the code across pushes until they are lost (`is_outdated`).

    `lost` marks a thread that GraphQL accepted outside the hunks: GitHub keeps it and shows it nowhere.
    """

    path: str
    anchor: Anchor
    original: Anchor
    commit_id: str
    original_commit_id: str
    subject_type: str = "line"
    diff_hunk: str = ""
    position: int | None = None
    original_position: int | None = None
    is_resolved: bool = False
    resolved_by: str | None = None
    is_outdated: bool = False
    lost: bool = False
    comments: list["Comment"] = field(default_factory=list)
    id: int = field(default_factory=next_id)

    @property
    def node_id(self) -> str:
        return f"PRRT_{self.id}"

    @property
    def line(self) -> int | None:
        return self.anchor.line

    @property
    def start_line(self) -> int | None:
        return self.anchor.start_line

    @property
    def side(self) -> str:
        return self.anchor.side

    @property
    def original_line(self) -> int | None:
        return self.original.line

    @property
    def is_posted(self) -> bool:
        return any(comment.is_posted for comment in self.comments)


@dataclass(slots=True, eq=False)
class Comment:
    """One inline comment; where it stands is its thread's."""

    user: str
    body: str
    thread: Thread
    review: Review
    in_reply_to: int | None = None
    minimized: str | None = None
    id: int = field(default_factory=next_id)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def node_id(self) -> str:
        return f"PRRC_{self.id}"

    @property
    def is_posted(self) -> bool:
        return self.review.state != "PENDING"

    @property
    def path(self) -> str:
        return self.thread.path

    @property
    def line(self) -> int | None:
        return self.thread.line

    @property
    def side(self) -> str:
        return self.thread.side

    @property
    def start_line(self) -> int | None:
        return self.thread.start_line

    @property
    def commit_id(self) -> str:
        return self.thread.commit_id


@dataclass(slots=True, eq=False)
class IssueComment:
    """A comment of the conversation, on an issue or a pull request."""

    user: str
    body: str
    number: int
    minimized: str | None = None
    id: int = field(default_factory=next_id)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def node_id(self) -> str:
        return f"IC_{self.id}"


@dataclass(slots=True, eq=False)
class Issue:
    """An issue; a pull request is one too, under the same number."""

    number: int
    title: str
    body: str | None
    user: str
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    is_pull: bool = False
    comments: list[IssueComment] = field(default_factory=list)
    id: int = field(default_factory=next_id)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(slots=True, eq=False)
class CheckRun:
    """A check run; `output` has title, summary and text, `annotations` are kept apart as they only grow."""

    name: str
    head_sha: str
    values: dict[str, Any]
    output: dict[str, Any] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    id: int = field(default_factory=next_id)
    started_at: str = field(default_factory=now)

    @property
    def status(self) -> str:
        return str(self.values.get("status", "queued"))

    @property
    def conclusion(self) -> str | None:
        return self.values.get("conclusion")
