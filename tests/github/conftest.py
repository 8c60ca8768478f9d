"""Pull requests to run `reviewer pr` on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.commands.conftest import reviewer
from tests.commands.runner import Runner
from tests.github.stage import Stage, code, stage

__all__ = ["opened", "reviewer"]


@pytest.fixture
def opened(reviewer: Runner, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Opens a pull request: unless told otherwise, of two files with one bug each."""
    with ExitStack() as stack:

        def make(before: dict[str, str] | None = None, after: dict[str, str] | None = None, **more: object) -> Stage:
            first = before or {"a.py": code(), "b.py": code()}
            second = after or {"a.py": code("high: Wrong sum"), "b.py": code("low: Odd name")}
            return stack.enter_context(stage(reviewer, tmp_path, first, second, **more))  # type: ignore[arg-type]

        yield make
