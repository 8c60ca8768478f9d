"""gitignore patterns that match in linear time.

The library makes `[^/]*` of a star and `(?:/.+)?` of `/**`, so that a failing match tries every way to share a name
among them: `*a*a*a*b` takes minutes on a name that was made for it. The earliest place for a part is never worse than a
later one, so all parts but the last are made atomic, which changes no outcome.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_STAR = r"\[\^/\]\*"
_PART = r"(?:\\.|\[\]?[^\]]*\](?!\*)|[^\\\[\](){}|/*+?.^$])+?"
_STARS = re.compile(f"(?:{_STAR})+({_PART})(?={_STAR})", re.DOTALL)
_REPEATED = re.compile(f"(?:{_STAR}){{2,}}")
_SET = re.compile(r"\\.|(\[\^?)(\]?[^\]]*)\]", re.DOTALL)
_MEMBER = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)
_BELOW, _ANYWHERE = "(?:/.+)?", "^(?:.+/)?"


class _Linear(GitIgnoreSpecPattern):
    """The library's pattern with its expression made linear."""

    @classmethod
    def pattern_to_regex(cls, pattern: Any) -> tuple[Any, bool | None]:
        regex, include = super().pattern_to_regex(pattern)
        return (linear(_SET.sub(_literal_set, regex)) if isinstance(regex, str) else regex), include


def _literal_set(found: re.Match[str]) -> str:
    """A set whose members mean themselves: Python keeps `[[`, `--`, `&&`, `~~` and `||` for set operations to come."""
    opening, members = found.groups()
    return found[0] if opening is None else f"{opening}{_MEMBER.sub(_literal_member, members)}]"


def _literal_member(found: re.Match[str]) -> str:
    return "-".join(f"\\{end}" if end in "[-&~|" else end for end in found.groups() if end)


def ignore_spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    """The patterns as one specification; ValueError for one that is none."""
    return _compiled(tuple(patterns))


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns, pattern_factory=_Linear, backend="simple")
    except re.error as error:  # the library lets `[z-a]` through to the compiler
        raise ValueError(f"a pattern of {list(patterns)[:3]} is none: {error}") from error


def linear(regex: str) -> str:
    """The same language without backtracking between wildcards."""
    regex = _REPEATED.sub("[^/]*", regex)
    first, *rest = _STARS.sub(r"(?>[^/]*?\1)", regex).split(_BELOW)
    if not rest:
        return first
    if first.startswith(_ANYWHERE):
        first = f"^(?>(?:.+?/)??{first.removeprefix(_ANYWHERE)}(?=/))"
    middle = "".join(f"(?>(?:/.+?)??{part}(?=/))" for part in rest[:-1])
    return f"{first}{middle}{_BELOW}{rest[-1]}"
