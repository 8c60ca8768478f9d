"""A whole unified diff (a file, standard input) taken apart into one patch per changed file.

Headers are read here, hunks by `core.diff`. Lines inside a hunk are counted off by the hunk's own header, so text that
looks like a header (a diff inside a diff, a removed `-- x`) stays text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

from reviewer.core.change import ChangedFile, Status
from reviewer.core.diff import (
    MAX_NAME,
    PatchSize,
    Room,
    Unparsed,
    check_extent,
    count_changes,
    join_hunks,
    parse_hunks,
)
from reviewer.core.patchnames import changed_names

_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_FIELDS = (
    *("old mode", "new mode", "new file mode", "deleted file mode", "mode", "similarity index", "dissimilarity index"),
    *("rename from", "rename to", "copy from", "copy to", "index", "---", "+++"),
)
_FIELD_STARTS = tuple(f"{name} " for name in _FIELDS)
_GIT_START = ("diff --git ", "diff --cc ", "diff --combined ")
_BINARY = ("Binary files ", "GIT binary patch")
_MERGE = Unparsed("it is a combined (merge) diff: make it with `git diff BASE...HEAD`")
_HEADER_LINES = 64
"""Lines of a header that are read: git writes no more than ten."""
_LONGEST_HEADER = 8 * MAX_NAME
"""Characters of a header line: two names of which every byte is quoted."""
_TWICE = "the diff changes it more than once: make one diff with `git diff BASE...HEAD`"


@dataclass(slots=True)
class _Section:
    """One file's part of the diff while it is being read: header lines, then hunk lines, then prose (`over`)."""

    header: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    over: bool = False
    size: PatchSize = field(default_factory=lambda: PatchSize(Room()))

    def keep(self, line: str) -> None:
        """Take a line of the body, as long as the body is no larger than allowed."""
        if self.size.takes(len(line) + 1):
            self.body.append(line)
        else:
            self.body = [line[:1]]  # none of it is read any more; that there is a body still matters

    def add(self, line: str) -> None:
        """Take a line that stands outside the counted lines of a hunk."""
        if self.over or not self.header:
            return
        if self.body:
            if line[:1] in ("+", "-", " ") and line.rstrip() != "--":
                self.keep(line)  # more than the hunk's header promised: parse_hunks will say so
            else:
                self.over = line != ""
        elif line.startswith(_FIELD_STARTS):
            self.head(line)
        else:
            self.over = True
            if line.startswith(_BINARY):
                self.head(line[:80])

    def head(self, line: str) -> None:
        """Take a line of the header; InputError for one that holds no name that can be meant."""
        if len(line) > _LONGEST_HEADER:
            check_extent(0, line)
        if len(self.header) < _HEADER_LINES:
            self.header.append(line)


def parse_patch_file(text: str) -> tuple[ChangedFile, ...]:
    """Every file of a unified diff, in order; a file that cannot be read carries its reason in `unreadable`.

    Git's extended headers and plain `---`/`+++` diffs are both read; prose before, between and after (a mail, a commit
    message) is passed over. Text without any file header gives an empty tuple. InputError for more files, or
    longer names, than can be meant.
    """
    if text.count("\r\n") and text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")  # the whole diff went through a CRLF translation
    by_path: dict[str, list[ChangedFile]] = {}
    room = Room()
    for number, section in enumerate(_sections(text, room)):  # the first one holds what stands before any file
        if section.header:
            section.size.settle()
            file = _file(section)
            check_extent(number, file.path)
            by_path.setdefault(file.path, []).append(file)
    return tuple(_one(files) for files in by_path.values())


def _sections(text: str, room: Room) -> Iterator[_Section]:
    section = _Section()
    old = new = 0
    for line, following in pairwise(chain(_lines(text), [""])):
        if (old > 0 or new > 0) and line[:1] in ("", " ", "+", "-", "\\"):
            section.keep(line)
            old -= line[:1] in ("-", " ", "")
            new -= line[:1] in ("+", " ", "")
            continue
        old = new = 0
        hunk = _HUNK.match(line)
        if hunk and section.header:
            section.keep(line)
            old, new = int(hunk[1] or 1), int(hunk[2] or 1)
        elif line.startswith("\\") and section.body:
            section.keep(line)
        elif _starts_file(line, following, section):
            yield section
            section = _Section(size=PatchSize(room))
            section.head(line)
        else:
            section.add(line)
    yield section


def _lines(text: str) -> Iterator[str]:
    """The lines without their ends, one at a time: a list of millions would take many times their size."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    if start < len(text):
        yield text[start:]


def _starts_file(line: str, following: str, section: _Section) -> bool:
    if line.startswith(_GIT_START):
        return True
    if not (line.startswith("--- ") and following.startswith("+++ ")):
        return False
    in_git_header = bool(section.header) and section.header[0].startswith("diff --") and not section.body
    return not in_git_header


def _file(section: _Section) -> ChangedFile:
    fields = _fields(section.header)
    old, new = changed_names(section.header[0], fields)
    status = _status(fields, old, new)
    path = (old if status == "removed" else new) or old or "(no name)"
    modes = {fields.get(name, "").strip()[-6:] for name in ("new file mode", "deleted file mode", "new mode", "mode")}
    modes.add(fields.get("index", "").partition(" ")[2])
    combined = section.header[0].startswith(_GIT_START[1:])
    too_large = section.size.problem
    parsed = _MERGE if combined else Unparsed(too_large) if too_large else parse_hunks("\n".join(section.body))
    unreadable, hunks = (parsed.reason, ()) if isinstance(parsed, Unparsed) else (None, parsed)
    additions, deletions = count_changes(hunks)
    return ChangedFile(
        path=path,
        status=status,
        old_path=old if status in ("renamed", "copied") and old != path else None,
        hunks=hunks,
        additions=additions,
        deletions=deletions,
        binary=section.header[-1].startswith(_BINARY),
        symlink="120000" in modes,
        submodule="160000" in modes,
        unreadable=unreadable,
    )


def _one(files: list[ChangedFile]) -> ChangedFile:
    """One file for all sections of a path: git writes a change of type as a removal and an addition."""
    first, last = files[0], files[-1]
    if len(files) == 1:
        return first
    additions, deletions = (sum(counts) for counts in zip(*((f.additions, f.deletions) for f in files), strict=True))
    of_type = [file.status for file in files] == ["removed", "added"]
    unreadable = (first.unreadable or last.unreadable) if of_type else _TWICE
    return replace(
        last,
        status="changed" if of_type else "modified",
        hunks=() if unreadable else join_hunks(first.hunks, last.hunks),
        additions=additions,
        deletions=deletions,
        binary=first.binary or last.binary,
        unreadable=unreadable,
    )


def _fields(header: list[str]) -> dict[str, str]:
    """Git's extended header lines, by their name."""
    found: dict[str, str] = {}
    for line in header:
        for name in _FIELDS:
            if line.startswith(name + " "):
                found.setdefault(name, line[len(name) + 1 :])
    return found


def _status(fields: dict[str, str], old: str | None, new: str | None) -> Status:
    if "rename from" in fields:
        return "renamed"
    if "copy from" in fields:
        return "copied"
    if "new file mode" in fields or (old is None and new is not None):
        return "added"
    if "deleted file mode" in fields or (new is None and old is not None):
        return "removed"
    if "new mode" in fields and "index" not in fields:
        return "changed"
    return "modified"
