"""Runs of the command line, and changes to run it on."""

from pathlib import Path

import pytest

from tests.commands.runner import Runner
from tests.known_answers import Change, make_change


@pytest.fixture
def reviewer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    folder = tmp_path / "run"
    folder.mkdir()
    return Runner(folder, capsys)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """12 files: a bug in each, two across files, two claims that do not hold."""
    return make_change(tmp_path_factory.mktemp("small") / "shop", 12, across=2, wrong=2)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """60 files: a bug in each, six across files, six claims that do not hold."""
    return make_change(tmp_path_factory.mktemp("large") / "shop", 60, across=6, wrong=6)
