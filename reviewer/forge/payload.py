"""Reading JSON that others made: every look is tolerant, and what is missing or of another type is None or empty."""

from typing import Any


def at(data: Any, *path: str | int) -> Any:
    """The value at a path of keys and indexes, or None where the path ends early."""
    for step in path:
        if isinstance(step, str) and isinstance(data, dict):
            data = data.get(step)
        elif isinstance(step, int) and isinstance(data, list) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def text(data: Any, *path: str | int) -> str:
    """The string at a path, or an empty one."""
    value = at(data, *path)
    return value if isinstance(value, str) else ""


def whole(data: Any, *path: str | int) -> int:
    """The whole number at a path (also one written as a string, as GraphQL's big ones are), or 0."""
    value = at(data, *path)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else 0


def items(data: Any, *path: str | int) -> list[Any]:
    """The list at a path, or an empty one."""
    value = at(data, *path)
    return value if isinstance(value, list) else []
