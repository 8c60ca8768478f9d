"""Runs a review of a change set against a simulator, and what it took."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reviewer.config.settings import Settings
from reviewer.core.change import ChangeSet
from reviewer.core.plan import make_plan
from reviewer.core.progress import Silent
from reviewer.core.report import Estimate, PassReport
from reviewer.core.select import select
from reviewer.model.client import load_sdk
from reviewer.review.flow import Outcome
from reviewer.wiring import RunOptions, run_passes


@dataclass(frozen=True, slots=True)
class Run:
    """One review: what it found, the calls it made, its wall time in seconds."""

    outcome: Outcome
    passes: tuple[PassReport, ...]
    seconds: float


def review(changes: ChangeSet, base_url: str, settings: Mapping[str, Any] | None = None) -> Run:
    """Review through the whole path from plan to findings; the SDK's import is not counted."""
    load_sdk()
    env = {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": "bench"}
    made = Settings.model_validate(dict(settings or {}))
    started = time.monotonic()
    plan = make_plan(changes, select(changes))
    likely = Estimate(len(plan.units), 0, 0, Decimal(0))
    deadline = started + made.deadline.total_seconds()
    ran = run_passes(changes, plan, made, RunOptions(), env, Silent(), likely=likely, deadline=deadline)
    return Run(ran.outcome, ran.passes, time.monotonic() - started)


def table(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print measured ratios with their targets."""
    print(f"\n{title}")
    for name, figure, target in rows:
        print(f"  {name:<66} {figure:>12}   {target}")
