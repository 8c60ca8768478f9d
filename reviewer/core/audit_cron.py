"""Cron lines as GitHub's `schedule` reads them: five fields, UTC, names of months and days allowed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reviewer.errors import ConfigError

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_START = date(2027, 1, 1)
_CYCLE = 1461
"""Days in which every date comes up, the 29th of February too."""
_DAY = 1440


@dataclass(frozen=True, slots=True)
class Cron:
    """When a cron line fires: `minutes` of a day at which, on days that match."""

    line: str
    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def on(self, day: date) -> bool:
        """Whether it fires on a day. Where both kinds of day are restricted, either will do, as in any cron."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday


def parse_cron(line: str) -> Cron:
    """Read a cron line; ConfigError where GitHub would refuse it."""
    fields = line.split()
    if len(fields) != len(_FIELDS):
        raise _refused(line, f"It has {len(fields)} fields where five belong")
    minutes, hours, days, months, weekdays = (
        _values(line, field, *about) for field, about in zip(fields, _FIELDS, strict=True)
    )
    times = tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes))
    return Cron(line, times, days, months, weekdays, fields[2].startswith("*"), fields[4].startswith("*"))


def largest_gap(lines: Sequence[str]) -> timedelta:
    """The longest time between two firings of any of these lines, over four years.

    ConfigError for a line that cannot be read, for no lines, or for lines that never fire.
    """
    firings = _firings([parse_cron(line) for line in lines])
    first = last = next(firings, None)
    longest = 0
    if first is None or last is None:
        raise _refused(", ".join(lines) or "(none)", "It never fires")
    for minute in firings:
        longest = max(longest, minute - last)
        last = minute
    return timedelta(minutes=max(longest, first + _CYCLE * _DAY - last))


def _firings(crons: Sequence[Cron]) -> Iterator[int]:
    """Minutes from the start of the cycle, in order, each once."""
    for number in range(_CYCLE):
        day = _START + timedelta(days=number)
        minutes = {minute for cron in crons if cron.on(day) for minute in cron.minutes}
        yield from (number * _DAY + minute for minute in sorted(minutes))


def _values(line: str, field: str, name: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        ends = [str(low), str(high)] if span == "*" else [first, last if dash else str(high) if slash else first]
        numbers = [names.get(end, int(end) if end.isascii() and end.isdigit() else -1) for end in ends]
        every = int(step) if step.isascii() and step.isdigit() else 0 if slash else 1
        if every < 1 or not low <= numbers[0] <= numbers[1] <= high:
            raise _refused(line, f"{part!r} is no {name} ({low}-{high})")
        found.update(range(numbers[0], numbers[1] + 1, every))
    return frozenset(found)


def _refused(line: str, why: str) -> ConfigError:
    return ConfigError(f"The cron line {line!r} cannot be used.", f"{why}.", "Write five fields, such as `23 2 * * *`.")


def suggest(every: timedelta, minute: int) -> str:
    """A cron line that fires about that often but never less, at an odd minute: at full hours GitHub delays runs.

    Intervals above a day become a day; ConfigError for less than GitHub's five minutes.
    """
    whole = int(every.total_seconds() // 60)
    if whole < 5:
        raise ConfigError(
            f"A run every {whole} minutes cannot be scheduled.", "GitHub fires no oftener than every five minutes."
        )
    if whole < 60:
        step = max(size for size in (5, 6, 10, 12, 15, 20, 30) if size <= whole)
        return f"{','.join(str(minute % step + at) for at in range(0, 60, step))} * * * *"
    step = max(size for size in (1, 2, 3, 4, 6, 8, 12, 24) if size * 60 <= whole)
    hours = "*" if step == 1 else ",".join(str(hour) for hour in range(2 % step, 24, step))
    return f"{minute} {hours} * * *"
