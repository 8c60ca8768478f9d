"""Hunks of one file, read with unidiff behind a constant header.

unidiff guesses names, renames and modes from a diff's headers and is wrong on some legal ones (a path with ` b/` in it,
quoted names, pure renames). Here names always come from elsewhere (git's -z output, the forge's JSON), and unidiff sees
only hunks, one file at a time: a file that cannot be parsed is that file's problem alone.
"""

from dataclasses import dataclass

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from reviewer.core.change import Hunk, Line, Mark

_HEADER = "--- a/f\n+++ b/f\n"
_MARKS: dict[str, Mark] = {"+": "+", "-": "-", " ": " "}


@dataclass(frozen=True, slots=True)
class Unparsed:
    """The hunks could not be read; `reason` is one plain sentence."""

    reason: str


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
