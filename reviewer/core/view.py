"""How a file is shown to the model: lines with new-side numbers and marks, whole or around its hunks.

The format is the prompt format's `view`: columns 0-5 the number, column 7 the mark, from column 9 the text.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.tokens import CHARS_PER_TOKEN

_OVERHEAD = 13
"""Characters a line takes beside its text: number, mark, JSON quotes, comma, line end."""
LONGEST_LINE = 4_000
"""Characters of one line that are shown: one line must not fill a context."""


def render_line(line: Line) -> str:
    """One line of a view."""
    number = "" if line.new is None else line.new
    text = line.text
    if len(text) > LONGEST_LINE:
        text = f"{text[:LONGEST_LINE]}… ({len(text) - LONGEST_LINE:,} more characters)"
    return f"{number:>6} {line.mark} {text}"


def whole_file(file: ChangedFile) -> tuple[Line, ...] | None:
    """Every line of the new file with the removed lines in their places; None where content and hunks disagree."""
    content = content_lines(file)
    if content is None:
        return None
    lines: list[Line] = []
    at = 1
    offset = 0  # old number minus new number, between hunks
    for hunk in file.hunks:
        first = hunk.new_start if hunk.new_count else hunk.new_start + 1
        if first < at or first - 1 > len(content):
            return None
        lines.extend(Line(" ", number + offset, number, content[number - 1]) for number in range(at, first))
        if not agrees(hunk, content):
            return None
        lines.extend(hunk.lines)
        at = first + hunk.new_count
        offset += hunk.old_count - hunk.new_count
    lines.extend(Line(" ", number + offset, number, content[number - 1]) for number in range(at, len(content) + 1))
    return tuple(lines)


def least_tokens(file: ChangedFile) -> float:
    """What the whole file takes at the least, known without laying it out: a large one may come a thousand times."""
    return 0 if file.content is None else file.content.count("\n") * _OVERHEAD / CHARS_PER_TOKEN


def content_lines(file: ChangedFile) -> list[str] | None:
    """The new file's lines without line feeds, or None where its content is not at hand."""
    if file.content is None:
        return None
    lines = file.content.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def agrees(hunk: Hunk, content: Sequence[str]) -> bool:
    """Whether the new file's lines are what the hunk says of them."""
    return all(
        line.new is None or (line.new <= len(content) and content[line.new - 1] == line.text) for line in hunk.lines
    )


def around_hunks(file: ChangedFile, hunks: Sequence[Hunk], context: int) -> Iterator[Line | int]:
    """The given hunks, with up to `context` more unchanged lines on either side where the content is at hand.

    An int stands for that many lines not shown. Falls back to the hunks alone where content and hunks disagree.
    """
    whole = whole_file(file) if context else None
    if whole is None:
        yield from _bare(hunks)
        return
    # The whole file holds the hunks' own Line objects, so identity finds them, also for hunks cut in pieces.
    position_of = {id(line): position for position, line in enumerate(whole)}
    shown = [False] * len(whole)
    for hunk in hunks:
        start = position_of[id(hunk.lines[0])]
        for position in range(max(0, start - context), min(len(whole), start + len(hunk.lines) + context)):
            shown[position] = True
    hidden = 0
    for position, line in enumerate(whole):
        if shown[position]:
            if hidden:
                yield hidden
            hidden = 0
            yield line
        else:
            hidden += line.mark != "-"
    if hidden:
        yield hidden


def _bare(hunks: Sequence[Hunk]) -> Iterator[Line | int]:
    at = 1
    for hunk in hunks:
        first = hunk.new_start if hunk.new_count else hunk.new_start + 1
        if first > at:
            yield first - at
        yield from hunk.lines
        at = max(at, first + hunk.new_count)


def close_up(file: ChangedFile, wanted: Callable[[Line], bool], context: int) -> tuple[Hunk, ...]:
    """The wanted lines with up to `context` lines on either side, as hunks; of the hunks alone where the content is not
    at hand."""
    whole = whole_file(file)
    runs = file.hunks if whole is None else (Hunk(1, len(whole), 1, len(whole), whole),)
    return tuple(part for run in runs for part in _parts(run, _spread([wanted(line) for line in run.lines], context)))


def _spread(wanted: Sequence[bool], context: int) -> list[bool]:
    shown = [False] * len(wanted)
    end = 0
    for at in (at for at, is_wanted in enumerate(wanted) if is_wanted):
        start, end = max(end, at - context), min(len(wanted), at + context + 1)
        shown[start:end] = [True] * (end - start)
    return shown


def _parts(run: Hunk, shown: Sequence[bool]) -> Iterator[Hunk]:
    # The last numbers before the run: a side without lines starts there, as in any unified diff.
    old, new = run.old_start - bool(run.old_count), run.new_start - bool(run.new_count)
    for is_shown, group in groupby(zip(run.lines, shown, strict=True), key=lambda pair: pair[1]):
        lines = tuple(line for line, _ in group)
        olds = sum(line.old is not None for line in lines)
        news = sum(line.new is not None for line in lines)
        if is_shown:
            yield Hunk(old + bool(olds), olds, new + bool(news), news, lines)
        old, new = old + olds, new + news


def view_tokens(lines: Sequence[Line | int]) -> int:
    """Estimated tokens of a view, without building it."""
    characters = sum((_width(line.text) if isinstance(line, Line) else 40) + _OVERHEAD for line in lines)
    return int(characters / CHARS_PER_TOKEN) + 1


def _width(text: str) -> int:
    """Characters as `estimate_tokens` counts them: text outside ASCII takes more tokens."""
    text = text[:LONGEST_LINE]
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def render(lines: Sequence[Line | int]) -> list[str]:
    """The view's strings."""
    return [
        render_line(line) if isinstance(line, Line) else f"       ~ {line} unchanged lines are not shown"
        for line in lines
    ]


def cut_hunks(hunks: Sequence[Hunk], tokens: int) -> list[tuple[Hunk, ...]]:
    """Groups of hunks of at most about `tokens` each, cut at hunk borders; one larger hunk is cut at blank lines."""
    groups: list[tuple[Hunk, ...]] = []
    current: list[Hunk] = []
    size = 0
    for hunk in hunks:
        for piece in _split(hunk, tokens):
            weight = view_tokens(piece.lines)
            if current and size + weight > tokens:
                groups.append(tuple(current))
                current, size = [], 0
            current.append(piece)
            size += weight
    if current:
        groups.append(tuple(current))
    return groups


def _split(hunk: Hunk, tokens: int) -> Iterator[Hunk]:
    if view_tokens(hunk.lines) <= tokens:
        yield hunk
        return
    limit = tokens * CHARS_PER_TOKEN
    sizes = [0]
    for line in hunk.lines:
        sizes.append(sizes[-1] + _width(line.text) + _OVERHEAD)
    start = 0
    while start < len(hunk.lines):
        end = max(start + 1, bisect_right(sizes, sizes[start] + limit) - 1)
        end = min(end, len(hunk.lines))
        if end < len(hunk.lines):
            blank = (at for at in range(end, max(start + 1, end - 200), -1) if not hunk.lines[at - 1].text.strip())
            end = next(blank, end)
        yield _piece(hunk, start, end)
        start = end


def _piece(hunk: Hunk, start: int, end: int) -> Hunk:
    before, lines = hunk.lines[:start], hunk.lines[start:end]
    old = sum(line.old is not None for line in lines)
    new = sum(line.new is not None for line in lines)
    # A side without lines starts at the line before it, as in any unified diff.
    old_next = hunk.old_start + (not hunk.old_count) + sum(line.old is not None for line in before)
    new_next = hunk.new_start + (not hunk.new_count) + sum(line.new is not None for line in before)
    return Hunk(old_next - (not old), old, new_next - (not new), new, lines, hunk.section)
