"""Syntax colour for excerpts: runs of text with one of six classes, from pygments' lexers for the common languages.

Lexers take much longer on some texts than on others, and code under review is not to choose how long a report takes:
so there is a table of languages, a longest text that is read in one piece, and a time after which code stays plain.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from reviewer.clock import SystemClock

LONGEST_LINE = 400
"""Characters of one line that a page shows."""
_LONGEST = 1_600
"""Characters that are read in one piece; a longer excerpt is read line by line."""
SECONDS = 3.0
"""Time that the colours of one page may take."""

_LEXERS = {
    "bash": ".sh .bash .zsh",
    "c": ".c .h",
    "cpp": ".cc .cpp .cxx .hh .hpp .hxx",
    "csharp": ".cs",
    "css": ".css",
    "dart": ".dart",
    "docker": "dockerfile",
    "elixir": ".ex .exs",
    "go": ".go",
    "haskell": ".hs",
    "html": ".html .htm",
    "ini": ".ini .cfg",
    "java": ".java",
    "javascript": ".js .mjs .cjs .jsx",
    "json": ".json",
    "kotlin": ".kt .kts",
    "lua": ".lua",
    "make": ".mk makefile",
    "objective-c": ".m .mm",
    "perl": ".pl .pm",
    "php": ".php",
    "python": ".py .pyi .pyw",
    "ruby": ".rb .rake gemfile rakefile",
    "rust": ".rs",
    "scala": ".scala",
    "scss": ".scss",
    "sql": ".sql",
    "swift": ".swift",
    "terraform": ".tf .hcl",
    "toml": ".toml",
    "typescript": ".ts .tsx .mts .cts",
    "xml": ".xml .svg .xsd",
    "yaml": ".yaml .yml",
}
_ALIASES = {name: alias for alias, names in _LEXERS.items() for name in names.split()}
LANGUAGES = tuple(_LEXERS)
_CLOCK = SystemClock()


class Run(NamedTuple):
    """A piece of a line. `kind` is keyword, name, string, number, comment or special by its first letter, or empty."""

    kind: str
    text: str


class Colouring:
    """Colours the excerpts of one page for at most `seconds`; what comes after that stays plain."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._left = seconds

    def rows(self, path: str, lines: Sequence[str]) -> list[list[Run]]:
        """Each line's runs, in order; the lines have no line ends. Their texts together are the lines, unchanged."""
        lexer = _lexer(PurePosixPath(path.lower()).name)
        uncoloured = [[Run("", line)] if line else [] for line in lines]
        if lexer is None or self._left <= 0 or any(len(line) > LONGEST_LINE + 100 for line in lines):
            return uncoloured
        started = _CLOCK.monotonic()
        parts = [lines] if sum(map(len, lines)) <= _LONGEST else [[line] for line in lines]
        rows = [row for part in parts if part for row in _coloured(lexer, part)]
        self._left -= _CLOCK.monotonic() - started
        whole = ["".join(run.text for run in row) for row in rows] == list(lines)
        return rows if whole else uncoloured


def _coloured(lexer: Any, lines: Sequence[str]) -> list[list[Run]]:
    rows: list[list[Run]] = [[]]
    for kind, text in _pieces(lexer, "\n".join(lines)):
        first, *more = text.split("\n")
        rows[-1].append(Run(kind, first))
        rows += [[Run(kind, part)] for part in more]
    return [_joined(row) for row in rows]


def _pieces(lexer: Any, text: str) -> Iterator[Run]:
    for _, token, part in lexer.get_tokens_unprocessed(text):
        yield Run("" if part.isspace() else _kind(token), part)


def _joined(row: list[Run]) -> list[Run]:
    """Neighbours of one kind as one run, spaces between them included."""
    runs: list[Run] = []
    for kind, group in groupby((run for run in row if run.text), key=lambda run: run.kind):
        text = "".join(run.text for run in group)
        if len(runs) > 1 and text and not runs[-1].kind and runs[-1].text.isspace() and runs[-2].kind == kind:
            text = runs[-2].text + runs[-1].text + text
            del runs[-2:]
        runs.append(Run(kind, text))
    return runs


@cache
def _lexer(name: str) -> Any:
    alias = _ALIASES.get(name) or _ALIASES.get(PurePosixPath(name).suffix)
    if alias is None:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    return get_lexer_by_name(alias)


@cache
def _kind(token: Any) -> str:
    from pygments.token import Token  # type: ignore[import-untyped]

    kinds = (
        (Token.Comment, "c"),
        (Token.Literal.Number, "n"),
        (Token.Literal.String, "s"),
        (Token.Keyword, "k"),
        (Token.Name.Tag, "k"),
        (Token.Operator.Word, "k"),
        (Token.Name.Function, "f"),
        (Token.Name.Class, "f"),
        (Token.Name.Attribute, "f"),
        (Token.Name.Decorator, "b"),
        (Token.Name.Builtin, "b"),
        (Token.Name.Exception, "b"),
    )
    return next((letter for parent, letter in kinds if token in parent), "")
