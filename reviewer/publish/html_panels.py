"""The panels beside the findings: what was paid and saved, passes by kind, and files, as the HTML report shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from reviewer.core.report import Cost, FileReport, PassReport, Report
from reviewer.core.request import Usage

MOST_FILES, MOST_PASSES = 2_000, 500
"""Rows of one table: the JSON report has all, and a page with a hundred thousand rows is no page."""


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a bar of 100 units: its name, where it begins, how wide it is."""

    name: str
    start: float
    width: float
    usd: Decimal


@dataclass(frozen=True, slots=True)
class PassKind:
    """The requests of one kind to one model on one lane, together."""

    kind: str
    model: str
    lane: str
    requests: int
    answered: int
    memo: int
    again: int
    usage: Usage
    usd: Decimal


def cost_shares(cost: Cost) -> tuple[Share, ...]:
    """What the same would have cost without batches and cache, in parts; empty where nothing was paid or saved."""
    parts = (
        ("paid", cost.usd),
        ("saved by batches", cost.sync_usd - cost.usd),
        ("saved by the cache", max(Decimal(0), cost.cache_saved)),
    )
    total = sum((usd for _, usd in parts), Decimal(0))
    if total <= 0 or min(usd for _, usd in parts) < 0:
        return ()
    shares, start = [], 0.0
    for name, usd in parts:
        width = float(100 * usd / total)
        shares.append(Share(name, start, width, usd))
        start += width
    return tuple(share for share in shares if share.width > 0)


def cache_share(usage: Usage) -> float:
    """Share of the input tokens that came from the cache, in percent."""
    return 100 * usage.cache_read_input_tokens / usage.total_input if usage.total_input else 0.0


def pass_kinds(passes: Iterable[PassReport]) -> list[PassKind]:
    """The passes by kind, model and lane, in the order in which the kinds first came."""
    order: dict[str, int] = {}
    for made in passes:
        order.setdefault(made.kind, len(order))
    ordered = sorted(passes, key=lambda made: (order[made.kind], made.model, made.lane))
    return [
        _together(*key, list(group))
        for key, group in groupby(ordered, key=lambda made: (made.kind, made.model, made.lane))
    ]


def _together(kind: str, model: str, lane: str, passes: list[PassReport]) -> PassKind:
    usage = Usage()
    for made in passes:
        usage += made.usage
    return PassKind(
        kind,
        model,
        lane,
        len(passes),
        sum(made.outcome == "answered" for made in passes),
        sum(made.memo for made in passes),
        sum(made.attempts > 1 for made in passes),
        usage,
        sum((made.usd for made in passes), Decimal(0)),
    )


def listed_files(report: Report) -> tuple[list[FileReport], int]:
    """The rows of the table of files, those not reviewed first, and how many found no room."""
    ordered = sorted(report.files, key=lambda file: file.reviewed)
    return ordered[:MOST_FILES], max(0, len(ordered) - MOST_FILES)
