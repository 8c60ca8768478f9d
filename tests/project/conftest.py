"""Fixtures of the tests of workflows, action and locks."""

from pathlib import Path

import pytest

from tests.project.act import ACT, Runner


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with an empty repository."""
    if not ACT.exists():
        pytest.skip("act is not installed in this environment; `make test` installs it from locks/dev.txt")
    (tmp_path / "origin/.github/workflows").mkdir(parents=True)
    return Runner(tmp_path)
