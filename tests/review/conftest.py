"""The same runs and changes as for the commands."""

from tests.commands.conftest import large, reviewer, small

__all__ = ["large", "reviewer", "small"]
