"""Changed files and change sets for tests of the core, made of unified hunks."""

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line, Status
from reviewer.core.diff import Unparsed, count_changes, parse_hunks


def hunks(patch: str) -> tuple[Hunk, ...]:
    found = parse_hunks(patch)
    assert not isinstance(found, Unparsed), found.reason
    return found


def changed(
    path: str = "a.py", patch: str = "@@ -1 +1 @@\n-a\n+b\n", status: Status = "modified", **more
) -> ChangedFile:
    found = hunks(patch)
    additions, deletions = count_changes(found)
    return ChangedFile(path, status, hunks=found, additions=additions, deletions=deletions, **more)


def added(path: str, text: str, **more) -> ChangedFile:
    """A new file with its content."""
    lines = text.removesuffix("\n").split("\n")
    patch = f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)
    return changed(path, patch, "added", content=text, **more)


def change_set(*files: ChangedFile, changed_files: int | None = None) -> ChangeSet:
    count = len(files) if changed_files is None else changed_files
    return ChangeSet("octo/cat", "b" * 40, "a" * 40, tuple(files), number=1, changed_files=count)


def shown(lines) -> list[str]:
    """Lines as mark and text; what is left out as its number."""
    return [line.mark + line.text if isinstance(line, Line) else f"~{line}" for line in lines]
