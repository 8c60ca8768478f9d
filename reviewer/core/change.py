"""What changed: the change set that a review is about. Fetched once, immutable, serialisable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Status = Literal["added", "modified", "removed", "renamed", "copied", "changed"]
Mark = Literal["+", "-", " "]
Side = Literal["RIGHT", "LEFT"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk: `old` and `new` are 1-based numbers, None on the side where the line is not.

    `text` has no line feed; a carriage return before it stays, since it is part of the file.
    """

    mark: Mark
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with the context that git shows around them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[Line, ...]
    section: str = ""

    @property
    def new_end(self) -> int:
        """The last new-side line that the hunk shows; one before the start when it shows none."""
        return self.new_start + self.new_count - 1

    @property
    def old_end(self) -> int:
        """The last old-side line that the hunk shows."""
        return self.old_start + self.old_count - 1


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change set. `unreadable` holds the reason why its hunks could not be had, or None.

    `content` is the whole new text, where it was to be had and is no larger than the reader's limit. `commentable` is
    False where the forge shows no diff of the file, so that it takes no comment on its lines either.
    """

    path: str
    status: Status
    old_path: str | None = None
    hunks: tuple[Hunk, ...] = ()
    additions: int = 0
    deletions: int = 0
    binary: bool = False
    symlink: bool = False
    submodule: bool = False
    generated: bool = False
    vendored: bool = False
    unreadable: str | None = None
    content: str | None = None
    commentable: bool = True

    def lines(self) -> Iterator[Line]:
        """Every line of every hunk, in order."""
        for hunk in self.hunks:
            yield from hunk.lines


@dataclass(frozen=True)
class ChangeSet:
    """A change under review.

    `changed_files` is the number as the forge counts it, before any filter: it decides the strategy (rule 3). It may
    be larger than `len(files)` when the forge does not list them all; `missing` says why.
    `guidelines` maps names of the base commit's guideline files to their texts (rule 8). `commits` are the messages of
    the change's commits, as far as they came with it.
    """

    repository: str
    base_sha: str
    head_sha: str
    files: tuple[ChangedFile, ...]
    number: int | None = None
    title: str = ""
    body: str = ""
    changed_files: int = 0
    missing: str = ""
    guidelines: Mapping[str, str] = field(default_factory=dict)
    commits: tuple[str, ...] = ()

    def file(self, path: str) -> ChangedFile | None:
        """The file with this new path, or None."""
        return self._by_path.get(path)

    @cached_property
    def _by_path(self) -> Mapping[str, ChangedFile]:
        return {file.path: file for file in reversed(self.files)}
