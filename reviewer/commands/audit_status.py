"""`reviewer audit status`: how far the audit is, what it cost, how batches and the cache have behaved. No calls."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reviewer.audit.budgeting import spent, unsure
from reviewer.audit.document import AuditDocument
from reviewer.audit.durations import durations_by_model
from reviewer.clock import SystemClock
from reviewer.commands.audit import AuditSource, opened, state_settings
from reviewer.core.number import number
from reviewer.core.pricing import Price, cost_together, dollars, price_of
from reviewer.core.sla import span
from reviewer.guard.terminal import plain
from reviewer.publish.files import write_whole
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit
from reviewer.wiring import RunOptions, prices_of


def run(source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Print it, and write it where `--json` says."""
    clock = SystemClock()
    settings = state_settings(source, options, env)
    if "://" not in settings.audit.state and not Path(settings.audit.state).exists():
        status: dict[str, Any] = {"schema_version": 1, "state": "complete", "audit": None}
    else:
        with opened(settings.audit.state, clock) as state, state.reading():
            status = status_of(state, clock)
    if options.json:
        write_whole(options.json, json.dumps(status, indent=2) + "\n")
    _show(status, console)
    return 0


def status_of(state: AuditState, clock: SystemClock) -> dict[str, Any]:
    """The status as JSON."""
    audit = state.audits.unfinished() or state.audits.latest()
    if audit is None:
        return {"schema_version": 1, "state": "complete", "audit": None}
    document = AuditDocument.read(audit.document)
    prices = prices_of(document.settings, document.engine)
    return {
        "schema_version": 1,
        "state": audit.status,
        "audit": audit.id,
        "stage": audit.stage,
        "started_at": audit.started_at.isoformat(),
        "ended_at": audit.ended_at.isoformat() if audit.ended_at else None,
        "engine": document.engine,
        "full": document.full,
        "repositories": [{"name": each.name, "commit": each.commit} for each in document.repositories],
        "rounds": {name: dict(counts) for name, counts in state.requests.counts(audit.id).items()},
        "sample": document.sampled,
        "cache_marking": document.marking,
        "cost": _cost(state, audit, prices, Decimal(document.lost)),
        "batches": _batches(state, clock),
        "cache": _cache(state),
    }


def _cost(state: AuditState, audit: Audit, prices: Mapping[str, Price], lost: Decimal) -> dict[str, str]:
    """`possibly_lost_usd`: at most so much was paid beside `usd` for answers that did not arrive."""
    sync = Decimal(0)
    for row in state.figures.spent(audit.id):
        sync += cost_together(row.usage, price_of(row.model, prices), long=row.large)
    lost += unsure(state, audit.id, prices).usd
    return {
        "usd": dollars(spent(state, audit.id, prices)),
        "sync_usd": dollars(sync),
        "possibly_lost_usd": dollars(lost),
    }


def _batches(state: AuditState, clock: SystemClock) -> dict[str, dict[str, Any]]:
    figures = durations_by_model(state.figures.durations(), clock.now())
    return {
        model: {
            "ended": each.ended,
            "running": each.running,
            "median_seconds": _seconds(each.median),
            "p95_seconds": _seconds(each.p95),
        }
        for model, each in figures.items()
    }


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else round(time.total_seconds(), 1)


def _cache(state: AuditState) -> list[dict[str, Any]]:
    return [
        {
            "lane": use.lane,
            "model": use.model,
            "prefix": use.prefix[:12],
            "ttl": use.ttl,
            "requests": use.requests,
            "hit_rate": round(use.read / (use.read + use.written), 4) if use.read + use.written else None,
        }
        for use in state.figures.cache_use()
    ]


def _show(status: Mapping[str, Any], console: Console) -> None:
    if not status["audit"]:
        console.print("No audit has been submitted yet.")
        return
    told = status["cost"]
    head = f"Audit {status['audit']}: {status['state']}, {status['stage']}; ${told['usd']} paid"
    console.print(Text(plain(f"{head}, ${told['sync_usd']} on the synchronous API.")), soft_wrap=True)
    if Decimal(told["possibly_lost_usd"]):
        console.print(f"Possibly paid and lost: answers that did not arrive, at most ${told['possibly_lost_usd']}.")
    for name, counts in status["rounds"].items():
        parts = ", ".join(f"{count:,} {state}" for state, count in counts.items())
        console.print(Text(plain(f"{name} round: {parts}")))
    table = Table("model", "ended", "running", "median", "p95", title="Batches")
    for model, each in status["batches"].items():
        times = (_time(each["median_seconds"]), _time(each["p95_seconds"]))
        table.add_row(plain(model), str(each["ended"]), str(each["running"]), *times)
    if status["batches"]:
        console.print(table)
    for use in status["cache"]:
        console.print(Text(plain(f"cache: {use['lane']}, {use['model']}, {use['ttl']}: {_hits(use)}")))


def _hits(use: Mapping[str, Any]) -> str:
    asked = number(use["requests"], "request")
    rate = use["hit_rate"]
    return f"hits not measured, {asked} neither wrote nor read it" if rate is None else f"{rate:.0%} hits of {asked}"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else span(timedelta(seconds=seconds))
