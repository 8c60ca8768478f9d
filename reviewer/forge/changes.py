"""The change set of a pull request: the files endpoint first, the checkout's git where it falls short, blobs last.

The `.diff` media type is never read: it ends at 300 files, and its headers are ambiguous for some legal paths.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Status
from reviewer.core.diff import Unparsed, count_changes, parse_hunks
from reviewer.errors import InputError
from reviewer.forge.blobs import Blob, BlobReader
from reviewer.forge.client import Client
from reviewer.forge.compare import compare
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.git import Git
from reviewer.forge.payload import at, text, whole
from reviewer.forge.pull import PullRequest

CONTENT_LIMIT = 256 * 1024
"""Bytes of a file that is given whole."""
LISTED = 3000
"""GitHub lists no more files of a pull request, and does not say that it stops."""
COMPARED = 300
"""GitHub names no more files of a comparison of two commits."""

_STATUSES: dict[str, Status] = {
    "added": "added",
    "modified": "modified",
    "removed": "removed",
    "renamed": "renamed",
    "copied": "copied",
}
_SUBMODULE = re.compile(r"@@ [^\n]* @@\n(?:[-+]Subproject commit [0-9a-f]{40,64}(?:-dirty)?(?:\n|$))+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the files endpoint; `patch` may be missing. `sha` is the new blob (a removed file has its old one)."""

    path: str
    old_path: str | None
    status: Status
    sha: str
    additions: int
    deletions: int
    patch: str | None

    @property
    def before(self) -> str:
        """The path on the old side."""
        return self.old_path or self.path


def read_changes(client: Client, pull: PullRequest, checkout: Path | None) -> ChangeSet:
    """Every file of the pull request; files whose hunks are not to be had say why in `unreadable`."""
    what = f"Listing the files of pull request {pull.number}"
    rows = [_row(data) for data in client.pages(f"/pulls/{pull.number}/files", what)]
    source = _Source(client, pull, checkout)
    files = _files(rows, source, cut=len(rows) < pull.changed_files)
    missing = ""
    if len(files) < pull.changed_files:
        missing = (
            f"GitHub lists {len(rows)} of the {pull.changed_files} changed files (its limit is {LISTED}). "
            "Check out the pull request's head with its whole history (`fetch-depth: 0`) to have all of them reviewed."
        )
    changes = _change_set(client, pull, files, max(pull.changed_files, len(files)), missing)
    return replace(changes, commits=source.messages())


def read_range(client: Client, pull: PullRequest, base_sha: str, head_sha: str, checkout: Path | None) -> ChangeSet:
    """The change between two commits that is not a pull request's own, such as a merge group's share of it."""
    span = replace(pull, base_sha=base_sha, head_sha=head_sha)
    data = client.get(f"/compare/{base_sha}...{head_sha}", "Comparing the merge group with its base", {"per_page": 1})
    rows = [_row(row) for row in at(data, "files") or ()]
    cut = len(rows) >= COMPARED
    source = _Source(client, span, checkout)
    files = _files(rows, source, cut=cut)
    missing = ""
    if cut and not source.local():
        missing = (
            f"GitHub compares {COMPARED} files of two commits at most, and there may be more. "
            "Check out the merge group with its whole history (`fetch-depth: 0`) to have all of them reviewed."
        )
    return replace(_change_set(client, span, files, len(files), missing), commits=source.messages())


def _change_set(
    client: Client, pull: PullRequest, files: tuple[ChangedFile, ...], changed_files: int, missing: str
) -> ChangeSet:
    return ChangeSet(
        repository=client.repository,
        base_sha=pull.base_sha,
        head_sha=pull.head_sha,
        files=files,
        number=pull.number,
        title=pull.title,
        body=pull.body,
        changed_files=changed_files,
        missing=missing,
    )


def _row(data: Any) -> Row:
    return Row(
        path=text(data, "filename"),
        old_path=text(data, "previous_filename") or None,
        status=_STATUSES.get(text(data, "status"), "changed"),
        sha=text(data, "sha"),
        additions=whole(data, "additions"),
        deletions=whole(data, "deletions"),
        patch=at(data, "patch") if isinstance(at(data, "patch"), str) else None,
    )


class _Source:
    """Where hunks and contents come from beside the files endpoint. Each way is tried once, when it is first needed."""

    def __init__(self, client: Client, pull: PullRequest, checkout: Path | None) -> None:
        self._client, self._pull = client, pull
        self._git = _open(checkout)
        self._has_both = self._git is not None and self._git.has_commits(pull.base_sha, pull.head_sha)
        self.blobs = BlobReader(client, commits_of=0 if self._has_both else pull.number)
        self._merge_base: str | None = None
        self._local: dict[str, ChangedFile] | None = None

    def merge_base(self) -> str:
        """The commit that GitHub's diff starts from; empty where it has none."""
        if self._merge_base is None:
            base, head = self._pull.base_sha, self._pull.head_sha
            found = self._git.merge_base(base, head) if self._git and self._has_both else None
            self._merge_base = found or self._ask_merge_base(f"/compare/{base}...{head}")
        return self._merge_base

    def _ask_merge_base(self, path: str) -> str:
        # Later pages carry no files, which is most of the first page's weight.
        for page in (2, 1):
            try:
                data = self._client.get(path, "Finding the merge base", {"per_page": 1, "page": page})
            except GitHubError as failure:
                if failure.kind is not Kind.MISSING:
                    raise
                return ""
            if sha := text(data, "merge_base_commit", "sha"):
                return sha
        return ""

    def messages(self) -> tuple[str, ...]:
        """The messages of the change's commits: from the checkout, or as they came with the contents.

        Where neither has them there are none: asking for them would take a request more.
        """
        base, head = self._pull.base_sha, self._pull.head_sha
        try:
            return self._git.messages(base, head) if self._git and self._has_both else self.blobs.messages
        except InputError:
            return ()

    def local(self) -> Mapping[str, ChangedFile]:
        """The whole change from the checkout by new path; empty where it lacks one of the two commits."""
        if self._local is None:
            self._local = {}
            if self._git and self._git.has_commits(self._pull.head_sha) and (base := self.merge_base()):
                self._local = self._read_local(base)
        return self._local

    def _read_local(self, base: str) -> dict[str, ChangedFile]:
        git = self._git
        if git is None or not git.has_commits(base):
            return {}
        try:
            return {file.path: file for file in git.changed_files(base, self._pull.head_sha, CONTENT_LIMIT)}
        except InputError:
            return {}  # a partial clone lacks blobs of commits that it has; the API has them all

    def contents(self, rows: Sequence[Row]) -> dict[str, Blob]:
        """New sides by path: from the checkout where it has the head, the rest from the API."""
        wanted = {row.path: row.sha for row in rows if row.status != "removed" and row.sha}
        found = self._checked_out(tuple(wanted))
        blobs = self.blobs.read(sha for path, sha in wanted.items() if path not in found)
        return found | {path: blobs[sha] for path, sha in wanted.items() if path not in found and sha in blobs}

    def _checked_out(self, paths: Sequence[str]) -> dict[str, Blob]:
        if not self._git or not self._git.has_commits(self._pull.head_sha):
            return {}
        try:
            texts = self._git.read(self._pull.head_sha, paths)
        except InputError:
            return {}
        return {path: _decoded(raw) for path, raw in texts.items()}


def _open(checkout: Path | None) -> Git | None:
    try:
        return Git(checkout) if checkout else None
    except InputError:
        return None  # no repository there, or no git: the API has everything


def _decoded(raw: bytes) -> Blob:
    if b"\0" in raw:
        return Blob(None, len(raw), binary=True)
    return Blob(raw.decode("utf-8", "replace"), len(raw))


def _files(rows: Sequence[Row], source: _Source, *, cut: bool) -> tuple[ChangedFile, ...]:
    shown: dict[str, ChangedFile | None] = {row.path: _from_patch(row) for row in rows}
    status = {row.path: row.status for row in rows}
    if cut or any(file is None for file in shown.values()):
        for path, own in source.local().items():
            if shown.get(path) is None and (cut or path in shown):
                shown[path] = replace(own, status=status.get(path, own.status), commentable=False)
    lacking = [row for row in rows if shown[row.path] is None]
    bare = [row for row in rows if (file := shown[row.path]) is None or (file.content is None and not file.submodule)]
    contents = source.contents(bare)
    olds = _old_sides(lacking, contents, source)
    for row in lacking:
        shown[row.path] = _from_blobs(row, olds.get(row.path), contents.get(row.path))
    return tuple(_with_content(file, contents.get(path)) for path, file in shown.items() if file is not None)


def _from_patch(row: Row) -> ChangedFile | None:
    """The file as GitHub shows it, or None where its patch is missing or does not account for all changed lines."""
    made = ChangedFile(row.path, row.status, row.old_path, additions=row.additions, deletions=row.deletions)
    if row.patch is None:
        return replace(made, commentable=False) if row.status == "renamed" and not _changes(row) else None
    hunks = parse_hunks(row.patch)
    if isinstance(hunks, Unparsed) or count_changes(hunks) != (row.additions, row.deletions):
        return None
    return replace(made, hunks=hunks, submodule=_SUBMODULE.fullmatch(row.patch) is not None)


def _changes(row: Row) -> int:
    return row.additions + row.deletions


def _old_sides(lacking: Sequence[Row], contents: Mapping[str, Blob], source: _Source) -> dict[str, Blob]:
    """Old sides by new path, for the files whose hunks have to be computed."""
    removed = {row.path: row.sha for row in lacking if row.status == "removed" and row.sha}
    changed = [
        row
        for row in lacking
        if row.status not in ("added", "removed")
        and _changes(row)
        and (new := contents.get(row.path))
        and not new.binary
    ]
    wanted = removed
    if changed and (base := source.merge_base()):
        wanted = removed | {row.path: f"{base}:{row.before}" for row in changed}
    blobs = source.blobs.read(wanted.values())
    return {path: blobs[expression] for path, expression in wanted.items() if expression in blobs}


def _from_blobs(row: Row, old: Blob | None, new: Blob | None) -> ChangedFile:
    """The file with hunks computed from its two sides; GitHub shows no diff of it, so it takes no comments."""
    made = ChangedFile(
        row.path, row.status, row.old_path, additions=row.additions, deletions=row.deletions, commentable=False
    )
    side = old if row.status == "removed" else new
    if side is None:
        return replace(made, unreadable="GitHub shows no diff of it, and its content could not be read")
    if side.submodule:
        return replace(made, submodule=True)
    if side.binary or (old and old.binary):
        return replace(made, binary=True)
    if not _changes(row) and row.status != "removed" and row.patch is None:
        return made  # an empty file, or only its mode changed
    hunks = _compared(row, old, new)
    if isinstance(hunks, str):
        return replace(made, unreadable=hunks)
    additions, deletions = count_changes(hunks)
    return replace(made, hunks=hunks, additions=additions, deletions=deletions)


def _compared(row: Row, old: Blob | None, new: Blob | None) -> tuple[Hunk, ...] | str:
    """The hunks, or the reason why there are none."""
    step = "check out the pull request's head with its whole history (`fetch-depth: 0`) to have it reviewed"
    before = "" if row.status == "added" else old.text if old else None
    after = "" if row.status == "removed" else new.text if new else None
    if before is None or after is None:
        large = (old and old.large) or (new and new.large)
        why = "it is too large for that" if large else "its old content could not be read"
        return f"GitHub shows no usable diff of it, and {why}: {step}"
    hunks = compare(before, after)
    return f"GitHub shows no usable diff of it, and it changes too many lines: {step}" if hunks is None else hunks


def _with_content(file: ChangedFile, blob: Blob | None) -> ChangedFile:
    if file.content is not None or blob is None or file.status == "removed" or file.submodule:
        return file
    if blob.submodule:
        return replace(file, submodule=True)
    if blob.binary:
        return file if file.hunks else replace(file, binary=True)
    return replace(file, content=blob.text) if blob.text is not None and blob.size <= CONTENT_LIMIT else file
