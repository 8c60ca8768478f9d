"""What a quote may mean: the ways to read it, and the lines of a file's hunks that it fits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewer.core.change import ChangedFile, Hunk, Line, Side

_VIEW_PREFIX = re.compile(r"^\s{0,6}\d{0,7} [+\- ] ")
_DIFF_PREFIX = re.compile(r"^[+\-]\s?")
_WORD = re.compile(r"\w+")
_SHORTENED = re.compile(r"\s*(?:\.\.\.|…)(?: \([\d,]+ more characters\))?$")
_LEFT_OUT = re.compile(r"\s*(?:\.{3}|…)\s*")
_MIN_PART = 6
"""A quote that is only part of a line must be this long to count as found there."""
NEAR = 3
"""Lines by which a model's number is commonly wrong: within them, which of several equal lines is meant is sure."""

_EXACT, _SPACED, _CLOSED, _PART = range(4)


def flat(text: str) -> str:
    """The text with every run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def _closed(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())


@dataclass(frozen=True, slots=True)
class Needle:
    """One reading of a quote: its first line that is not blank; `word` is in every line that holds it.

    `pieces` is what stands, in this order, between the places where something was left out; one where nothing was.
    """

    text: str
    flat: str
    word: str
    closed: str
    pieces: tuple[str, ...]

    def within(self, flattened: str) -> bool:
        """Whether a line holds it, or all of its pieces."""
        at = 0
        for piece in self.pieces:
            at = flattened.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return max(map(len, self.pieces)) >= _MIN_PART


@dataclass(frozen=True, slots=True)
class Place:
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
        """The side it is on."""
        return "LEFT" if self.line.mark == "-" else "RIGHT"

    @property
    def number(self) -> int:
        """Its number on that side."""
        return (self.line.new if self.side == "RIGHT" else self.line.old) or 0

    @property
    def partial(self) -> bool:
        """Whether quote and line are not the same, but one holds the other, or they differ in where spaces stand."""
        return self.quality > _SPACED

    def near(self, start: int) -> bool:
        """Whether a model may have meant it by this number."""
        return abs(self.at - start) <= NEAR

    def rank(self, start: int) -> tuple[int, ...]:
        """Lower is better: how it reads, whether the number says so, then what the new file has before the old."""
        reads = (max(self.quality, _SPACED), self.reading > 0, not self.whole)
        stands = (not self.near(start), self.side == "LEFT", self.quality, abs(self.at - start), self.line.mark != "+")
        return (*reads, *stands, self.at, self.number)


def needles_of(quote: str) -> list[Needle]:
    """What to look for: the first line that is not blank, as given and without what is often copied along with it."""
    first = next((line for line in quote.split("\n") if line.strip()), "").removesuffix("\r")
    readings = [first, _VIEW_PREFIX.sub("", first), _DIFF_PREFIX.sub("", first)]
    readings.append(_SHORTENED.sub("", readings[1]).strip().strip("`"))
    found = [_needle(text, (flat(text),)) for text in dict.fromkeys(readings) if text.strip()]
    pieces = tuple(flat(piece) for piece in _LEFT_OUT.split(readings[-1]) if piece.strip())
    if pieces and pieces != (flat(readings[-1]),):
        found.append(_needle(max(pieces, key=len), pieces))
    return found


def _needle(text: str, pieces: tuple[str, ...]) -> Needle:
    word = max(_WORD.findall(text) or text.split(), key=len)
    return Needle(text, flat(text), word, _closed(text), pieces)


def best_place(quote: str, needles: Sequence[Needle], file: ChangedFile, start: int) -> Place | None:
    """The line of the file's hunks that fits best, for a quote that is said to stand at `start`."""
    rest = [flat(line) for line in quote.strip().split("\n")[1:]]
    for lookup in (_holding, _held):
        places = [place for hunk in file.hunks for place in _places(hunk, needles, rest, lookup(hunk, needles))]
        if places:
            return min(places, key=lambda place: place.rank(start))
    return None


def _places(hunk: Hunk, needles: Sequence[Needle], rest: Sequence[str], hits: Sequence[int]) -> Iterator[Place]:
    at = _new_numbers(hunk) if any(hunk.lines[index].mark == "-" for index in hits) else ()
    for index in hits:
        line = hunk.lines[index]
        found = _quality(line.text, needles)
        if found:
            yield Place(line, hunk, *found, _goes_on(hunk, index, rest), at[index] if at else line.new or 0)


def _holding(hunk: Hunk, needles: Sequence[Needle]) -> list[int]:
    """Positions of the lines that may hold a needle. Hunks can be very long: this looks at each line only once."""
    words = dict.fromkeys(needle.word for needle in needles)
    return sorted({index for word in words for index, line in enumerate(hunk.lines) if word in line.text})


def _held(hunk: Hunk, needles: Sequence[Needle]) -> list[int]:
    """Positions of the lines that a needle holds."""
    longest = max((needle.text for needle in needles), key=len, default="")
    if len(longest) < 2 * _MIN_PART:
        return []
    return [index for index, line in enumerate(hunk.lines) if line.text.strip() in longest]


def _new_numbers(hunk: Hunk) -> list[int]:
    """For each line its number in the new file, for a removed one the next line's. Of a file that is gone, no line has
    a place in the new one: the old numbers are all there is."""
    if hunk.new_start == 0:
        return [line.old or 0 for line in hunk.lines]
    following = hunk.new_start if hunk.new_count else hunk.new_start + 1
    numbers = []
    for line in hunk.lines:
        numbers.append(line.new or following)
        following = line.new + 1 if line.new else following
    return numbers


def _quality(text: str, needles: Sequence[Needle]) -> tuple[int, int] | None:
    """How well the text fits, and which needle: the first that is all of the line, else the first that is a part."""
    flattened = flat(text)
    for reading, needle in enumerate(needles):
        if flattened == needle.flat:
            return (_EXACT if text.removesuffix("\r") == needle.text else _SPACED), reading
    closed = _closed(text)
    for reading, needle in enumerate(needles):
        if closed == needle.closed:
            return _CLOSED, reading
    for reading, needle in enumerate(needles):
        if needle.within(flattened) or (len(flattened) >= 2 * _MIN_PART and flattened in needle.flat):
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
