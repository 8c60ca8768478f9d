"""make, as the one who has just cloned the project meets it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.act import PROJECT

TARGETS = {"help", "demo", "docs", "test", "lint", "fuzz", "explore", "bench", "record", "lock", "dist", "clean"}


def make(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {"PATH": path or os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        ["/usr/bin/env", "make", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout whose path has a space in it."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    shutil.copytree(PROJECT / "locks", folder / "locks")
    return folder


def test_help_names_every_target(clone: Path) -> None:
    done = make(clone)

    assert done.returncode == 0, done.stderr
    assert {line.split(":")[0].removeprefix("make ") for line in done.stdout.splitlines()} == TARGETS


def test_nothing_is_installed_twice(clone: Path) -> None:
    before = make(clone, "--dry-run", "test").stdout
    stamps = re.findall(r"\.venv/\.(?:dev|browser)-[0-9a-f]+", before)
    (clone / ".venv/bin").mkdir(parents=True)
    for name in (".venv/bin/python", *stamps):
        (clone / name).touch()

    assert "--require-hashes -r locks/dev.txt" in before
    assert make(clone, "--dry-run", "test").stdout.split() == [".venv/bin/python", "-m", "pytest", "-n", "2"]


@pytest.mark.parametrize("chromium", [True, False])
def test_the_browser_s_driver_is_installed_only_where_there_is_a_browser(
    clone: Path, tmp_path: Path, chromium: bool
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", "bash", "git", "sed"):
        (tools / name).symlink_to(shutil.which(name) or name)
    if chromium:
        (tools / "chromium").symlink_to("/bin/true")

    assert ("-r locks/browser.txt" in make(clone, "--dry-run", "test", path=str(tools)).stdout) is chromium


def test_a_changed_lock_installs_again(clone: Path) -> None:
    before = make(clone, "--dry-run", "demo").stdout
    (clone / "locks/offline.txt").write_text("changed\n")

    assert make(clone, "--dry-run", "demo").stdout != before


def test_without_a_python_the_message_says_what_to_do(clone: Path) -> None:
    done = make(clone, ".venv/bin/python", "PYTHON=/nowhere/python")

    assert done.returncode == 2
    assert "No Python >= 3.11 was found. Install one, or name it: make PYTHON=" in done.stderr
