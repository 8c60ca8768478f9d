"""The composition root: from options and settings to a lane, a memo and a review; it alone knows them all."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reviewer.clock import Clock, SystemClock
from reviewer.config.loading import Loaded, load, read_text
from reviewer.config.settings import PriceOverride, Settings
from reviewer.core.change import ChangeSet
from reviewer.core.number import number
from reviewer.core.plan import Plan
from reviewer.core.pricing import Price, price_like
from reviewer.core.progress import Progress
from reviewer.core.report import Engine, Estimate, PassReport
from reviewer.guard.environment import MIN_LENGTH, READ_IN_PLACE, secret_names, secret_values
from reviewer.guard.outgoing import protect
from reviewer.guard.workflow import log, masks

if TYPE_CHECKING:
    from reviewer.audit.driver import Driver
    from reviewer.prompts.render import Prompter
    from reviewer.review.asking import AnswerMemo
    from reviewer.review.flow import Outcome, ReviewFlow
    from reviewer.store.audit import AuditState

CONFIG_NAME = ".github/reviewer.yml"
_NEAR = (Decimal("0.6"), Decimal("1.6"))
"""Shares of the cap between which an estimate is checked against the API's own count."""
_COUNTED = 8


@dataclass(frozen=True, slots=True)
class Ran:
    """What the passes came to, every call they made, and what it had been estimated to cost.

    `unsure` is what calls that broke off may have cost beyond what is known of them, in dollars. `interrupted`: it is
    what there was when the run was told to stop.
    """

    outcome: "Outcome"
    passes: tuple[PassReport, ...]
    estimate: Estimate
    unsure: Decimal = Decimal(0)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The flags that all reviewing commands share. `flags` holds those that are settings, by key; None: not given."""

    engine: Engine = "anthropic"
    dry_run: bool = False
    json: Path | None = None
    sarif: Path | None = None
    html: Path | None = None
    config: Path | None = None
    show_config: bool = False
    verbose: bool = False
    force: bool = False
    flags: Mapping[str, Any] = field(default_factory=dict)


def settings_of(options: RunOptions, env: Mapping[str, str], base_config: str | None) -> Loaded:
    """The settings in force. `--config` takes the place of the base commit's file (rule 8)."""
    if options.config is None:
        return load(base_config, CONFIG_NAME, env, options.flags)
    return load(read_text(options.config), str(options.config), env, options.flags)


def prices_of(settings: Settings, engine: Engine) -> dict[str, Price]:
    """Prices that differ from the list. The offline engine costs nothing, and the report should say so."""
    if engine == "offline":
        models = settings.models
        used = (models.review, models.integration, models.verify, models.audit)
        return {model: price_like(model, *[Decimal(0)] * 5) for model in used}
    return {model: _price(model, override) for model, override in settings.prices.items()}


def _price(model: str, given: PriceOverride) -> Price:
    return price_like(
        model,
        given.input,
        given.output,
        given.cache_write_5m or given.input * Decimal("1.25"),
        given.cache_write_1h or given.input * 2,
        given.cache_read or given.input / 10,
    )


@contextmanager
def engine_env(engine: Engine, env: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The environment for the SDK: as it is, or pointing to the simulator, which runs inside the block."""
    if engine == "anthropic":
        yield env
        return
    from reviewer.simulator import Behaviour, Simulator

    with Simulator(Behaviour(keep_bodies=False)) as simulator:
        yield {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": "offline", "NO_PROXY": "127.0.0.1"}


@contextmanager
def memo_of(
    settings: Settings, engine: Engine, clock: Clock, mode: Literal["use", "renew"]
) -> "Iterator[AnswerMemo | None]":
    """The store of answers already paid for, where `cache-dir` names one; `renew` only writes (a forced rerun)."""
    if not settings.cache_dir:
        yield None
        return
    from reviewer.store.memo import Memo, WriteOnly

    # Answers of the offline engine must never be taken for the model's.
    memo = Memo(Path(settings.cache_dir) / engine, clock.now())
    try:
        yield memo if mode == "use" else WriteOnly(memo)
    finally:
        memo.close()
        if memo.problem:
            print(log(f"reviewer: {memo.problem}"), file=sys.stderr)


def prompter_of(changes: ChangeSet, settings: Settings) -> "Prompter":
    """Makes this run's prompts; its marker is random, so that nothing in the change can imitate a block."""
    from reviewer.guard.untrusted import new_tag
    from reviewer.prompts.render import Prompter

    return Prompter(changes, new_tag(secrets.token_bytes(8)), settings.instructions)


def run_passes(
    changes: ChangeSet,
    plan: Plan,
    settings: Settings,
    options: RunOptions,
    env: Mapping[str, str],
    progress: Progress,
    *,
    likely: Estimate,
    deadline: float,
    clock: Clock | None = None,
) -> Ran:
    """Ask the model everything the plan and its answers call for. `deadline` is a monotonic time of `clock`."""
    import asyncio

    from reviewer.model.budget import Budget
    from reviewer.model.client import make_client
    from reviewer.model.opening import open_lane
    from reviewer.model.window import CEILING
    from reviewer.review.asking import Asker
    from reviewer.review.flow import ModelChoice, ReviewFlow
    from reviewer.review.pressure import Pressure

    clock = clock or SystemClock()
    prices = prices_of(settings, options.engine)
    models = ModelChoice(settings.models.review, settings.models.integration, settings.models.verify)
    budget = Budget(settings.budget_usd, prices)

    async def review(sdk_env: Mapping[str, str], memo: "AnswerMemo | None") -> Ran:
        async with make_client(sdk_env, CEILING) as client:
            prompter = prompter_of(changes, settings)
            estimate = await _refined(likely, settings, plan, prompter, client)
            progress.note(_told(estimate, settings.budget_usd))
            lane = open_lane(client, clock, settings.limits, budget=budget, prices=prices, deadline=deadline)
            asker = Asker(lane, progress, memo, prices)
            pressure = Pressure(lane, deadline - clock.monotonic())
            flow = ReviewFlow(changes, plan, prompter, asker, models, pressure, progress)
            outcome, interrupted = await _until_stopped(flow)
            return Ran(outcome, tuple(asker.passes), estimate, budget.unsure, interrupted)

    mode: Literal["use", "renew"] = "renew" if options.force else "use"
    with engine_env(options.engine, env) as sdk_env, memo_of(settings, options.engine, clock, mode) as memo:
        return asyncio.run(review(sdk_env, memo))


async def _until_stopped(flow: "ReviewFlow") -> "tuple[Outcome, bool]":
    """What the flow came to, and whether it was stopped before its end."""
    import asyncio

    from reviewer.review.stopping import stoppable

    try:
        with stoppable():
            return await flow.run(), False
    except asyncio.CancelledError:  # what is paid for is told; the answers are in the memo
        return flow.so_far(), True


async def _refined(likely: Estimate, settings: Settings, plan: Plan, prompter: "Prompter", client: Any) -> Estimate:
    """The estimate, with the API's own count of the largest units where ours is too near the cap to go by."""
    cap = settings.budget_usd
    if cap is None or not cap * _NEAR[0] <= likely.usd <= cap * _NEAR[1]:
        return likely
    from reviewer.model.counting import measured_ratio

    largest = sorted(plan.units, key=lambda unit: unit.tokens, reverse=True)[:_COUNTED]
    ratio = await measured_ratio(client, [prompter.review(unit, settings.models.review) for unit in largest])
    if ratio is None:
        return likely
    return replace(likely, input_tokens=int(likely.input_tokens * ratio), usd=likely.usd * Decimal(ratio))


def _told(estimate: Estimate, cap: Decimal | None) -> str:
    told = f"estimate: {number(estimate.requests, 'request')}, about ${estimate.usd:.2f}"
    over = cap is not None and estimate.usd > cap
    return f"{told}, above the budget of ${cap}: what does not fit will be named" if over else told


@contextmanager
def audit_driver(
    state: "AuditState", settings: Settings, engine: Engine, env: Mapping[str, str], clock: Clock
) -> "Iterator[Driver]":
    """What moves an audit: the batches' API, prompts, and the synchronous lane for the sample.

    The offline engine's simulator runs inside the block, so its batches do not outlive it.
    """
    from reviewer.audit.composing import LaneSampler, audit_prompter
    from reviewer.audit.driver import Driver
    from reviewer.model.batches import BatchApi, make_batch_client

    prices = prices_of(settings, engine)
    with engine_env(engine, env) as sdk_env, make_batch_client(sdk_env) as client:
        sampler = LaneSampler(sdk_env, settings, prices, clock)
        yield Driver(state, BatchApi(client, clock), sampler, audit_prompter, prices, clock)


def engine_notes(engine: Engine) -> tuple[str, ...]:
    """What an engine could not do here: the offline one goes without linters that are not installed."""
    if engine == "anthropic":
        return ()
    from reviewer.simulator.brain.tools import located

    missing = [tool for tool in ("ruff", "shellcheck") if not located(tool)]
    if not missing:
        return ()
    return (f"Without {' and '.join(missing)} fewer problems are found offline; install `reviewer[offline]`.",)


def environment() -> dict[str, str]:
    """The process's environment, from which all settings are read, to be called once, before anything else is printed.

    Secrets are named to the runner, which hides them in the log; they are removed from everything that leaves this
    process; and they are taken out of its environment, where children and later code would find them.
    """
    env = dict(os.environ)
    values = secret_values(env)
    if env.get("GITHUB_ACTIONS") == "true":
        for line in masks(values, MIN_LENGTH):
            print(line)
        print(end="", flush=True)
    protect(values)
    for name in secret_names(env) - READ_IN_PLACE:
        del os.environ[name]
    return env
