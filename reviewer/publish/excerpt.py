"""The code that a finding speaks of, taken from the change set: what a reader sees beside the text. Untrusted text."""

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.core.change import ChangedFile, ChangeSet, Line
from reviewer.core.finding import Anchor
from reviewer.core.view import content_lines


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of an excerpt: its number on the anchor's side, its mark, and whether the finding means it."""

    number: int | None
    mark: str
    text: str
    meant: bool


def excerpt(anchor: Anchor, changes: ChangeSet, context: int = 2, longest: int = 12) -> tuple[CodeLine, ...]:
    """The anchored lines with `context` lines on either side, at most `longest` lines; empty where none are known."""
    file = changes.file(anchor.path)
    lines = _surroundings(anchor, file) if file else ()
    marked = [position for position, line in enumerate(lines) if _meant(anchor, line)]
    if not marked:
        return ()
    first, last = max(0, marked[0] - context), min(len(lines), marked[-1] + context + 1)
    return tuple(
        CodeLine(_number(anchor, line), line.mark, line.text.removesuffix("\r"), _meant(anchor, line))
        for line in lines[first : min(last, first + longest)]
    )


def anchored_lines(anchor: Anchor, file: ChangedFile | None) -> tuple[str, ...]:
    """The texts of exactly the anchored lines where one hunk shows all of them, else nothing."""
    lines = _hunk_lines(anchor, file) if file else ()
    texts = tuple(line.text for line in lines if _meant(anchor, line))
    return texts if len(texts) == anchor.end_line - anchor.start_line + 1 else ()


def new_side(anchor: Anchor, changes: ChangeSet) -> tuple[int, int]:
    """The lines in the file as it is now; for deleted lines the one that stood before them, 1 where none is known."""
    if anchor.side == "RIGHT":
        start = max(1, anchor.start_line)
        return start, max(start, anchor.end_line)
    file = changes.file(anchor.path)
    before = 0
    for line in _hunk_lines(anchor, file) if file else ():
        if _meant(anchor, line):
            break
        before = line.new or before
    return max(1, before), max(1, before)


def _surroundings(anchor: Anchor, file: ChangedFile) -> Sequence[Line]:
    shown = _hunk_lines(anchor, file)
    if shown or anchor.side == "LEFT":
        return shown
    return [Line(" ", None, number, text) for number, text in enumerate(content_lines(file) or (), 1)]


def _hunk_lines(anchor: Anchor, file: ChangedFile) -> Sequence[Line]:
    for hunk in file.hunks:
        if any(_meant(anchor, line) for line in hunk.lines):
            return hunk.lines
    return ()


def _meant(anchor: Anchor, line: Line) -> bool:
    at = line.new if anchor.side == "RIGHT" else line.old
    return at is not None and anchor.start_line <= at <= anchor.end_line


def _number(anchor: Anchor, line: Line) -> int | None:
    return line.new if anchor.side == "RIGHT" else line.old
