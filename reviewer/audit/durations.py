"""How long batches take, per model; those still running count as at least as long as they have been running."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from reviewer.store.audit_values import Duration

_BELIEVED_FROM = 5
"""Batches from which a 95th percentile says something."""


@dataclass(frozen=True, slots=True)
class Durations:
    """One model's batches."""

    ended: int
    running: int
    median: timedelta | None
    p95: timedelta | None


def durations_by_model(durations: Iterable[Duration], now: datetime) -> Mapping[str, Durations]:
    """A batch that is still running is counted with its age where that is above the median: a stalled day is slow."""
    by_model: dict[str, list[Duration]] = defaultdict(list)
    for each in durations:
        by_model[each.model].append(each)
    return {model: _figures(found, now) for model, found in by_model.items()}


def p95_by_model(durations: Iterable[Duration], now: datetime) -> dict[str, timedelta]:
    """Of the models of which enough batches are known."""
    return {model: known.p95 for model, known in durations_by_model(durations, now).items() if known.p95}


def _figures(found: list[Duration], now: datetime) -> Durations:
    took = sorted(each.ended_at - each.created_at for each in found if each.ended_at)
    running = [now - each.created_at for each in found if each.ended_at is None]
    middle = timedelta(seconds=median(each.total_seconds() for each in took)) if took else None
    counted = sorted([*took, *(age for age in running if middle is None or age > middle)])
    p95 = counted[max(0, -(-len(counted) * 95 // 100) - 1)] if len(counted) >= _BELIEVED_FROM else None
    return Durations(len(took), len(running), middle, p95)
