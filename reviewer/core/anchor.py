"""Where a claim belongs: by its quote first, by its number second, and always a place that the forge accepts.

A comment may stand on any line that a hunk shows, and a range must stay within one hunk; one bad anchor makes GitHub
refuse the whole review. So every anchor is checked against the hunks here, and what has no place says so.
"""

from collections.abc import Sequence

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Side
from reviewer.core.finding import Anchor, Claim
from reviewer.core.quote import NEAR, Needle, Place, best_place, flat, needles_of
from reviewer.core.resolve import resolve_path
from reviewer.core.view import content_lines

_LAST = 9_999_999
"""No file has more lines; a claim may say any number."""


def anchor(claim: Claim, changes: ChangeSet, prefer: Sequence[str] = ()) -> Anchor:
    """The place of a claim. `prefer` names the paths that its pass saw: they win where a path alone is not enough."""
    start, end = sorted(min(max(number, 0), _LAST) for number in (claim.start_line, claim.end_line))
    needles = needles_of(claim.quote)
    resolved = resolve_path(claim.path, changes, prefer)
    if resolved.file:
        return _in_file(claim, needles, resolved.file, start, end)
    for guess in resolved.guesses:
        place = best_place(claim.quote, needles, guess, start)
        if place:
            return _ranged(guess.path, place, end - start)
    return Anchor("none", claim.path, start, end)


def _in_file(claim: Claim, needles: Sequence[Needle], file: ChangedFile, start: int, end: int) -> Anchor:
    place = best_place(claim.quote, needles, file, start)
    near = place is not None and place.near(start)
    if place and near and not place.partial:
        return _ranged(file.path, place, end - start)
    lines = content_lines(file) or []
    outside = _outside(needles, file, lines, start)
    if outside and (place is None or abs(outside - start) <= NEAR or (place.partial and not near)):
        return Anchor("file", file.path, outside, min(outside + end - start, len(lines)))
    if place:
        return _ranged(file.path, place, end - start)
    last = len(lines) or _LAST
    return _by_number(file, start, end) or Anchor("file", file.path, min(start, last), min(end, last))


def _ranged(path: str, place: Place, span: int) -> Anchor:
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


def _outside(needles: Sequence[Needle], file: ChangedFile, lines: Sequence[str], start: int) -> int:
    """The number of the line nearest to `start` that no hunk shows and that is the quote; 0 where there is none."""
    wanted = {needle.flat for needle in needles}
    words = dict.fromkeys(needle.word for needle in needles)
    hits = {number for word in words for number, text in enumerate(lines, 1) if word in text and flat(text) in wanted}
    for hunk in file.hunks if hits else ():
        hits.difference_update(range(hunk.new_start, hunk.new_end + 1))
    return min(hits, key=lambda number: (abs(number - start), number), default=0)


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
