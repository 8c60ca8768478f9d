"""Hunks from two whole texts, for files whose diff the forge does not show."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from reviewer.core.change import Hunk, Line

CONTEXT = 3
MAX_LINES = 3_000
"""Lines of both sides between the first and the last difference: with more, difflib may take seconds for one file."""

_Block = tuple[str, int, int, int, int]


def compare(old: str, new: str) -> tuple[Hunk, ...] | None:
    """The hunks of the unified diff from `old` to `new`, with three lines of context; None if too much differs."""
    before, after = _lines(old), _lines(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    middle_old, middle_new = before[head : len(before) - tail], after[head : len(after) - tail]
    if middle_old and middle_new and len(middle_old) + len(middle_new) > MAX_LINES:
        return None
    blocks: list[_Block] = [("equal", 0, head, 0, head)] if head else []
    # With its heuristic for frequent lines: without, blank lines between changed ones take minutes.
    matcher = SequenceMatcher(None, middle_old, middle_new)
    blocks += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes()]
    if tail:
        blocks.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return tuple(_hunk(group, before, after) for group in _groups(blocks))


def _lines(content: str) -> list[str]:
    """Lines with their line feeds: a last line without one differs from the same line with one."""
    lines = [line + "\n" for line in content.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _groups(blocks: list[_Block]) -> Iterator[list[_Block]]:
    """Blocks by hunk: equal runs are cut to the context, and longer ones than twice that part two hunks."""
    group: list[_Block] = []
    for index, (tag, a, b, c, d) in enumerate(_merged(blocks)):
        if tag != "equal":
            group.append((tag, a, b, c, d))
            continue
        if index == 0:
            group = [(tag, max(a, b - CONTEXT), b, max(c, d - CONTEXT), d)]
        elif b - a > 2 * CONTEXT:
            yield [*group, (tag, a, a + CONTEXT, c, c + CONTEXT)]
            group = [(tag, b - CONTEXT, b, d - CONTEXT, d)]
        else:
            group.append((tag, a, b, c, d))
    if any(tag != "equal" for tag, *_ in group):
        if group[-1][0] == "equal":
            tag, a, b, c, d = group[-1]
            group[-1] = (tag, a, min(b, a + CONTEXT), c, min(d, c + CONTEXT))
        yield group


def _merged(blocks: list[_Block]) -> list[_Block]:
    """Neighbouring equal blocks as one: the matcher's own and the start and end that were taken off."""
    merged: list[_Block] = []
    for tag, a, b, c, d in blocks:
        if merged and merged[-1][0] == tag == "equal":
            _, first_a, _, first_c, _ = merged[-1]
            merged[-1] = (tag, first_a, b, first_c, d)
        else:
            merged.append((tag, a, b, c, d))
    return merged


def _hunk(group: list[_Block], before: list[str], after: list[str]) -> Hunk:
    old_first, old_end, new_first, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
    lines: list[Line] = []
    for tag, a, b, c, d in group:
        if tag == "equal":
            lines += [Line(" ", a + n + 1, c + n + 1, before[a + n].removesuffix("\n")) for n in range(b - a)]
        else:
            lines += [Line("-", n + 1, None, before[n].removesuffix("\n")) for n in range(a, b)]
            lines += [Line("+", None, n + 1, after[n].removesuffix("\n")) for n in range(c, d)]
    old_count, new_count = old_end - old_first, new_end - new_first
    # A unified diff names the line before an empty side.
    return Hunk(old_first + bool(old_count), old_count, new_first + bool(new_count), new_count, tuple(lines))
