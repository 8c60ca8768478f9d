"""The locks, and the files that install from them."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.project.act import PROJECT

LOCKS = [PROJECT / f"locks/{name}.txt" for name in ("runtime", "offline", "dev", "browser", "fuzz")]
AS_LOCK = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)


def entries(lock: Path) -> list[str]:
    """One string a requirement, its hashes joined to it, comments gone."""
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    return text.replace("\\\n", " ").splitlines()


def pins(lock: Path) -> set[str]:
    return {entry.split(" ")[0] for entry in entries(lock)}


@AS_LOCK
def test_every_package_is_pinned_with_hashes(lock: Path) -> None:
    pinned = re.compile(r"[a-z0-9][a-z0-9-]*==[\w.+!]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")

    assert len(entries(lock)) > 20
    assert [entry for entry in entries(lock) if not pinned.fullmatch(entry)] == []


@AS_LOCK
def test_no_address_and_no_path_of_a_machine_stands_in_a_lock(lock: Path) -> None:
    assert re.findall(r"\w+://\S+|^--.*|(?<= )/\S+", lock.read_text(), re.MULTILINE) == []


def test_a_larger_lock_holds_the_smaller_one() -> None:
    runtime, offline, dev, browser, fuzz = map(pins, LOCKS)

    assert runtime < offline < dev < browser
    assert runtime < fuzz


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    asked = {re.split(r"[<>=~ ;\[]", line)[0].lower() for line in project["project"]["dependencies"]}

    assert asked - {pin.split("==")[0] for pin in pins(LOCKS[0])} == set()


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", "action.yml", ".ci/run"])
def test_whatever_is_installed_is_checked_against_a_lock(file: str) -> None:
    text = (PROJECT / file).read_text().replace("\\\n", " ")
    installs = re.findall(r"^.*(?:\bpip\b|\$\(PIP\)).* install .*$", text, re.MULTILINE)
    loose = [line for line in installs if not re.search(r"--require-hashes|--no-deps|\$\(UV\)$", line)]

    assert installs or file == ".ci/run"
    assert loose == []
