"""Fuzzing of everything that strangers write: targets, seeds, and a runner (`python -m tests.fuzz`)."""
