"""The offline rules' linters see the text that they are given, and nothing of the environment or a repository."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer.simulator.brain import tools

WRITES = """#!/bin/sh
/usr/bin/env > {seen}
pwd >> {seen}
echo '[]'
"""


@pytest.fixture(autouse=True)
def _looked_for_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No tool stands beside the interpreter."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none" / "python"))
    tools.located.cache_clear()
    yield
    tools.located.cache_clear()


def tool(folder: Path, seen: Path) -> Path:
    folder.mkdir()
    path = folder / "ruff"
    path.write_text(WRITES.format(seen=seen))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("path", ["repo", ".", "", "repo:./repo::"])
def test_a_tool_of_the_repository_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    tool(tmp_path / "repo", tmp_path / "seen")
    monkeypatch.chdir(tmp_path if "repo" in path else tmp_path / "repo")
    monkeypatch.setenv("PATH", path)
    assert tools.located("ruff") is None
    assert tools.ruff("import os\n", ["F401"]) is None
    assert not (tmp_path / "seen").exists()


def test_a_tool_gets_an_empty_environment_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tool(tmp_path / "bin", tmp_path / "seen")
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_0123456789abcdef")
    monkeypatch.setenv("RUFF_CONFIG", "/x")
    assert tools.located("ruff") == str(path)
    assert tools.ruff("import os\n", ["F401"]) == json.loads("[]")
    *given, folder = (tmp_path / "seen").read_text().splitlines()
    assert {line.partition("=")[0] for line in given} <= {"PWD", "_", "SHLVL", "OLDPWD"}
    assert folder == "/"
