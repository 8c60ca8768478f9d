"""Pull requests to attack with."""

from tests.github.conftest import opened, reviewer

__all__ = ["opened", "reviewer"]
