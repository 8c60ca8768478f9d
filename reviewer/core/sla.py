"""When an audit must be submitted so that its findings are published in time, with the arithmetic shown.

What is guaranteed is the file round. A change made right after one submission waits for the next one, then for its
batches, which the API ends within 24 hours: together they must not exceed the SLA. What they leave of it is the
reserve, for the next `collect`, which publishes the findings, and for the rounds that follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.core.audit_cron import largest_gap, suggest
from reviewer.errors import ConfigError

BATCH_BOUND = timedelta(hours=24)
"""Within this time a batch ends, whatever became of its requests."""
COLLECT_GAP = timedelta(hours=2)
"""How long a `collect` may be away, where nobody says."""
_PUT_BACK = timedelta(hours=1)
_RESERVE_SHARE = 3
"""One part in so many of the largest interval is kept as reserve."""
_SUBMIT_MINUTE, _COLLECT_MINUTE = 23, 41


@dataclass(frozen=True, slots=True)
class Schedule:
    """An SLA's intervals. `largest` just meets it; `interval` is recommended, and leaves `reserve` for the rest."""

    sla: timedelta
    largest: timedelta
    interval: timedelta
    reserve: timedelta
    submit_cron: str
    collect_cron: str

    @property
    def arithmetic(self) -> str:
        """How the intervals follow from the SLA, as one sentence each."""
        return (
            f"SLA {span(self.sla)} − {span(BATCH_BOUND)} for a batch = {span(self.largest)}: submit at most every "
            f"{span(self.largest)}. Recommended: every {span(self.interval)}, which leaves {span(self.reserve)} for "
            "collecting and for the rounds after the first."
        )


@dataclass(frozen=True, slots=True)
class RoundFit:
    """Whether one later round fits into what the rounds before it left of the reserve."""

    name: str
    model: str
    p95: timedelta | None
    left: timedelta
    fits: bool

    def __str__(self) -> str:
        if self.p95 is None:
            return f"{self.name} round: not measured yet for {self.model}, so it may come after the deadline."
        verb = "fits" if self.fits else "does not fit, and may come after the deadline"
        took = f"95 of 100 batches of {self.model} took at most {span(self.p95)}"
        return f"{self.name} round: {verb}; {took}, and {span(self.left)} of the reserve are left."


@dataclass(frozen=True, slots=True)
class CronCheck:
    """Whether cron lines meet an SLA; `message` shows the sum.

    `warning` is a sentence where collecting takes more than the reserve that submissions leave, else empty.
    """

    holds: bool
    submit_gap: timedelta
    collect_gap: timedelta
    message: str
    warning: str = ""


def schedule_for(sla: timedelta) -> Schedule:
    """The schedule that meets an SLA. ConfigError for one that cannot be met."""
    largest = sla - BATCH_BOUND
    if largest <= timedelta(0):
        raise ConfigError(
            f"An SLA of {span(sla)} cannot be met.",
            f"A batch may take {span(BATCH_BOUND)}, so {span(sla)} − {span(BATCH_BOUND)} leaves no time to submit in.",
            "Set `audit: {sla: 30h}` or more; what must be quicker belongs into the review of pull requests.",
        )
    reserve = largest / _RESERVE_SHARE
    interval = largest - reserve
    collect_every = min(reserve / 2, timedelta(hours=2))
    try:
        crons = suggest(interval, _SUBMIT_MINUTE), suggest(max(collect_every, timedelta(minutes=5)), _COLLECT_MINUTE)
    except ConfigError as error:
        raise ConfigError(
            f"An SLA of {span(sla)} cannot be met.",
            f"It needs a submission every {span(interval)}, and GitHub fires no oftener than every five minutes.",
            "Set `audit: {sla: 30h}` or more.",
        ) from error
    return Schedule(sla, largest, interval, reserve, *crons)


def rounds_that_fit(
    reserve: timedelta, rounds: Sequence[tuple[str, str]], p95: Mapping[str, timedelta], collect_gap: timedelta
) -> tuple[RoundFit, ...]:
    """Which (name, model) rounds after the first run inside a reserve, by their models' measured batch times.

    Each round is begun by one `collect` and found by another, so it takes its batches' time and one gap more; the file
    round's own `collect` takes the first gap.
    """
    left = reserve - collect_gap
    fits = []
    for name, model in rounds:
        measured = p95.get(model)
        needed = BATCH_BOUND if measured is None else measured + collect_gap
        fits.append(RoundFit(name, model, measured, max(left, timedelta(0)), measured is not None and needed <= left))
        left -= needed
    return tuple(fits)


def check_cron(
    submit: Sequence[str], sla: timedelta, collect: Sequence[str] = (), zones: Mapping[str, str] | None = None
) -> CronCheck:
    """Whether these cron lines meet an SLA: the longest gap between submissions may be the SLA less a batch's time.

    The longest wait for a `collect` comes out of the reserve; without `collect` lines it is taken to be none. `zones`
    names the time zones of lines that have one. ConfigError for lines that cannot be read, or an SLA that no schedule
    meets.
    """
    schedule = schedule_for(sla)
    gap = _gap(submit, zones or {})
    wait = _gap(collect, zones or {}) if collect else timedelta(0)
    said = (
        f"up to {span(gap)} until the next submission, {span(BATCH_BOUND)} for its batches: {span(gap + BATCH_BOUND)}"
    )
    better = f"Submit with `{schedule.submit_cron}` and collect with `{schedule.collect_cron}`"
    if gap > schedule.largest:
        message = (
            f"The schedule does not meet the SLA of {span(sla)}: {said} in all, and submissions may be at most "
            f"{span(sla)} − {span(BATCH_BOUND)} = {span(schedule.largest)} apart. {better}, or set a longer SLA."
        )
        return CronCheck(False, gap, wait, message)
    left = schedule.largest - gap
    message = f"The schedule meets the SLA of {span(sla)}: {said} in all, which leaves {span(left)} in reserve."
    if wait <= left:
        return CronCheck(True, gap, wait, message)
    warning = (
        f"Warning: findings are published by the `collect` after the batches' end, up to {span(wait)} later, and the "
        f"reserve is {span(left)}: a batch that takes its whole {span(BATCH_BOUND)} may be published "
        f"{span(wait - left)} late. {better} to keep that in reserve."
    )
    return CronCheck(True, gap, wait, message, warning)


def _gap(lines: Sequence[str], zones: Mapping[str, str]) -> timedelta:
    """The longest time between two firings, at most: clocks of a time zone are put back by an hour once a year."""
    by_zone: dict[str, list[str]] = {}
    for line in lines:
        by_zone.setdefault(zones.get(line, "UTC"), []).append(line)
    gaps = (largest_gap(mine) + (_PUT_BACK if zone != "UTC" else timedelta(0)) for zone, mine in by_zone.items())
    return min(gaps, default=timedelta(0))


def deadline_of(previous: datetime | None, submitted: datetime, sla: timedelta) -> datetime:
    """When the file round's findings are due: the SLA runs from the oldest change it may hold, made just after the
    previous submission; the first audit's runs from its own submission."""
    return (previous or submitted) + sla


def at_risk(previous: datetime | None, now: datetime, sla: timedelta) -> str:
    """Why a submission now may miss its deadline although its batches keep their 24 hours; empty where it may not."""
    late = now + BATCH_BOUND - deadline_of(previous, now, sla)
    if late <= timedelta(0):
        return ""
    waited = span(now - previous) if previous else "0m"
    return (
        f"The deadline is at risk: the oldest change waited {waited} for this submission, its batches may take "
        f"{span(BATCH_BOUND)}, and the SLA is {span(sla)}, so findings may come {span(late)} late."
    )


def waits(begun: datetime, now: datetime, sla: timedelta) -> str:
    """What an audit that has not ended means for a submission now, and for the deadline of what changed since."""
    told = f"An audit that began {span(now - begun)} ago has not ended: what has changed since waits for its end."
    late = now + BATCH_BOUND - deadline_of(begun, now, sla)
    if late <= timedelta(0):
        return told
    return (
        f"{told} The deadline is at risk: batches may then take {span(BATCH_BOUND)}, and the SLA is {span(sla)}, so "
        f"findings may come {span(late)} late or more."
    )


def span(time: timedelta) -> str:
    """A length of time for people: `30h`, `6h 40m`, `7d`; seconds are left out above a minute."""
    minutes = int(abs(time).total_seconds() // 60)
    if not time:
        return "0m"
    if minutes < 1:
        return f"{int(abs(time).total_seconds())}s"
    sign = "-" if time < timedelta(0) else ""
    if minutes % 1440 == 0 and minutes >= 2880:
        return f"{sign}{minutes // 1440}d"
    hours, rest = divmod(minutes, 60)
    return sign + " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}m" if rest else "") if part)
