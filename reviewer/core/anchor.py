"""Where a claim belongs: by its quote first, by its number second, and always a place that the forge accepts.

A comment may stand on any line that a hunk shows, and a range must stay within one hunk; one bad anchor makes GitHub
refuse the whole review. So every anchor is checked against the hunks here, and what has no place says so.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line, Side
from reviewer.core.finding import Anchor, Claim
from reviewer.core.view import content_lines

_VIEW_PREFIX = re.compile(r"^\s{0,5}\d{0,6} [+\- ] ")
_DIFF_PREFIX = re.compile(r"^[+\-]\s?")
_SPACES = re.compile(r"\s+")
_MIN_PART = 6
"""A quote that is only part of a line must be this long to count as found there."""

_EXACT, _SPACED, _PART = range(3)


@dataclass(frozen=True, slots=True)
class _Place:
    """A line that may be meant, and how well it fits: lower is better."""

    line: Line
    hunk: Hunk
    quality: int
    side: Side

    @property
    def number(self) -> int:
        return (self.line.new if self.side == "RIGHT" else self.line.old) or 0


def resolve_path(path: str, known: Iterable[ChangedFile]) -> ChangedFile | None:
    """The changed file a model's path means: exact, without `./`, `a/`, `b/`, `/`, by old path, by unique tail."""
    files = tuple(known)
    spellings = dict.fromkeys(_spellings(path))
    for spelling in spellings:
        for file in files:
            if file.path == spelling:
                return file
    for spelling in spellings:
        for file in files:
            if file.old_path == spelling or file.path.lower() == spelling.lower():
                return file
    for spelling in spellings:
        tails = [file for file in files if _same_tail(file.path, spelling)]
        if spelling and len(tails) == 1:
            return tails[0]
    return None


def _spellings(path: str) -> Iterable[str]:
    yield path
    cleaned = path.strip().strip("`'\"").replace("\\", "/")
    yield cleaned
    while cleaned.startswith(("./", "/", "../")):
        cleaned = cleaned.partition("/")[2]
    yield cleaned
    if cleaned[:2] in ("a/", "b/"):
        yield cleaned[2:]
        yield from (rest for rest in (cleaned[2:].removeprefix("./"), cleaned[2:].lstrip("/")))
    yield re.sub(r"(?::\d+)+$|#L\d+(?:-L?\d+)?$", "", cleaned)


def _same_tail(path: str, spelling: str) -> bool:
    return path.endswith("/" + spelling) or spelling.endswith("/" + path)


def anchor(claim: Claim, changes: ChangeSet, prefer: Sequence[str] = ()) -> Anchor:
    """The place of a claim. `prefer` names the paths that its pass saw: they win where a path alone is not enough."""
    seen = [file for file in changes.files if file.path in prefer]
    file = changes.file(claim.path) or resolve_path(claim.path, changes.files)
    if file is None and len(seen) == 1:
        file = seen[0] if _best(claim, seen[0]) else None
    start, end = sorted((claim.start_line, claim.end_line))
    if file is None:
        return Anchor("none", claim.path, max(start, 0), max(end, 0))
    place = _best(claim, file)
    if place:
        return _ranged(file.path, place, end - start, "line")
    if not _needles(claim.quote) or not _stands_outside(claim, file):
        by_number = _by_number(file, start, end)
        if by_number:
            return by_number
    return _in_file(claim, file, start, end)


def _needles(quote: str) -> list[str]:
    """What to look for: the quote's first line that is not blank, as given and without a copied number or mark."""
    first = next((line for line in quote.split("\n") if line.strip()), "").removesuffix("\r")
    found = [first, _VIEW_PREFIX.sub("", first), _DIFF_PREFIX.sub("", first)]
    return [needle for needle in dict.fromkeys(found) if needle.strip()]


def _best(claim: Claim, file: ChangedFile) -> _Place | None:
    start = min(claim.start_line, claim.end_line)
    for needle in _needles(claim.quote):
        places = [place for hunk in file.hunks for line in hunk.lines for place in _match(line, hunk, needle)]
        if places:
            return min(places, key=lambda place: (place.quality, _distance(place, start), place.number))
    return None


def _match(line: Line, hunk: Hunk, needle: str) -> Iterable[_Place]:
    text = line.text
    if text == needle or text.removesuffix("\r") == needle:
        quality = _EXACT
    elif (flat := _flat(text)) == (wanted := _flat(needle)):
        quality = _SPACED
    elif (len(wanted) >= _MIN_PART and wanted in flat) or (len(flat) >= 2 * _MIN_PART and flat in wanted):
        quality = _PART
    else:
        return
    yield _Place(line, hunk, quality, "LEFT" if line.mark == "-" else "RIGHT")


def _flat(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _distance(place: _Place, start: int) -> int:
    """Lines between the place and the claim's number; what did not change must be clearly nearer to win."""
    distance = abs(place.number - start)
    if distance == 0 and place.side == "RIGHT":
        return 0
    return distance + {"+": 0, " ": 4, "-": 6}[place.line.mark]


def _ranged(path: str, place: _Place, span: int, kind: str) -> Anchor:
    last = place.hunk.new_end if place.side == "RIGHT" else place.hunk.old_end
    start = place.number
    return Anchor("line" if kind == "line" else "hunk", path, start, max(start, min(start + span, last)), place.side)


def _by_number(file: ChangedFile, start: int, end: int) -> Anchor | None:
    """Placed by number alone: the part of `start..end` that one hunk shows."""
    for hunk in file.hunks:
        first, last = max(start, hunk.new_start), min(end, hunk.new_end)
        if hunk.new_count and first <= last:
            return Anchor("hunk", file.path, first, last)
    if all(not hunk.new_count for hunk in file.hunks):
        for hunk in file.hunks:
            first, last = max(start, hunk.old_start), min(end, hunk.old_end)
            if first <= last:
                return Anchor("hunk", file.path, first, last, "LEFT")
    return None


def _stands_outside(claim: Claim, file: ChangedFile) -> bool:
    """Whether the quote stands in the file, on a line that no hunk shows."""
    wanted = [_flat(needle) for needle in _needles(claim.quote)]
    return any(_flat(line) in wanted for line in content_lines(file) or ())


def _in_file(claim: Claim, file: ChangedFile, start: int, end: int) -> Anchor:
    """No hunk shows it: the file, with the true line where the quote is found outside the hunks."""
    lines = content_lines(file) or []
    wanted = [_flat(needle) for needle in _needles(claim.quote)]
    hits = [number for number, line in enumerate(lines, 1) if _flat(line) in wanted]
    if hits:
        at = min(hits, key=lambda number: abs(number - start))
        return Anchor("file", file.path, at, min(at + end - start, len(lines)))
    return Anchor("file", file.path, max(start, 0), max(end, 0))


def anchored_text(found: Anchor, file: ChangedFile | None) -> str | None:
    """The text of the anchor's first line, or None where the change does not show it."""
    if file is None:
        return None
    for line in file.lines():
        if (line.new if found.side == "RIGHT" else line.old) == found.start_line and (
            (found.side == "LEFT") == (line.mark == "-") or line.mark == " "
        ):
            return line.text
    lines = content_lines(file) if found.side == "RIGHT" else None
    return lines[found.start_line - 1] if lines and 0 < found.start_line <= len(lines) else None


def valid_anchor(found: Anchor, file: ChangedFile) -> bool:
    """Whether the forge takes a comment there: both ends shown by the same hunk, on the side named."""
    for hunk in file.hunks:
        if found.side == "RIGHT":
            numbers = {line.new for line in hunk.lines if line.new is not None}
        else:
            numbers = {line.old for line in hunk.lines if line.old is not None}
        if {found.start_line, found.end_line} <= numbers:
            return found.start_line <= found.end_line
    return False
