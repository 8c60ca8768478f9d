"""What GitHub computes from a repository: the files of a comparison with their patches, commits, trees, blobs."""

import os
import re
import subprocess
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

STATUS = {
    "A": "added",
    "M": "modified",
    "D": "removed",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}
COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
# As GitHub computes diffs, whatever the machine's own configuration says.
CONFIG = ("-c", "diff.algorithm=myers", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false")
DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "-l1000")


@dataclass(frozen=True, slots=True)
class Limits:
    """GitHub's limits; tests lower them to reach them cheaply."""

    listed_files: int = 3000
    diff_files: int = 300
    diff_lines: int = 20_000
    diff_bytes: int = 1_000_000
    patch_lines: int = 20_000
    patch_bytes: int = 500_000
    listed_commits: int = 250
    content_bytes: int = 1_000_000
    graphql_text_bytes: int = 512_000
    tree_entries: int = 100_000
    sarif_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True)
class FileRow:
    """One changed file of a comparison. `patch` is None when git shows no hunks or a limit hides them."""

    path: str
    old_path: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; names, mails and ISO dates as git has them."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    committer: tuple[str, str, str]
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree; `size` is None for anything but a blob."""

    path: str
    mode: str
    type: str
    sha: str
    size: int | None


class GitData:
    """Reads one local git repository. Answers about commits are kept, as commits do not change."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.directory, self.limits = directory, limits
        self._files: dict[tuple[str, str], tuple[FileRow, ...]] = {}

    def run(self, *arguments: str) -> bytes | None:
        """The output of one git command, None if it fails."""
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        done = subprocess.run(
            ["git", "-C", str(self.directory), *CONFIG, *arguments], capture_output=True, env=env, check=False
        )
        return done.stdout if done.returncode == 0 else None

    def resolve(self, revision: str) -> str | None:
        """The commit a branch, tag, `heads/x` or sha means."""
        if not revision or revision.startswith("-"):
            return None
        out = self.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return None if out is None else out.decode().strip()

    def merge_base(self, base: str, head: str) -> str | None:
        """The commit both sides last had in common, None without one."""
        out = self.run("merge-base", base, head)
        return None if out is None else out.decode().split()[0]

    def files(self, base: str, head: str) -> tuple[FileRow, ...]:
        """Changed files between two commits (two dots), patches within the limits."""
        if (base, head) not in self._files:
            self._files[base, head] = tuple(self._hide_large(self._read_files(base, head)))
        return self._files[base, head]

    def diff_text(self, base: str, head: str) -> str:
        """The whole diff, as the diff media type gives it."""
        return (self.run(*DIFF, "-M", base, head) or b"").decode(errors="replace")

    def shift(self, old: str, new: str, path: str) -> str:
        """A diff of one path without context, to follow line numbers between two heads."""
        return (self.run(*DIFF, "-U0", old, new, "--", f":(literal){path}") or b"").decode(errors="replace")

    def _read_files(self, base: str, head: str) -> list[FileRow]:
        raw = (self.run(*DIFF, "-M", "--raw", "--no-abbrev", "-z", base, head) or b"").decode(errors="replace")
        counts = (self.run(*DIFF, "-M", "--numstat", "-z", base, head) or b"").decode(errors="replace")
        text = b"\n" + (self.run(*DIFF, "-M", "-p", base, head) or b"")
        blocks = iter(text.split(b"\ndiff --git ")[1:])
        numbers = iter(_numstat(counts))
        rows = []
        for status, old_sha, new_sha, old_path, path in _raw_entries(raw):
            # A type change is one raw entry but a removal and an addition in the patch.
            mine = list(islice(blocks, 2 if status == "T" else 1))
            additions, deletions = next(numbers)
            row = FileRow(
                path=path,
                old_path=old_path,
                status=STATUS[status],
                sha=old_sha if status == "D" else new_sha,
                additions=additions,
                deletions=deletions,
                patch=None if status == "T" else _hunks(mine[0]),
            )
            rows.append(row)
        return rows

    def _hide_large(self, rows: list[FileRow]) -> list[FileRow]:
        lines = size = 0
        shown = []
        for row in rows:
            patch = row.patch or ""
            own_lines, own_size = patch.count("\n") + bool(patch), len(patch.encode())
            large = own_lines > self.limits.patch_lines or own_size > self.limits.patch_bytes
            if not large:
                lines, size = lines + own_lines, size + own_size
            hidden = large or lines > self.limits.diff_lines or size > self.limits.diff_bytes
            shown.append(replace(row, patch=None) if hidden else row)
        return shown

    def commits(self, base: str, head: str) -> list[Commit]:
        """Commits of `head` that `base` lacks, oldest first."""
        out = self.run("log", "-z", "--reverse", "--topo-order", f"--format={COMMIT_FORMAT}", f"{base}..{head}") or b""
        fields = out.decode(errors="replace").split("\0")
        return [_commit(fields[at : at + 10]) for at in range(0, len(fields) - 9, 10)]

    def commit(self, sha: str) -> Commit:
        """One commit that is known to exist."""
        out = self.run("log", "-1", f"--format={COMMIT_FORMAT}", sha)
        assert out is not None, sha
        return _commit(out.decode(errors="replace").split("\0"))

    def tree(self, revision: str, recursive: bool = False) -> list[TreeEntry] | None:
        """Entries of a tree or of a commit's root, None if there is no such tree."""
        if revision.startswith("-"):
            return None
        out = self.run("ls-tree", "-z", "-l", "--full-tree", *(["-r", "-t"] if recursive else []), revision)
        if out is None:
            return None
        lines = [line.partition("\t") for line in out.decode(errors="replace").split("\0") if line]
        return [_entry(head.split(), path) for head, _, path in lines]

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """The file or folder at a path of a commit."""
        out = self.run("ls-tree", "-z", "-l", "--full-tree", commit, "--", path)
        lines = [line.partition("\t") for line in (out or b"").decode(errors="replace").split("\0") if line]
        return next((_entry(head.split(), name) for head, _, name in lines if name == path), None)

    def blob(self, sha: str) -> bytes | None:
        """A blob's content, None if there is no such blob."""
        return self.run("cat-file", "blob", sha) if re.fullmatch(r"[0-9a-f]{4,64}", sha) else None


def _entry(head: list[str], path: str) -> TreeEntry:
    mode, kind, sha, size = head
    return TreeEntry(path, mode, kind, sha, None if size == "-" else int(size))


def _commit(fields: list[str]) -> Commit:
    sha, tree, parents, an, ae, ad, cn, ce, cd, message = fields
    return Commit(sha.strip(), tree, tuple(parents.split()), (an, ae, ad), (cn, ce, cd), message.rstrip("\n"))


def _raw_entries(raw: str) -> list[tuple[str, str, str, str | None, str]]:
    parts = iter(raw.split("\0"))
    entries = []
    for head in parts:
        if not head:
            continue
        _, _, old_sha, new_sha, status = head.split()
        first = next(parts)
        moved = status[0] in "RC"
        entries.append((status[0], old_sha, new_sha, first if moved else None, next(parts) if moved else first))
    return entries


def _numstat(counts: str) -> list[tuple[int, int]]:
    parts = iter(counts.split("\0"))
    numbers = []
    for part in parts:
        if not part:
            continue
        added, deleted, path = part.split("\t", 2)
        if not path:  # a rename: the two names follow
            next(parts), next(parts)
        numbers.append((0, 0) if added == "-" else (int(added), int(deleted)))
    return numbers


def _hunks(block: bytes) -> str | None:
    at = block.find(b"\n@@ ")
    return None if at < 0 else block[at + 1 :].removesuffix(b"\n").decode(errors="replace")
