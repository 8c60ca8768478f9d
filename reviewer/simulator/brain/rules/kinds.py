"""The types all rules share: a problem, a place where it stands, a rule that finds it, the source it looks at."""

import ast
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from textwrap import dedent

LANGUAGES = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript",
    ".cjs": "javascript", ".ts": "javascript", ".tsx": "javascript", ".vue": "javascript", ".go": "go", ".sql": "sql",
    ".sh": "shell", ".bash": "shell", ".ksh": "shell", ".yml": "yaml", ".yaml": "yaml", ".dockerfile": "dockerfile",
    ".md": "prose", ".rst": "prose", ".txt": "prose",
}  # fmt: skip
COMMENT = re.compile(r"\s*(#|//|/?\*|--|<!--)")
# A construct longer than this that merely contains a changed line is not blamed on the change.
LONGEST_BLAMED = 12
# Minified text: patterns that look ahead would need time by the square of the length.
LONGEST_LINE = 1000
_parsing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in the terms of the answer's contract; `name` identifies it across rules and tools."""

    name: str
    severity: str
    category: str
    title: str
    explanation: str
    confidence: str = "high"


@dataclass(frozen=True, slots=True)
class Hit:
    """A problem at a place; `suggestion` replaces exactly the lines `line..end_line`, or is empty."""

    problem: Problem
    line: int
    end_line: int
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive lines without a gap, dedented; row 1 of `text` is the file's line `first`."""

    first: int
    text: str
    tree: ast.Module | None = field(compare=False)


@dataclass(frozen=True)
class Source:
    """The new side of one file as far as it is shown; `reviewed` are the line numbers that may be blamed."""

    path: str
    lines: tuple[tuple[int, str], ...]
    reviewed: frozenset[int]
    whole: bool = True
    removed: tuple[str, ...] = ()

    @cached_property
    def language(self) -> str:
        """The language by name, or by the first line for scripts without an ending."""
        path = PurePosixPath(self.path)
        if path.name.lower().startswith(("dockerfile", "containerfile")):
            return "dockerfile"
        known = LANGUAGES.get(path.suffix.lower(), "other")
        first = self.lines[0][1] if self.lines else ""
        if known == "other" and first.startswith("#!"):
            return "python" if "python" in first else "shell" if first.endswith(("sh", "sh -e", "sh -eu")) else known
        return known

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The shown lines, cut where lines are missing; Python segments come parsed where they can be."""
        groups: list[list[tuple[int, str]]] = []
        for number, text in self.lines:
            if not groups or groups[-1][-1][0] != number - 1:
                groups.append([])
            groups[-1].append((number, text))
        return tuple(segment for group in groups for segment in self._pieces(group))

    def _pieces(self, group: list[tuple[int, str]]) -> Iterator[Segment]:
        whole = _segment(group, python=self.language == "python")
        if self.whole or whole.tree or self.language != "python":
            yield whole
            return
        # A hunk often begins inside a deeper block than it ends in: each depth is a program of its own.
        depths = [len(text) - len(text.lstrip()) if text.strip() else 999 for _, text in group]
        start = depths.index(min(depths))
        for part in (group[:start], group[start:]):
            if part:
                yield next(_trimmed(part), None) or _segment(part, python=False)

    def blamed(self, first: int, last: int) -> int | None:
        """The line to report for a construct at `first..last`, None when the change did not touch it."""
        if first in self.reviewed:
            return first
        if last - first > LONGEST_BLAMED:
            return None
        return next((number for number in range(first, last + 1) if number in self.reviewed), None)

    def reviewed_lines(self, *, comments: bool = False) -> Iterator[tuple[int, str]]:
        """Lines under review, cut to 1000 characters; without whole-line comments unless they are asked for."""
        for number, text in self.lines:
            if number in self.reviewed and (comments or not COMMENT.match(text)):
                yield number, text[:LONGEST_LINE]


def _segment(group: list[tuple[int, str]], *, python: bool) -> Segment:
    text = dedent("\n".join(line for _, line in group) + "\n")
    return Segment(group[0][0], text, parse(text) if python else None)


def _trimmed(group: list[tuple[int, str]]) -> Iterator[Segment]:
    """The part as a program, with as few lines as possible cut off: a hunk begins and ends in the middle of things."""
    cuts = sorted(((lead, tail) for lead in range(5) for tail in range(5)), key=sum)
    for lead, tail in cuts:
        if lead + tail < len(group):
            segment = _segment(group[lead : len(group) - tail], python=True)
            if segment.tree:
                yield segment


Finder = Callable[[Source], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Finds one problem (or a family told apart by the finder) in sources of `languages`; empty means in all."""

    languages: frozenset[str]
    find: Finder


def line_rule(languages: str, problem: Problem, pattern: str, *, unless: str = "", comments: bool = False) -> Rule:
    """A rule on single lines: `pattern` but not `unless`."""
    wanted, unwanted = re.compile(pattern), re.compile(unless) if unless else None

    def find(source: Source) -> Iterator[Hit]:
        for number, text in source.reviewed_lines(comments=comments):
            if wanted.search(text) and not (unwanted and unwanted.search(text)):
                yield Hit(problem, number, number)

    return Rule(frozenset(languages.split()), find)


def parse(text: str) -> ast.Module | None:
    """The syntax tree of Python text, None when it has none (a part of a file, another Python, not Python)."""
    with _parsing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
