"""The last audits as two rows of bars: findings by severity, and what each run cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reviewer.core.audit_trend import RunFigures
from reviewer.core.finding import Severity
from reviewer.core.number import number
from reviewer.publish.wording import dollars

WIDTH, FINDINGS_HEIGHT, COST_HEIGHT = 480, 120, 56
_WIDEST, _GAP = 34.0, 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of the picture; `tone` is a severity, or paid, or saved."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    """One run: its bars, and what it says in words."""

    run: RunFigures
    bars: tuple[Bar, ...]
    costs: tuple[Bar, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The picture; `most` and `dearest` are what the tallest bars stand for."""

    columns: tuple[Column, ...]
    most: int
    dearest: Decimal
    told: str


def trend(runs: Sequence[RunFigures]) -> Trend | None:
    """The picture of two or more runs, oldest first; None for fewer, which show no trend."""
    if len(runs) < 2:
        return None
    most = max(run.findings for run in runs)
    dearest = max(max(run.usd, run.sync_usd) for run in runs)
    step = WIDTH / len(runs)
    width = min(_WIDEST, step * (1 - _GAP))
    columns = tuple(
        Column(run, _stack(run, at * step, width, most), _costs(run, at * step, width, dearest), _told(run))
        for at, run in enumerate(runs)
    )
    first, last = runs[0], runs[-1]
    told = (
        f"{number(len(runs), 'audit')} from {first.day} to {last.day}: from {number(first.findings, 'finding')} to "
        f"{last.findings:,}, the last one for {dollars(last.usd)}."
    )
    return Trend(columns, most, dearest, told)


def _stack(run: RunFigures, x: float, width: float, most: int) -> tuple[Bar, ...]:
    """The worst at the foot, where its height is read best."""
    bars, foot = [], float(FINDINGS_HEIGHT)
    for severity, count in zip(Severity, run.severities, strict=True):
        if count:
            height = FINDINGS_HEIGHT * count / most
            foot -= height
            bars.append(Bar(x, foot, width, max(1.0, height - 1), str(severity)))
    return tuple(bars)


def _costs(run: RunFigures, x: float, width: float, dearest: Decimal) -> tuple[Bar, ...]:
    def bar(amount: Decimal, tone: str) -> Bar:
        height = max(1.0, COST_HEIGHT * float(amount / dearest)) if dearest else 0.0
        return Bar(x, COST_HEIGHT - height, width, height, tone)

    return (bar(run.sync_usd, "saved"), bar(run.usd, "paid"))


def _told(run: RunFigures) -> str:
    return (
        f"{run.day}: {number(run.findings, 'finding')}, {run.new:,} new, {run.fixed:,} fixed; "
        f"{dollars(run.usd)} paid, {dollars(run.sync_usd)} on the synchronous API"
    )
