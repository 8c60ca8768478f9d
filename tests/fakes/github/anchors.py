"""Where a review comment may stand: GitHub's rules for lines, sides and ranges, and the words of its refusals.

A RIGHT line is an added or a context line by its new number, a LEFT line a removed or a context line by its
old number. Both ends of a range lie in one hunk, the start before the end.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a thread stands. `line` None means the whole file, or a thread that lost its line."""

    side: str
    line: int | None
    start_side: str | None = None
    start_line: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line shown in a patch. `position` counts from the first hunk header, as the API's `position` does."""

    hunk: int
    position: int
    old: int | None
    new: int | None

    def number(self, side: str) -> int | None:
        """The line's number on one side, None if it is not on that side."""
        return self.new if side == "RIGHT" else self.old


class Problem(Enum):
    """Why an anchor is refused: the field, the sentence of the reviews endpoint, the words after the field."""

    LINE = ("line", "line must be part of the diff", "must be part of the diff")
    START = (
        "start_line",
        "start line must be part of the same hunk as the line.",
        "must be part of the same hunk as the line.",
    )
    ORDER = ("start_line", "start line must precede the end line.", "must precede the end line.")


def rows(patch: str | None) -> tuple[Row, ...]:
    """Every line that the patch shows."""
    shown, hunk, old, new = [], -1, 0, 0
    for position, line in enumerate((patch or "").split("\n")):
        if header := HEADER.match(line):
            hunk, old, new = hunk + 1, int(header[1]), int(header[3])
            continue
        match line[:1]:
            case "+":
                shown.append(Row(hunk, position, None, new))
                new += 1
            case "-":
                shown.append(Row(hunk, position, old, None))
                old += 1
            case " ":
                shown.append(Row(hunk, position, old, new))
                old, new = old + 1, new + 1
    return tuple(shown)


def find(shown: tuple[Row, ...], side: str, line: int | None) -> Row | None:
    """The shown line with this number on this side."""
    return None if line is None else next((row for row in shown if row.number(side) == line), None)


def at_position(shown: tuple[Row, ...], position: int) -> Anchor | None:
    """The anchor that the deprecated `position` means."""
    row = next((row for row in shown if row.position == position), None)
    if row is None:
        return None
    return Anchor("LEFT", row.old) if row.new is None else Anchor("RIGHT", row.new)


def problems(patch: str | None, anchor: Anchor) -> tuple[Problem, ...]:
    """Everything that is wrong with an anchor, nothing if GitHub takes it."""
    shown = rows(patch)
    end = find(shown, anchor.side, anchor.line)
    if end is None:
        return (Problem.LINE,) if anchor.start_line is None else (Problem.LINE, Problem.START)
    if anchor.start_line is None:
        return ()
    start_side = anchor.start_side or anchor.side
    if start_side == anchor.side and anchor.line is not None and anchor.start_line >= anchor.line:
        return (Problem.ORDER,)
    start = find(shown, start_side, anchor.start_line)
    if start is None or start.hunk != end.hunk:
        return (Problem.START,)
    return () if start.position < end.position else (Problem.ORDER,)


def review_sentence(found: tuple[Problem, ...]) -> str:
    """The problems of one comment as the reviews endpoint joins them."""
    parts = [f"Pull request review thread {problem.value[1]}" for problem in found]
    if Problem.LINE in found:
        parts.append("Pull request review thread diff hunk can't be blank")
    if len(parts) < 3:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + f", and {parts[-1]}"


def comment_errors(found: tuple[Problem, ...]) -> list[dict[str, Any]]:
    """The problems as the endpoint for single comments lists them."""
    errors = []
    for problem in found:
        field = f"pull_request_review_thread.{problem.value[0]}"
        errors.append(_error("custom", field) | {"message": f"{field} {problem.value[2]}"})
    if Problem.LINE in found:
        errors.append(_error("missing_field", "pull_request_review_thread.diff_hunk"))
    return errors


def path_errors() -> list[dict[str, Any]]:
    """A path outside the diff, as the endpoint for single comments says it."""
    return [
        _error("invalid", "pull_request_review_thread.path"),
        _error("missing_field", "pull_request_review_thread.diff_hunk"),
    ]


def _error(code: str, field: str) -> dict[str, Any]:
    return {"resource": "PullRequestReviewComment", "code": code, "field": field}


def diff_hunk(patch: str | None, row: Row | None) -> str:
    """The hunk down to the commented line, as comments carry it."""
    if patch is None or row is None:
        return ""
    lines = patch.split("\n")[: row.position + 1]
    start = max(at for at, line in enumerate(lines) if HEADER.match(line))
    return "\n".join(lines[start:])


def moved(shift: str, line: int | None) -> int | None:
    """Where a line of the old version stands in the new one; None if it was changed or removed."""
    if line is None:
        return None
    offset = 0
    for text in shift.split("\n"):
        header = HEADER.match(text)
        if header is None:
            continue
        old, removed, added = int(header[1]), int(header[2] or 1), int(header[4] or 1)
        if old <= line < old + removed:
            return None
        # Without removed lines, `old` is the line after which the new ones stand.
        if line >= old + max(removed, 1):
            offset += added - removed
    return line + offset
