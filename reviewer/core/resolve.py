"""Which changed file a model's path means, however the path is spelt."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewer.core.change import ChangedFile, ChangeSet

_LINES = re.compile(r"(?::\d+(?:-\d+)?){1,3}$|#L\d+(?:-L?\d+)?$|\s*\(lines? [\d\s–-]+\)$")
_QUOTES = "`'\"<> \t\r\n"


@dataclass(frozen=True, slots=True)
class Resolved:
    """`file` is the one that is meant; where the path alone does not tell, it is None, and a quote found in one of
    the `guesses` may still tell."""

    file: ChangedFile | None
    guesses: tuple[ChangedFile, ...] = ()


def resolve_path(path: str, changes: ChangeSet, seen: Sequence[str] = ()) -> Resolved:
    """The changed file a path means: exact, without `./`, `a/`, `b/`, `/`, line numbers or quotation marks, by old
    path, in other case, by unique tail. `seen` are the paths that the speaker was shown: among several they win.
    """
    spellings = tuple(dict.fromkeys(spelling for spelling in _spellings(path) if spelling))
    for spelling in spellings:
        if file := changes.file(spelling):
            return Resolved(file)
    shown = frozenset(seen)
    near = _alike(spellings, changes.files)
    for files in ([file for file in near if file.path in shown], near):
        if file := _by_form(spellings, files):
            return Resolved(file)
    longer = _without_folders(spellings, changes)
    if longer and longer.path in shown:
        return Resolved(longer)
    guesses = [file for spelling in spellings for file in _tails(spelling, near)]
    guesses += [file for file in (longer, changes.file(seen[0]) if len(shown) == 1 else None) if file]
    return Resolved(None, tuple(guesses))


def _spellings(path: str) -> Iterator[str]:
    cleaned = path.strip(_QUOTES).replace("\\", "/")
    for spelling in (path, cleaned, _LINES.sub("", cleaned).strip(_QUOTES)):
        yield spelling
        while spelling.startswith(("./", "/", "../")):
            spelling = spelling.partition("/")[2]
        yield spelling
        if spelling[:2] in ("a/", "b/"):
            yield spelling[2:].removeprefix("./").lstrip("/")


def _alike(spellings: Sequence[str], files: Sequence[ChangedFile]) -> list[ChangedFile]:
    """The files that can be meant at all: one look at each, since there may be thousands of files and of claims."""
    names = tuple({spelling.rpartition("/")[2].lower() for spelling in spellings} - {""})
    return [file for file in files if file.path.lower().endswith(names) or file.old_path in spellings]


def _by_form(spellings: Sequence[str], files: Sequence[ChangedFile]) -> ChangedFile | None:
    lowered = {spelling.lower() for spelling in spellings}
    for matching in (
        [file for file in files if file.old_path in spellings],
        [file for file in files if file.path.lower() in lowered],
        *(_tails(spelling, files) for spelling in spellings),
    ):
        if len(matching) == 1:
            return matching[0]
    return None


def _tails(spelling: str, files: Sequence[ChangedFile]) -> list[ChangedFile]:
    tail = "/" + spelling
    return [file for file in files if file.path.endswith(tail)]


def _without_folders(spellings: Sequence[str], changes: ChangeSet) -> ChangedFile | None:
    """The file with the longest path that ends a spelling: the spelling is absolute, or names the repository."""
    for spelling in spellings:
        rest = spelling
        while rest := rest.partition("/")[2]:
            if file := changes.file(rest):
                return file
    return None
