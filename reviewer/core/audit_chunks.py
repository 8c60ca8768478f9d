"""Cutting a large file where a reader would: between definitions, by blank lines and indentation, in any language.

A part is read beside the little without which it cannot be understood: the file's head, and what encloses the part.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.tokens import CHARS_PER_TOKEN
from reviewer.core.view import view_tokens

_CLOSES = re.compile(r"[\])}>]|end\b|fi\b|done\b|esac\b|else\b|#endif|#else|</")
"""What begins a line at the margin without beginning a definition."""
_OPENS_OR_CLOSES = re.compile(rf"\{{|#|//|/?\*|{_CLOSES.pattern}")
_SHORTEST = 0.6
"""Share of a part's fair size that it has at least, so that a good border is no excuse for a scrap."""
_DEFINES = re.compile(
    r"@\w|(?:(?:export|default|pub(?:\(\w+\))?|public|private|protected|internal|static|async|abstract|final|sealed|"
    r"partial|unsafe|inline|open|data)\s+)*"
    r"(?:def|class|func|fn|fun|function|interface|struct|enum|trait|impl|module|object|record|sub|proc)\b"
)
"""What begins a definition, in most languages: the file's head ends before the first."""
_HEAD_LINES, _HEAD_TOKENS = 60, 1_200
_DEPTH = 4
"""Lines of what encloses a part, from the margin inwards."""
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


def context_of(lines: Sequence[Line], part: Hunk) -> tuple[Hunk, ...]:
    """What a part is read beside: the file's head (imports, constants), and the first lines of what encloses it."""
    start = part.new_start - 1
    shown = [*range(min(_head(lines), start)), *_enclosing(lines, start)]
    numbers = sorted(set(shown))
    runs: list[list[Line]] = []
    for number in numbers:
        if runs and runs[-1][-1].new == number:
            runs[-1].append(lines[number])
        else:
            runs.append([lines[number]])
    return tuple(_piece(tuple(run)) for run in runs)


def _head(lines: Sequence[Line]) -> int:
    """How many lines stand before the first definition, as far as they are shown."""
    first = next((at for at, line in enumerate(lines[:_HEAD_LINES]) if _DEFINES.match(line.text)), _HEAD_LINES)
    count = min(first, len(lines))
    while count and view_tokens(lines[:count]) > _HEAD_TOKENS:
        count //= 2
    while count and not lines[count - 1].text.strip():
        count -= 1
    return count


def _enclosing(lines: Sequence[Line], start: int) -> list[int]:
    """Places of the lines above that are further and further out, the nearest of each depth."""
    depth = next((_indent(line.text) for line in lines[start:] if line.text.strip()), 0)
    found: list[int] = []
    for at in range(start - 1, -1, -1):
        text = lines[at].text
        if not depth:
            break
        if text.strip() and _indent(text) < depth and not _OPENS_OR_CLOSES.match(text.lstrip()):
            found.append(at)
            depth = _indent(text)
    return found[-_DEPTH:]


def _indent(text: str) -> int:
    text = text.expandtabs(4)
    return len(text) - len(text.lstrip())


def _end(start: int, ranks: Sequence[int], sizes: Sequence[float], limit: float) -> int:
    """Where the part that begins at `start` ends: at the best border near its fair share of what is left."""
    rest = sizes[-1] - sizes[start]
    if rest <= limit or start + 1 == len(ranks):
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
