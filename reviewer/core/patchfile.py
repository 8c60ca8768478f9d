"""A whole unified diff (a file, standard input) taken apart into one patch per changed file.

Headers are read here, hunks by `core.diff`. Lines inside a hunk are counted off by the hunk's own header, so text that
looks like a header (a diff inside a diff, a removed `-- x`) stays text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reviewer.core.change import ChangedFile, Status
from reviewer.core.diff import Unparsed, count_changes, parse_hunks

_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_NO_NAME = "/dev/null"


@dataclass(slots=True)
class _Section:
    """One file's part of the diff while it is being read: header lines, then hunk lines."""

    header: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


def parse_patch_file(text: str) -> tuple[ChangedFile, ...]:
    """Every file of a unified diff, in order; a file that cannot be read carries its reason in `unreadable`.

    Git's extended headers and plain `---`/`+++` diffs are both read; leading prose (a mail, a commit message) is passed
    over. Text without any file header gives an empty tuple.
    """
    if text.count("\r\n") and text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")  # the whole diff went through a CRLF translation
    return tuple(_file(section) for section in _sections(text) if section.header)


def _sections(text: str) -> Iterator[_Section]:
    section = _Section()
    old = new = 0
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for index, line in enumerate(lines):
        if old > 0 or new > 0:
            section.body.append(line)
            old -= line[:1] in ("-", " ", "")
            new -= line[:1] in ("+", " ", "")
            continue
        hunk = _HUNK.match(line)
        if hunk and section.header:
            section.body.append(line)
            old, new = int(hunk[1] or 1), int(hunk[2] or 1)
        elif line.startswith("\\") and section.body:
            section.body.append(line)
        elif _starts_file(line, lines[index + 1] if index + 1 < len(lines) else "", section):
            yield section
            section = _Section([line])
        elif section.header and not section.body:
            section.header.append(line)
        elif section.body and line and not line.startswith(("-- ", "index ", "From ")):
            section.body.append(line)  # more than the header promised: parse_hunks will say so
    yield section


def _starts_file(line: str, following: str, section: _Section) -> bool:
    if line.startswith(("diff --git ", "diff --cc ", "diff --combined ")):
        return True
    if not (line.startswith("--- ") and following.startswith("+++ ")):
        return False
    in_git_header = bool(section.header) and section.header[0].startswith("diff --") and not section.body
    return not in_git_header


def _file(section: _Section) -> ChangedFile:
    fields = _fields(section.header)
    old, new = _names(section.header, fields)
    status = _status(fields, old, new)
    path = (old if status == "removed" else new) or old or "(no name)"
    modes = {fields.get(name, "").strip()[-6:] for name in ("new file mode", "deleted file mode", "new mode", "mode")}
    modes.add(fields.get("index", "").rpartition(" ")[2][-6:])
    patch = "\n".join(section.body)
    combined = section.header[0].startswith(("diff --cc ", "diff --combined "))
    parsed = (
        Unparsed("it is a combined (merge) diff: make it with `git diff BASE...HEAD`")
        if combined
        else parse_hunks(patch)
    )
    unreadable, hunks = (parsed.reason, ()) if isinstance(parsed, Unparsed) else (None, parsed)
    additions, deletions = count_changes(hunks)
    return ChangedFile(
        path=path,
        status=status,
        old_path=old if status in ("renamed", "copied") and old != path else None,
        hunks=hunks,
        additions=additions,
        deletions=deletions,
        binary=any(line.startswith(("Binary files ", "GIT binary patch")) for line in section.header),
        symlink="120000" in modes,
        submodule="160000" in modes,
        unreadable=unreadable,
    )


def _fields(header: list[str]) -> dict[str, str]:
    """Git's extended header lines, by their name."""
    names = ("old mode", "new mode", "new file mode", "deleted file mode", "rename from", "rename to", "copy from",
             "copy to", "index", "---", "+++")  # fmt: skip
    found: dict[str, str] = {}
    for line in header:
        for name in names:
            if line.startswith(name + " "):
                found[name] = line[len(name) + 1 :]
    return found


def _names(header: list[str], fields: dict[str, str]) -> tuple[str | None, str | None]:
    for kind in ("rename", "copy"):
        if f"{kind} from" in fields and f"{kind} to" in fields:
            return unquote(fields[f"{kind} from"]), unquote(fields[f"{kind} to"])
    if "---" in fields and "+++" in fields:
        return _side(fields["---"]), _side(fields["+++"])
    return _git_line(header[0])


def _side(text: str) -> str | None:
    """A name from a `---` or `+++` line: unquoted, without prefix, without the timestamp behind a tab."""
    name = unquote(text) if text.startswith('"') else text.partition("\t")[0]
    if name == _NO_NAME:
        return None
    return name[2:] if name[:2] in ("a/", "b/", "i/", "w/", "c/", "o/") else name


def _git_line(line: str) -> tuple[str | None, str | None]:
    """Both names from `diff --git a/X b/X` where nothing else names the file: then both are the same."""
    rest = line.removeprefix("diff --git ").removeprefix("diff --cc ").removeprefix("diff --combined ")
    if rest.startswith('"'):
        end = _quote_end(rest)
        return _side(rest[: end + 1]), _side(rest[end + 2 :])
    half = len(rest) // 2
    if len(rest) % 2 == 1 and rest[half] == " " and rest[:half][2:] == rest[half + 1 :][2:]:
        return _side(rest[:half]), _side(rest[half + 1 :])
    return _side(rest), _side(rest)


def _quote_end(text: str) -> int:
    index = 1
    while index < len(text) and text[index] != '"':
        index += 2 if text[index] == "\\" else 1
    return index


def unquote(name: str) -> str:
    """Undo git's C-style quoting of a path (octal escapes are UTF-8 bytes); unquoted names come back as they are."""
    if not (len(name) >= 2 and name.startswith('"')):
        return name
    out = bytearray()
    body = name[1 : _quote_end(name)]
    index = 0
    while index < len(body):
        char = body[index]
        if char != "\\" or index + 1 >= len(body):
            out += char.encode("utf-8", "surrogateescape")
            index += 1
        elif body[index + 1] in _ESCAPES:
            out.append(_ESCAPES[body[index + 1]])
            index += 2
        elif re.fullmatch(r"[0-3][0-7]{2}", body[index + 1 : index + 4]):
            out.append(int(body[index + 1 : index + 4], 8))
            index += 4
        else:
            out += body[index + 1].encode("utf-8", "surrogateescape")
            index += 2
    return out.decode("utf-8", "replace")


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
