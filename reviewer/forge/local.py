"""Change sets without a forge: a range of a local repository, or a unified diff."""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from reviewer.core.change import ChangeSet
from reviewer.core.patchfile import parse_patch_file
from reviewer.errors import InputError
from reviewer.forge.git import Git

_TITLE = 1_000
# host/owner/name behind a scheme, or host:owner/name; what stands before the last two parts may hold a password.
_REMOTE = re.compile(r"(?:(?:https?|ssh|git)://[^/\s]+/|[^/\s:]+:(?!/))(?:\S*/)?([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def local_change_set(repo: Path, base: str, head: str) -> ChangeSet:
    """What `head` changes since it left `base` (`base...head`), like a pull request's diff."""
    git = Git(repo)
    base_sha, head_sha, fork_point = git.resolve_range(base, head)
    if fork_point is None:
        raise InputError(
            f"{base!r} and {head!r} have no common ancestor.",
            "The clone may be shallow.",
            "Fetch the whole history; with actions/checkout, set `fetch-depth: 0`.",
        )
    files = git.changed_files(fork_point, head_sha)
    commits = git.messages(fork_point, head_sha)
    return ChangeSet(
        repository=repository_name(git),
        base_sha=base_sha,
        head_sha=head_sha,
        files=files,
        title=opening_title(commits),
        commits=commits,
        changed_files=len(files),
    )


def opening_title(messages: Sequence[str]) -> str:
    """The title of the first commit of a change, as git has it: it stays when more commits follow."""
    first = messages[0] if messages else ""
    return " ".join(first.partition("\n\n")[0].split("\n"))[:_TITLE]


def repository_name(git: Git) -> str:
    """`owner/name` by the remote `origin`, else the folder's name."""
    remote = _REMOTE.fullmatch(git.origin())
    return remote[1] if remote else git.repo.resolve().name


def patch_change_set(data: bytes) -> ChangeSet:
    """The change set of a unified diff as it came from a file or standard input; without any bytes, one of no files."""
    text = _decoded(data)
    files = parse_patch_file(text)
    if not files and text.strip():
        raise InputError(
            "The input is not a unified diff.",
            "It has no file header (`diff --git`, or `---` and `+++`).",
            "Make one with `git diff BASE...HEAD`.",
        )
    return ChangeSet(repository="", base_sha="", head_sha="", files=files, changed_files=len(files))


def _decoded(data: bytes) -> str:
    # PowerShell writes redirected output as UTF-16.
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
