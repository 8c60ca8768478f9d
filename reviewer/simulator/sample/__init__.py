"""The bundled sample: a small billing service and a pull request against it, with known bugs in `known.json`.

`base/` and `head/` are data, two states of the service's repository; nothing in them is ever imported.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
BRANCH = "currencies-and-reminders"
# The first commit of the service's history had only these.
FIRST = (
    "README.md",
    "requirements.txt",
    "Makefile",
    "billing/__init__.py",
    "billing/models.py",
    "billing/repository.py",
)
COMMITS = (
    ("Mara Lind", "mara@shop.example", "2025-09-01T09:00:00+00:00", "Start the billing service"),
    ("Mara Lind", "mara@shop.example", "2025-09-15T14:30:00+00:00", "Add payments, reports and the checkout page"),
    ("Jana Kern", "jana@shop.example", "2025-10-06T16:45:00+00:00", "Charge in other currencies, send reminders"),
)  # fmt: skip


def materialise(folder: Path) -> tuple[str, str]:
    """Make a git repository of the sample in `folder` (created if need be, must be empty): (base sha, head sha).

    `main` is the base, the branch of the pull request is checked out; the shas are the same on every machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. The sample makes a repository of its own. Name a new folder.")
    _git(folder, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    for key in ("core.fileMode=false", "core.autocrlf=false", "core.hooksPath=/dev/null", "commit.gpgSign=false"):
        _git(folder, "config", *key.split("="))
    _commit(folder, "base", FIRST, 0)
    base = _commit(folder, "base", files("base"), 1)
    _git(folder, "checkout", "--quiet", "-b", BRANCH)
    return base, _commit(folder, "head", files("head"), 2)


def files(side: str) -> tuple[str, ...]:
    """Paths of the files in one of the two trees, sorted; what Python compiles on installation is none of them."""
    root = HERE / side
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return tuple(sorted(path.relative_to(root).as_posix() for path in found))


def _commit(folder: Path, side: str, paths: Iterable[str], number: int) -> str:
    for entry in folder.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((HERE / side / path).read_bytes())
    author, mail, date, message = COMMITS[number]
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", author), ("EMAIL", mail), ("DATE", date))
    }
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--no-verify", "-m", message, more=who)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str, more: dict[str, str] | None = None) -> str:
    """Run git without any configuration of the user or the machine."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=environment | (more or {}),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
