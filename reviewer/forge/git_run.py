"""Git processes that nothing in a repository can make execute anything.

Objects are read through an empty repository of our own (a temporary folder) that borrows the real object store. So the
real `.git/config`, hooks, attributes, index and work tree, hence text converters, diff drivers, filters, monitors, lazy
fetching, and a change's own `*.py binary`, are not there at all. Only names (revisions, one remote) are looked up in
the real repository, by commands that read refs, commits and one setting.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from reviewer.errors import InputError

HUGE_BLOB = 32 * 1024 * 1024
"""Bytes from which git does not look into a file: it bounds git's memory, and ours for a single line."""

_REAL = (
    "--no-pager",
    *("-c", "safe.directory=*"),  # a CI checkout often belongs to another user; nothing of it is executed
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
)
_BUFFER = 1 << 20
_MEMORY = 3 << 30
"""Bytes that a git process may allocate: trees that hold each other a few times over name billions of files."""


class GitRunner:
    """Runs git for one repository, in the real one (`real`) or in the empty one over its objects (`read`, `stream`)."""

    def __init__(self, repo: Path) -> None:
        self._repo = repo
        self._env = _environment()
        hint = "Give the path of a git repository with --repo."
        if not repo.is_dir():
            raise InputError(f"{repo} is not a folder.", step=hint)
        found = self.real("rev-parse", "--show-object-format", "--git-path", "objects")
        if found.returncode:
            raise InputError(f"{repo} is not a git repository.", f"git says: {said(found.stderr)}.", hint)
        form, _, objects = os.fsdecode(found.stdout).rstrip("\n").partition("\n")
        mirror = tempfile.mkdtemp(prefix="reviewer-git-")
        weakref.finalize(self, shutil.rmtree, mirror, ignore_errors=True)
        _make_mirror(Path(mirror), form)
        self._inner = self._env | {"GIT_DIR": mirror, "GIT_OBJECT_DIRECTORY": str(repo.absolute() / objects)}

    def real(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """Run in the real repository, for commands that read refs, commits or one setting."""
        return _run([*_REAL, *args], self._env, cwd=self._repo)

    def read(self, *args: str | bytes, given: bytes = b"") -> bytes:
        """Run over the objects alone; `given` is its standard input. InputError where git fails."""
        done = _run(args, self._inner, given=given)
        if done.returncode:
            raise self._failed(done.stderr)
        return done.stdout

    @contextmanager
    def stream(self, *args: str, given: bytes = b"") -> Iterator[IO[bytes]]:
        """The same with the output as a stream, to be read to its end; EOFError of the reader means that git failed."""
        ended = False
        # Files on both other ends: however fast git reads and complains, no pipe can fill up and block it.
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaints:
            asked.write(given)
            asked.seek(0)
            with subprocess.Popen(
                ["git", *args],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=self._inner,
                bufsize=_BUFFER,
            ) as process:
                _bound(process)
                try:
                    yield cast(IO[bytes], process.stdout)
                except EOFError:
                    ended = True  # git stopped early: its complaint says more than the reader's
                except BaseException:
                    process.kill()
                    raise
            if process.returncode or ended:
                complaints.seek(0)
                raise self._failed(complaints.read())

    def _failed(self, stderr: bytes) -> InputError:
        return InputError(
            f"git cannot read the objects of {self._repo}: {said(stderr)}.",
            "The clone may be shallow or partial.",
            "Fetch whole commits; with actions/checkout, set `fetch-depth: 0` and no `filter`.",
        )


def _bound(process: subprocess.Popen[bytes]) -> None:
    """Where the system can, so that git gives up before the machine does."""
    if sys.platform == "linux":
        with suppress(OSError):
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


def said(stderr: bytes) -> str:
    """The last line of git's complaint, without its prefix."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
    return lines[-1].removeprefix("fatal: ").rstrip(".")[:300]


def _run(
    args: Sequence[str | bytes], env: dict[str, str], given: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *args], input=given, capture_output=True, env=env, cwd=cwd, check=False)
    except FileNotFoundError as error:
        raise InputError("git was not found.", "It is not on the PATH.", "Install git 2.39 or later.") from error


def _environment() -> dict[str, str]:
    # Relative folders on the PATH would mean folders of the repository.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {
        "PATH": os.pathsep.join(folder for folder in folders if Path(folder).is_absolute()),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
    }


def _make_mirror(folder: Path, form: str) -> None:
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    version = "repositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n" if form == "sha256" else ""
    (folder / "config").write_text(f"[core]\nbare = true\nbigFileThreshold = {HUGE_BLOB}\n{version}")
