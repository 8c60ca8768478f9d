"""Hunks of one file, read with unidiff behind a constant header.

unidiff guesses names, renames and modes from a diff's headers and is wrong on some legal ones (a path with ` b/` in it,
quoted names, pure renames). Here names always come from elsewhere (git's -z output, the forge's JSON), and unidiff sees
only hunks, one file at a time: a file that cannot be parsed is that file's problem alone.
"""

from dataclasses import dataclass, field

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from reviewer.core.change import Hunk, Line, Mark
from reviewer.errors import InputError

_HEADER = "--- a/f\n+++ b/f\n"
_MARKS: dict[str, Mark] = {"+": "+", "-": "-", " ": " "}

MAX_PATCH = 4_000_000
"""Bytes of one file's patch beyond which it is not read: far above what can be reviewed."""
MAX_LINES = 200_000
"""Lines of one file's patch beyond which it is not read: empty lines take a hundred times their size in memory."""
MAX_DIFF = 32_000_000
"""Bytes of all patches that are read, which bounds memory to some 200 MB; what no longer fits is not read either."""
MAX_DIFF_LINES = 1_000_000
"""The same in lines."""
MAX_FILES = 100_000
"""Files of one change: GitHub lists no more than 3,000, and a diff can name millions in a few megabytes."""
MAX_NAME = 4_096
"""Characters of a path: no file system takes a longer one."""


@dataclass(frozen=True, slots=True)
class Unparsed:
    """The hunks could not be read; `reason` is one plain sentence."""

    reason: str


@dataclass(slots=True)
class Room:
    """What is left of `MAX_DIFF` and `MAX_DIFF_LINES`, for all files of a diff together."""

    size: int = MAX_DIFF
    lines: int = MAX_DIFF_LINES


@dataclass(slots=True)
class PatchSize:
    """How much of one file's patch was seen, in bytes and lines, of what the whole diff's room allows."""

    room: Room
    size: int = 0
    lines: int = 0
    problem: str | None = None
    """Why it is too large, if it is; known when it is settled."""
    _limits: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._limits = (min(MAX_PATCH, self.room.size), min(MAX_LINES, self.room.lines))

    def takes(self, length: int) -> bool:
        """Count a line in; whether all up to here fits."""
        self.size += length
        self.lines += 1
        return self.size <= self._limits[0] and self.lines <= self._limits[1]

    def settle(self) -> None:
        """The file is at its end: what it keeps is taken from the room."""
        self.problem = self._refusal()
        if self.problem is None:
            self.room.size -= self.size
            self.room.lines -= self.lines

    def _refusal(self) -> str | None:
        if self.size > MAX_PATCH:
            return f"its patch has {self.size / 1e6:.1f} MB, more than {MAX_PATCH / 1e6:.0f} MB"
        if self.lines > MAX_LINES:
            return f"its patch has {self.lines:,} lines, more than {MAX_LINES:,}"
        if self.size > self.room.size:
            return f"its patch has {self.size / 1e6:.1f} MB, and the whole diff more than {MAX_DIFF / 1e6:.0f} MB"
        if self.lines > self.room.lines:
            return f"its patch has {self.lines:,} lines, and the whole diff more than {MAX_DIFF_LINES:,}"
        return None


def check_extent(files: int, path: str) -> None:
    """InputError for the `files`-th file of a change, or a path, that goes beyond what can be meant."""
    if files > MAX_FILES:
        raise InputError(
            f"The change has more than {MAX_FILES:,} files.",
            "It may be generated, or compare two unrelated histories.",
            "Review it in parts, or choose a nearer base.",
        )
    if len(path) > MAX_NAME:
        raise InputError(
            f"The change names a file with a path of {len(path):,} characters.",
            f"No file system takes more than {MAX_NAME:,}: it is damaged, or made to do harm.",
            "Look at where it comes from.",
        )


def parse_hunks(patch: str) -> tuple[Hunk, ...] | Unparsed:
    """Read the hunks of one file's patch, which starts with its first `@@` (empty: no hunks).

    Lines end at `\\n` alone: form feeds, lone carriage returns, U+2028 are text.
    """
    if not patch:
        return ()
    if not patch.startswith("@@ "):
        return Unparsed("its patch does not start with a hunk header")
    if not patch.endswith("\n"):
        patch += "\n"
    try:
        parsed = PatchSet(_HEADER + patch)
    except (UnidiffParseError, ValueError) as error:
        return Unparsed(f"its patch cannot be parsed ({str(error)[:120]})")
    if len(parsed) != 1:
        return Unparsed("its patch holds more than one file")
    # unidiff drops what follows the last hunk's own count without a word, or keeps it as a line without a number:
    # count, and trust no such patch.
    if patch.count("\n") != sum(1 + sum(line.line_type != "" for line in hunk) for hunk in parsed[0]):
        return Unparsed("its patch has lines that no hunk header accounts for")
    return tuple(
        Hunk(
            hunk.source_start,
            hunk.source_length,
            hunk.target_start,
            hunk.target_length,
            tuple(
                Line(_MARKS[line.line_type], line.source_line_no, line.target_line_no, line.value.removesuffix("\n"))
                for line in hunk
                if line.line_type in _MARKS
            ),
            (hunk.section_header or "").strip(),
        )
        for hunk in parsed[0]
    )


def count_changes(hunks: tuple[Hunk, ...]) -> tuple[int, int]:
    """Added and removed lines over all hunks."""
    added = sum(line.mark == "+" for hunk in hunks for line in hunk.lines)
    removed = sum(line.mark == "-" for hunk in hunks for line in hunk.lines)
    return added, removed


def join_hunks(gone: tuple[Hunk, ...], added: tuple[Hunk, ...]) -> tuple[Hunk, ...]:
    """A whole file out and a whole file in, which is how a change of type is written, as one hunk."""
    if not (gone and added):
        return gone or added
    old, new = gone[0], added[0]
    return (Hunk(old.old_start, old.old_count, new.new_start, new.new_count, old.lines + new.lines),)
