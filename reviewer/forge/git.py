"""A repository's commits, trees and blobs, read with git as data: nothing of the repository is executed.

Paths are text: bytes that are not UTF-8 are written `\\xe9`, which prints, fits in JSON, and is understood by
`Git.read`. File contents and diffs are UTF-8 with U+FFFD for what is not.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from reviewer.core.change import ChangedFile
from reviewer.errors import InputError
from reviewer.forge.git_diff import DIFF_TREE, Entry, changed_file, path_bytes, path_text, read_entries
from reviewer.forge.git_run import HUGE_BLOB, GitRunner

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLAIN_REV = re.compile(r"[\w/](?:[\w/+~^-]|\.(?!\.))*")
_SNIFF = 8_000
_PATHS_A_CALL = 400
_MESSAGES = 500_000
"""Bytes of commit messages that are read."""
READ_LIMIT = 4_000_000
"""Bytes of a blob that is read whole unless a call says otherwise; a larger one counts as missing."""
READ_TOGETHER = 64_000_000
"""Bytes of all blobs of one call: a tree can name one large blob a hundred thousand times."""


class Git:
    """Reads one repository. InputError where there is no git, or `repo` is no repository."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._git = GitRunner(repo)

    def resolve(self, rev: str) -> str:
        """The full id of the commit that a revision names; InputError where there is none."""
        if rev and not rev.startswith("-") and rev.isprintable():
            found = self._git.real("rev-parse", "--verify", "--quiet", rev + "^{commit}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
        shallow = self._git.real("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        raise InputError(
            f"There is no commit {rev!r} in {self.repo}.",
            "The clone is shallow." if shallow else "The name may be wrong, or was never fetched.",
            "Fetch it with `git fetch origin` and its name; with actions/checkout, set `fetch-depth: 0`.",
        )

    def resolve_range(self, base: str, head: str) -> tuple[str, str, str | None]:
        """Both commits' ids and their merge base: `resolve` and `merge_base` in one process, if all is well."""
        if _PLAIN_REV.fullmatch(base) and _PLAIN_REV.fullmatch(head):
            found = self._git.real("rev-parse", f"{base}^{{commit}}...{head}^{{commit}}")
            ids = found.stdout.decode("utf-8", "replace").split()
            if found.returncode == 0 and len(ids) == 3 and ids[2].startswith("^"):
                return ids[1], ids[0], ids[2][1:]  # git prints the right side first
        one, other = self.resolve(base), self.resolve(head)
        return one, other, self.merge_base(one, other)

    def has_commits(self, *shas: str) -> bool:
        """Whether all of these full ids are commits whose objects are here."""
        if not all(_OBJECT_ID.fullmatch(sha) for sha in shas):
            return False
        found = self._git.read("cat-file", "--batch-check=%(objecttype)", given="\n".join(shas).encode())
        return found.split(b"\n")[:-1] == [b"commit"] * len(shas)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None where there is none here (a shallow clone may hide it)."""
        found = self._git.real("merge-base", self.resolve(one), self.resolve(other))
        return found.stdout.decode().split()[0] if found.returncode == 0 else None

    def changed_files(self, base: str, head: str, content_limit: int = 262_144) -> tuple[ChangedFile, ...]:
        """Every file that differs between two commits, in path order, with its hunks.

        `content` is filled for text files that still exist and have no more than `content_limit` bytes. A file whose
        patch cannot be used (too large, or at odds with git's own counts) is `unreadable`.
        """
        try:
            with self._git.stream(*DIFF_TREE, f"{base}^{{tree}}", f"{head}^{{tree}}") as output:
                entries = read_entries(output)
        except ValueError as error:
            raise InputError(f"The output of git cannot be read: {error}.", step="Use git 2.39 or later.") from error
        wanted = [entry.new_blob for entry in entries if entry.has_text]
        found = iter(self._contents(wanted, content_limit))
        huge = self._huge([entry for entry in entries if entry.counts is None])
        return tuple(
            changed_file(entry, _text(next(found)) if entry.has_text else None, huge.get(entry.path))
            for entry in entries
        )

    def read(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The regular files among `paths` in a commit's tree, by path; what is missing or too large is left out."""
        meant: dict[bytes, str] = {}
        for path in paths:
            for name in path_bytes(path):
                meant.setdefault(name, path)
        blobs: dict[str, str] = {}
        names = list(meant)
        for start in range(0, len(names), _PATHS_A_CALL):
            for (mode, _, blob), name in self._listed(commit, names[start : start + _PATHS_A_CALL]):
                if mode.startswith("100") and name in meant:
                    blobs.setdefault(meant[name], blob)
        texts = self.read_blobs(list(blobs.values()))
        return {path: texts[blob] for path, blob in blobs.items() if blob in texts}

    def read_blobs(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """Blobs by their full ids; what is missing or too large is left out."""
        ids = list(dict.fromkeys(blob for blob in blobs if _OBJECT_ID.fullmatch(blob)))
        return {blob: text for blob, text in zip(ids, self._contents(ids), strict=True) if text is not None}

    def tree(self, commit: str) -> dict[str, tuple[str, str]]:
        """Every file of a commit: its path, and (mode, blob id)."""
        return {path_text(name): (mode, blob) for (mode, _, blob), name in self._listed(commit, [])}

    def sizes(self, commit: str) -> Iterator[tuple[str, str, str, int]]:
        """Every file of a commit: path, mode, blob id, and bytes, which are 0 for a submodule."""
        for (mode, _, blob, size), name in self._listed(commit, [], "-l"):
            yield path_text(name), mode, blob, int(size) if size.isdigit() else 0

    def messages(self, base: str, head: str) -> tuple[str, ...]:
        """The messages of the commits that `head` has and `base` has not, oldest first, as far as there is room."""
        words = ("log", "--reverse", "--format=%B%x00", "--end-of-options", f"{base}..{head}")
        with self._git.stream(*words) as output:
            read = output.read(_MESSAGES)
            _pass_over(output, None)
        texts = [text.strip("\n") for text in read.decode("utf-8", "replace").split("\0")]
        return tuple(texts if texts[-1] else texts[:-1])

    def origin(self) -> str:
        """The URL of the remote `origin` as configured, which may hold a password; "" where there is none."""
        found = self._git.real("config", "--local", "--no-includes", "--get", "remote.origin.url")
        return found.stdout.decode("utf-8", "replace").strip()

    def _listed(self, commit: str, names: Sequence[bytes], *more: str) -> Iterator[tuple[list[str], bytes]]:
        """Mode, type, id and what `more` flags add; and the name."""
        listed = self._git.read("ls-tree", "-r", *more, "-z", "--full-tree", f"{commit}^{{tree}}", "--", *names)
        for row in listed.split(b"\0")[:-1]:
            meta, _, name = row.partition(b"\t")
            yield meta.decode().split(), name

    def _contents(self, blobs: Sequence[str], limit: int = READ_LIMIT) -> list[bytes | None]:
        """Each blob in turn, None for one that is missing, above `limit` bytes, or beyond `READ_TOGETHER`."""
        if not blobs:
            return []
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        found: list[bytes | None] = []
        room = READ_TOGETHER
        with self._git.stream("cat-file", "--batch", "--buffer", given=asked) as output:
            for _ in blobs:
                found.append(_answer(output, min(limit, room)))
                room -= len(found[-1] or b"")
        return found

    def _huge(self, binary: Sequence[Entry]) -> dict[str, str]:
        """Why files that git only calls binary for their size are unreadable, by path."""
        ids = dict.fromkeys(blob for entry in binary for blob in (entry.old_blob, entry.new_blob) if blob.strip("0"))
        if not ids:
            return {}
        rows = self._git.read("cat-file", "--batch-check=%(objectsize)", given="\n".join(ids).encode()).split(b"\n")
        size_of = {blob: int(row) for blob, row in zip(ids, rows, strict=False) if row.isdigit()}
        huge = {}
        for entry in binary:
            sizes = {blob: size_of[blob] for blob in (entry.old_blob, entry.new_blob) if blob in size_of}
            if max(sizes.values(), default=0) >= HUGE_BLOB and not any(self._is_binary(blob) for blob in sizes):
                huge[entry.path] = f"it has {max(sizes.values()) / 1e6:.1f} MB, more than {HUGE_BLOB / 1e6:.1f} MB"
        return huge

    def _is_binary(self, blob: str) -> bool:
        """By git's own rule: a NUL within the first bytes."""
        with self._git.stream("cat-file", "blob", blob) as output:
            start = output.read(_SNIFF)
            _pass_over(output, None)
        return b"\0" in start


def _answer(output: IO[bytes], limit: int) -> bytes | None:
    header = output.readline().split()
    if len(header) != 3:
        return None
    size = int(header[2])
    if size > limit:
        _pass_over(output, size + 1)
        return None
    return output.read(size + 1)[:-1]


def _pass_over(output: IO[bytes], size: int | None) -> None:
    while size != 0:
        chunk = output.read(1 << 20 if size is None else min(size, 1 << 20))
        if not chunk:
            return
        if size is not None:
            size -= len(chunk)


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")
