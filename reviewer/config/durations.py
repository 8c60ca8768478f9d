"""Durations as people write them: `20s`, `15m`, `24h`, `7d`."""

import re
from datetime import timedelta

_FORM = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: object) -> timedelta:
    """Read a duration; ValueError with the forms that are known for anything else."""
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no duration; write a number and a unit, such as 20s, 15m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def format_duration(duration: timedelta) -> str:
    """The shortest such form that is exact."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
