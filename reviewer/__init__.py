"""Reviewer: Claude reviews every pull request before the merge."""

__version__ = "0.1.0"
