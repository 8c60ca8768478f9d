"""What `git diff-tree -z --raw --numstat -p` prints, as changed files.

Names, modes and blob ids come from the raw part, counts from the numstat part, hunks from the patch part. All three are
in the same order. Names in the patch are never read: a line that starts with `diff --git ` cannot be a line of a hunk,
so it starts the next file, and the `index` line's blob ids must be those of the raw part.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import IO

from reviewer.core.change import ChangedFile, Hunk, Status
from reviewer.core.diff import PatchSize, Room, Unparsed, check_extent, count_changes, join_hunks, parse_hunks

DIFF_TREE = (
    *("diff-tree", "-r", "-z", "--raw", "--numstat", "-p", "-U3", "--inter-hunk-context=0", "-M50%", "-l1000"),
    *("--full-index", "--no-abbrev", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none"),
    "--diff-algorithm=myers",  # GitHub's, so that hunks agree with the ones it shows
)

_STATUS: dict[str, Status] = {"A": "added", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}
_INDEX = re.compile(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)")
_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True, slots=True)
class Entry:
    """One changed path: identity, git's own counts (None for binary), and its hunks, or why there are none."""

    letter: str
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    old_path: str
    path: str
    counts: tuple[int, int] | None = None
    hunks: tuple[Hunk, ...] | Unparsed = ()

    @property
    def mode(self) -> str:
        """The mode that decides what the file is: the new one, or the old one of a removed file."""
        return self.old_mode if self.letter == "D" else self.new_mode

    @property
    def has_text(self) -> bool:
        """Whether the head has a regular text file here whose change can be read."""
        regular = self.new_mode.startswith("100")
        return regular and self.counts is not None and not isinstance(self.hunks, Unparsed)


@dataclass(slots=True)
class _Section:
    """One `diff --git` part of the patch; `body` stays empty where it is larger than allowed."""

    header: list[bytes] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    size: PatchSize = field(default_factory=lambda: PatchSize(Room()))

    def add(self, line: bytes) -> None:
        if not self.size.lines and not line.startswith(b"@@ "):
            self.header.append(line)
        elif self.size.takes(len(line)):
            self.body += line
        else:
            self.body.clear()


def path_text(name: bytes) -> str:
    r"""A path as text: bytes that are not UTF-8 are written `\xe9`, which prints and fits in JSON."""
    return name.decode("utf-8", "backslashreplace")


def path_bytes(path: str) -> tuple[bytes, ...]:
    """The names that a path as text may have in a tree, the literal one first; none where no tree can hold it."""
    if "\0" in path or {"", ".", ".."}.intersection(path.split("/")):
        return ()
    literal = path.encode("utf-8", "backslashreplace")
    meant = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), literal)
    return tuple(dict.fromkeys((literal, meant)))


def read_entries(stream: IO[bytes]) -> list[Entry]:
    """Every entry of the output. Memory is bounded by what `PatchSize` takes, and one line of the patch."""
    tokens = _Tokens(stream)
    raw = list(_raw(tokens))
    counts = [_counts(tokens, entry) for entry in raw]
    if raw:
        tokens.next()  # an empty token stands between the counts and the patch
    sections = _sections(chain([tokens.rest], stream) if tokens.rest else stream)
    return [_filled(entry, count, sections) for entry, count in zip(raw, counts, strict=True)]


class _Tokens:
    """NUL-terminated tokens from the start of a stream; `rest` is what was read beyond the last one taken."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0

    def next(self) -> bytes:
        end = self._buffer.find(b"\0", self._at)
        while end < 0:
            more = self._stream.readline()
            if not more:
                raise EOFError("git's list of changed files ends early")
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
            end = self._buffer.find(b"\0")
        token = self._buffer[self._at : end]
        self._at = end + 1
        return token

    def starts_with(self, mark: bytes) -> bool:
        if self._at >= len(self._buffer):
            self._buffer, self._at = self._stream.readline(), 0
        return self._buffer.startswith(mark, self._at)

    @property
    def rest(self) -> bytes:
        return self._buffer[self._at :]


def _raw(tokens: _Tokens) -> Iterator[Entry]:
    for number in count(1):
        if not tokens.starts_with(b":"):
            return
        old_mode, new_mode, old_blob, new_blob, letter = tokens.next()[1:].decode().split(" ")
        old_path = path = path_text(tokens.next())
        if letter[0] in "RC":
            path = path_text(tokens.next())
        check_extent(number, path)
        yield Entry(letter[0], old_mode, new_mode, old_blob, new_blob, old_path, path)


def _counts(tokens: _Tokens, entry: Entry) -> tuple[int, int] | None:
    added, removed, path = tokens.next().split(b"\t", 2)
    names = [path_text(path)] if path else [path_text(tokens.next()), path_text(tokens.next())]
    if names[-1] != entry.path:
        raise ValueError("git's lists of changed files are not in the same order")
    return None if added == b"-" else (int(added), int(removed))


def _sections(lines: Iterable[bytes]) -> Iterator[_Section]:
    section: _Section | None = None
    room = Room()
    for line in lines:
        if line.startswith(b"diff --git "):
            if section:
                section.size.settle()
                yield section
            section = _Section(size=PatchSize(room))
        if section:
            section.add(line)
    if section:
        section.size.settle()
        yield section


def _filled(entry: Entry, counts: tuple[int, int] | None, sections: Iterator[_Section]) -> Entry:
    """The entry with its part of the patch; a change of type comes in two parts, the old file and then the new one."""
    null = "0" * len(entry.old_blob)
    blobs = [(entry.old_blob, entry.new_blob)]
    if entry.letter == "T":
        blobs = [(entry.old_blob, null), (null, entry.new_blob)]
    parts = [_hunks(next(sections, None), *pair) for pair in blobs]
    hunks = parts[0] if len(parts) == 1 else _joined(*parts)
    if not isinstance(hunks, Unparsed) and counts is not None and entry.letter != "T":
        found = count_changes(hunks)
        if found != counts:
            hunks = Unparsed(f"its patch has +{found[0]} -{found[1]} lines, but git counts +{counts[0]} -{counts[1]}")
    return Entry(
        *(entry.letter, entry.old_mode, entry.new_mode, entry.old_blob, entry.new_blob, entry.old_path, entry.path),
        counts=counts,
        hunks=hunks,
    )


def _hunks(section: _Section | None, old_blob: str, new_blob: str) -> tuple[Hunk, ...] | Unparsed:
    if section is None:
        return Unparsed("git printed no patch for it")
    index = next((found for line in section.header if (found := _INDEX.match(line))), None)
    if index and (index[1].decode(), index[2].decode()) != (old_blob, new_blob):
        return Unparsed("git printed the patch of another file in its place")
    if section.size.problem:
        return Unparsed(section.size.problem)
    return parse_hunks(section.body.decode("utf-8", "replace"))


def _joined(gone: tuple[Hunk, ...] | Unparsed, added: tuple[Hunk, ...] | Unparsed) -> tuple[Hunk, ...] | Unparsed:
    if isinstance(gone, Unparsed):
        return gone
    return added if isinstance(added, Unparsed) else join_hunks(gone, added)


def changed_file(entry: Entry, content: str | None = None, problem: str | None = None) -> ChangedFile:
    """The entry as a changed file. `problem` is a reason not to trust that its content is binary."""
    hunks, reason = ((), entry.hunks.reason) if isinstance(entry.hunks, Unparsed) else (entry.hunks, None)
    counts = entry.counts or (0, 0)
    if entry.letter == "T" and entry.counts:
        counts = count_changes(hunks)
    mode_only = entry.letter == "M" and entry.old_blob == entry.new_blob
    return ChangedFile(
        path=entry.path,
        status="changed" if mode_only else _STATUS.get(entry.letter, "modified"),
        old_path=entry.old_path if entry.letter in "RC" else None,
        hunks=hunks,
        additions=counts[0],
        deletions=counts[1],
        binary=entry.counts is None and problem is None,
        symlink=entry.mode == "120000",
        submodule=entry.mode == "160000",
        unreadable=problem or reason,
        content=content,
    )
