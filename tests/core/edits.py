"""Change sets for tests, made from old and new texts as a forge would show them."""

import difflib
from collections.abc import Sequence

from reviewer.core.change import ChangedFile, ChangeSet, Hunk
from reviewer.core.diff import count_changes, parse_hunks
from reviewer.core.finding import Category, Claim, Confidence, Severity


def hunks_between(old: Sequence[str], new: Sequence[str], context: int = 3) -> tuple[Hunk, ...]:
    """The hunks between two lists of lines."""
    diff = list(difflib.unified_diff(old, new, n=context, lineterm=""))[2:]
    found = parse_hunks("\n".join(diff))
    assert isinstance(found, tuple)
    return found


def changed(path: str, old: str, new: str, *, content: bool = True, old_path: str | None = None) -> ChangedFile:
    """A file whose text was `old` and is `new`; an empty text means that it was, or is, not there."""
    hunks = hunks_between(old.split("\n") if old else [], new.split("\n") if new else [])
    status = "renamed" if old_path else "modified" if old and new else "added" if new else "removed"
    text = new + "\n" if new and content else None
    return ChangedFile(path, status, old_path, hunks, *count_changes(hunks), content=text)


def change_set(*files: ChangedFile) -> ChangeSet:
    """A change set of these files."""
    return ChangeSet("o/r", "0" * 40, "1" * 40, files, 7, "Title", "Body", len(files))


def claim(path: str = "x.py", start: int = 1, quote: str = "", end: int | None = None, **other: str) -> Claim:
    """A claim with the usual rest."""
    return Claim(
        path,
        start,
        start if end is None else end,
        quote,
        Severity(other.get("severity", "high")),
        Confidence(other.get("confidence", "high")),
        Category(other.get("category", "correctness")),
        other.get("title", "Wrong"),
        other.get("explanation", "It is wrong."),
        other.get("suggestion", ""),
    )
