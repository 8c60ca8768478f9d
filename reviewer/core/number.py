"""Counts as people write them."""


def number(count: int, noun: str, plural: str = "") -> str:
    """`1 finding`, `2 findings`; `plural` where that is more than an s, or where a verb goes with it."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
