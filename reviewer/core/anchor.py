"""Where a claim belongs: by its quote first, by its number second, and always a place that the forge accepts.

A comment may stand on any line that a hunk shows, and a range must stay within one hunk; one bad anchor makes GitHub
refuse the whole review. So every anchor is checked against the hunks here, and what has no place says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line, Side
from reviewer.core.finding import Anchor, Claim
from reviewer.core.resolve import resolve_path
from reviewer.core.view import content_lines

_VIEW_PREFIX = re.compile(r"^\s{0,6}\d{0,7} [+\- ] ")
_DIFF_PREFIX = re.compile(r"^[+\-]\s?")
_WORD = re.compile(r"\w+")
_SHORTENED = re.compile(r"\s*(?:\.\.\.|…)$")
_MIN_PART = 6
"""A quote that is only part of a line must be this long to count as found there."""
_NEAR = 3
"""Lines by which a model's number is commonly wrong: within them, which of several equal lines is meant is sure."""
_LAST = 9_999_999

_EXACT, _SPACED, _PART = range(3)


def flat(text: str) -> str:
    """The text with every run of white space as one space, and none at its ends."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class _Needle:
    """One reading of a quote: its first line that is not blank; `word` is in every line that holds it."""

    text: str
    flat: str
    word: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A line that may be meant. `at` is where it stands in the new file: for a removed line, the next line's number.

    `reading` is the index of the needle that fits, `whole` whether all of a quote of several lines does.
    """

    line: Line
    hunk: Hunk
    quality: int
    reading: int
    whole: bool
    at: int

    @property
    def side(self) -> Side:
        return "LEFT" if self.line.mark == "-" else "RIGHT"

    @property
    def number(self) -> int:
        return (self.line.new if self.side == "RIGHT" else self.line.old) or 0

    def rank(self, start: int) -> tuple[int, ...]:
        """Lower is better: how it reads, whether the number says so, then what the change adds before the rest."""
        distance = abs(self.at - start)
        reads = (self.quality == _PART, self.reading > 0, not self.whole)
        stands = (distance > _NEAR, self.side == "LEFT", self.quality, distance, self.line.mark != "+")
        return (*reads, *stands, self.at, self.number)


def anchor(claim: Claim, changes: ChangeSet, prefer: Sequence[str] = ()) -> Anchor:
    """The place of a claim. `prefer` names the paths that its pass saw: they win where a path alone is not enough."""
    start, end = sorted(min(max(number, 0), _LAST) for number in (claim.start_line, claim.end_line))
    needles = _needles(claim.quote)
    resolved = resolve_path(claim.path, changes, prefer)
    if resolved.file:
        return _in_file(claim, needles, resolved.file, start, end)
    for guess in resolved.guesses:
        place = _best(claim, needles, guess, start)
        if place:
            return _ranged(guess.path, place, end - start)
    return Anchor("none", claim.path, start, end)


def _in_file(claim: Claim, needles: Sequence[_Needle], file: ChangedFile, start: int, end: int) -> Anchor:
    place = _best(claim, needles, file, start)
    near = place is not None and abs(place.at - start) <= _NEAR
    if place and near and place.quality != _PART:
        return _ranged(file.path, place, end - start)
    lines = content_lines(file) or []
    outside = _outside(needles, file, lines, start)
    if outside and (place is None or abs(outside - start) <= _NEAR or (place.quality == _PART and not near)):
        return Anchor("file", file.path, outside, min(outside + end - start, len(lines)))
    if place:
        return _ranged(file.path, place, end - start)
    last = len(lines) or _LAST
    return _by_number(file, start, end) or Anchor("file", file.path, min(start, last), min(end, last))


def _needles(quote: str) -> list[_Needle]:
    """What to look for: the first line that is not blank, as given and without what is often copied along with it."""
    first = next((line for line in quote.split("\n") if line.strip()), "").removesuffix("\r")
    readings = [first, _VIEW_PREFIX.sub("", first), _DIFF_PREFIX.sub("", first)]
    readings.append(_SHORTENED.sub("", readings[1]).strip().strip("`"))
    found = []
    for text in dict.fromkeys(readings):
        if text.strip():
            word = max(_WORD.findall(text) or text.split(), key=len)
            found.append(_Needle(text, flat(text), word))
    return found


def _best(claim: Claim, needles: Sequence[_Needle], file: ChangedFile, start: int) -> _Place | None:
    rest = [flat(line) for line in claim.quote.strip().split("\n")[1:]]
    places = [place for hunk in file.hunks for place in _matches(hunk, needles, rest)]
    return min(places, key=lambda place: place.rank(start), default=None)


def _matches(hunk: Hunk, needles: Sequence[_Needle], rest: Sequence[str]) -> Iterator[_Place]:
    words = tuple({needle.word for needle in needles})
    longest = max((needle.text for needle in needles), key=len, default="")
    following = hunk.new_start if hunk.new_count else hunk.new_start + 1
    for index, line in enumerate(hunk.lines):
        text = line.text
        at, following = (line.new, line.new + 1) if line.new else (following, following)
        # Most lines are told apart by one look for a word; this runs over every line of a hunk, however long it is.
        if not any(word in text for word in words) and (len(text) < 2 * _MIN_PART or text.strip() not in longest):
            continue
        found = _quality(text, needles)
        if found:
            # Of a file that is gone, no line has a place in the new one: the old numbers are all there is.
            at = at if hunk.new_start else line.old or 0
            yield _Place(line, hunk, *found, _goes_on(hunk, index, rest), at)


def _quality(text: str, needles: Sequence[_Needle]) -> tuple[int, int] | None:
    """How well the text fits, and which needle: the first that is all of the line, else the first that is a part."""
    flattened = flat(text)
    for reading, needle in enumerate(needles):
        if flattened == needle.flat:
            return (_EXACT if text.removesuffix("\r") == needle.text else _SPACED), reading
    for reading, needle in enumerate(needles):
        inside = len(needle.flat) >= _MIN_PART and needle.flat in flattened
        if inside or (len(flattened) >= 2 * _MIN_PART and flattened in needle.flat):
            return _PART, reading
    return None


def _goes_on(hunk: Hunk, index: int, rest: Sequence[str]) -> bool:
    """Whether the lines after this one are the rest of the quote, on the line's own side."""
    if not rest:
        return True
    other = "+" if hunk.lines[index].mark == "-" else "-"
    for wanted in rest:
        index += 1
        while index < len(hunk.lines) and hunk.lines[index].mark == other:
            index += 1
        text = flat(hunk.lines[index].text) if index < len(hunk.lines) else None
        if text != wanted and (not text or text not in wanted):
            return False
    return True


def _ranged(path: str, place: _Place, span: int) -> Anchor:
    last = place.hunk.new_end if place.side == "RIGHT" else place.hunk.old_end
    return Anchor("line", path, place.number, max(place.number, min(place.number + span, last)), place.side)


def _by_number(file: ChangedFile, start: int, end: int) -> Anchor | None:
    """Placed by number alone: the part of `start..end` that one hunk shows."""
    side: Side = "RIGHT" if any(hunk.new_count for hunk in file.hunks) else "LEFT"
    for hunk in file.hunks:
        first, last = _shown(hunk, side)
        if max(start, first) <= min(end, last):
            return Anchor("hunk", file.path, max(start, first), min(end, last), side)
    return None


def _shown(hunk: Hunk, side: Side) -> tuple[int, int]:
    return (hunk.new_start, hunk.new_end) if side == "RIGHT" else (hunk.old_start, hunk.old_end)


def _outside(needles: Sequence[_Needle], file: ChangedFile, lines: Sequence[str], start: int) -> int:
    """The number of the line nearest to `start` that no hunk shows and that is the quote; 0 where there is none."""
    wanted = {needle.flat for needle in needles}
    words = tuple({needle.word for needle in needles})
    hits = [
        number for number, text in enumerate(lines, 1) if any(word in text for word in words) and flat(text) in wanted
    ]
    shown = [_shown(hunk, "RIGHT") for hunk in file.hunks]
    hidden = [number for number in hits if not any(first <= number <= last for first, last in shown)]
    return min(hidden, key=lambda number: abs(number - start), default=0)


def anchored_text(found: Anchor, file: ChangedFile | None) -> str | None:
    """The text of the anchor's first line, or None where neither the change nor the new content shows it."""
    if file is None:
        return None
    for hunk in file.hunks:
        first, last = _shown(hunk, found.side)
        if first <= found.start_line <= last:
            numbered = ((line.new if found.side == "RIGHT" else line.old, line.text) for line in hunk.lines)
            return next((text for number, text in numbered if number == found.start_line), None)
    lines = content_lines(file) if found.side == "RIGHT" else None
    return lines[found.start_line - 1] if lines and 0 < found.start_line <= len(lines) else None


def valid_anchor(found: Anchor, file: ChangedFile) -> bool:
    """Whether the forge takes a comment there: both ends shown by the same hunk, on the side named."""
    for hunk in file.hunks:
        first, last = _shown(hunk, found.side)
        if first <= found.start_line <= found.end_line <= last:
            return True
    return False
