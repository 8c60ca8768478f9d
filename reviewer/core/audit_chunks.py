"""Cutting a large file where a reader would: between definitions, by blank lines and indentation, in any language."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.tokens import CHARS_PER_TOKEN
from reviewer.core.view import view_tokens

_CLOSES = re.compile(r"[\])}>]|end\b|fi\b|done\b|esac\b|else\b|#endif|#else|</")
"""What begins a line at the margin without beginning a definition."""
_SHORTEST = 0.6
"""Share of a part's fair size that it has at least, so that a good border is no excuse for a scrap."""
_DEFINITION, _MEMBER, _MARGIN, _BLANK, _ANY = range(5)


def cut_file(file: ChangedFile, tokens: int) -> tuple[Hunk, ...]:
    """Parts of about equal size, none above `tokens` unless one line is; together they are every line, each once."""
    lines = tuple(file.lines())
    ranks = _ranks(lines)
    sizes = [0, *accumulate(view_tokens((line,)) * CHARS_PER_TOKEN for line in lines)]
    limit = tokens * CHARS_PER_TOKEN
    pieces = []
    start = 0
    while start < len(lines):
        end = _end(start, ranks, sizes, limit)
        pieces.append(_piece(lines[start:end]))
        start = end
    return tuple(pieces)


def _end(start: int, ranks: Sequence[int], sizes: Sequence[float], limit: float) -> int:
    """Where the part that begins at `start` ends: at the best border near its fair share of what is left."""
    rest = sizes[-1] - sizes[start]
    if rest <= limit:
        return len(ranks)
    fair = rest / (int(rest / limit) + 1)
    last = max(start + 1, bisect_right(sizes, sizes[start] + limit) - 1)
    first = min(last, max(start + 1, bisect_right(sizes, sizes[start] + fair * _SHORTEST)))
    goal = sizes[start] + fair
    return min(range(first, last + 1), key=lambda at: (ranks[at], abs(sizes[at] - goal)))


def _ranks(lines: Sequence[Line]) -> list[int]:
    """How good a border stands before each line; lower is better."""
    ranks = []
    after_blank = True
    for line in lines:
        text = line.text.expandtabs(4)
        ranks.append(_rank(text, after_blank) if text.strip() else _ANY)
        after_blank = not text.strip()
    return ranks


def _rank(text: str, after_blank: bool) -> int:
    stripped = text.lstrip()
    indent = len(text) - len(stripped)
    if _CLOSES.match(stripped) or indent > (4 if after_blank else 0):
        return _BLANK if after_blank else _ANY
    if not after_blank:
        return _MARGIN
    return _MEMBER if indent else _DEFINITION


def _piece(lines: tuple[Line, ...]) -> Hunk:
    start = lines[0].new or 1
    return Hunk(start, len(lines), start, len(lines), lines)
