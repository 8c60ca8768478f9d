"""A real git repository whose commits are written with fast-import, so that any path, mode and byte can be in them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Entry(NamedTuple):
    """A file that is not a plain text: its mode and bytes, or for a submodule its commit."""

    mode: str
    data: bytes


def executable(data: bytes = b"x\n") -> Entry:
    return Entry("100755", data)


def link(target: bytes) -> Entry:
    return Entry("120000", target)


def submodule(digit: str) -> Entry:
    return Entry("160000", digit.encode() * 40)


Files = Mapping[str | bytes, bytes | Entry]


def git(folder: Path, *args: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", *args], cwd=folder, env=ENVIRONMENT, input=given, capture_output=True, check=True
    ).stdout


class Repository:
    """`commit` puts one commit with exactly the given files on a branch and answers its id."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        git(folder.parent, "init", "-q", "-b", "main", *options, str(folder))

    def git(self, *args: str) -> str:
        return git(self.folder, *args).decode().strip()

    def commit(self, files: Files, branch: str = "main", message: str = "a change", parent: str = "") -> str:
        stream = f"commit refs/heads/{branch}\nmark :1\ncommitter A <a@b> 0 +0000\n".encode() + _data(message.encode())
        stream += f"from {parent}\n".encode() if parent else b""
        stream += b"deleteall\n"
        for path, entry in files.items():
            mode, data = entry if isinstance(entry, Entry) else ("100644", entry)
            name = _quoted(path if isinstance(path, bytes) else path.encode())
            if mode == "160000":
                stream += b"M 160000 %s %s\n" % (data, name)
            else:
                stream += b"M %s inline %s\n" % (mode.encode(), name) + _data(data)
        stream += b"get-mark :1\n"
        return git(self.folder, "fast-import", "--quiet", "--force", given=stream).decode().strip()

    def change(self, old: Files, new: Files) -> tuple[str, str]:
        """Two commits, one after the other."""
        base = self.commit(old)
        return base, self.commit(new, parent=base)


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


def _quoted(path: bytes) -> bytes:
    plain = b"".join(bytes([byte]) if 32 < byte < 127 and byte not in b'"\\' else b"\\%03o" % byte for byte in path)
    return b'"%s"' % plain
