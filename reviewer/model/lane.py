"""The synchronous lane: one request in, one reply out, whatever happens on the way. It knows nothing of reviews.

An attempt goes through the cache's gate, the budget, the limiter and the window, in this order; a retry goes through
all of them again. The SDK never retries by itself, so every attempt is counted here.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reviewer.clock import Clock
from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.request import Call, Errored, Reply, Request, Usage
from reviewer.model.budget import Budget
from reviewer.model.exchange import Exchange
from reviewer.model.failures import Failure, classify
from reviewer.model.limiter import Limiter
from reviewer.model.prefix import Passage, PrefixGate
from reviewer.model.window import Window
from reviewer.model.wire import to_reply

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential backoff with full jitter, in seconds. The API's own `retry-after` goes first, within the deadline."""

    attempts: int = 6
    base: float = 0.5
    cap: float = 20.0

    def delay(self, attempt: int, failure: Failure, chance: float) -> float:
        """Seconds to wait after this failed attempt (from 1); `chance` is uniform in 0..1."""
        if failure.retry_after is not None:
            return failure.retry_after + chance * min(1.0, 0.1 * failure.retry_after)
        return min(self.cap, self.base * 2.0 ** (attempt - 1)) * chance


@dataclass(slots=True)
class _Tally:
    """What one request has taken so far, over its attempts."""

    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    request_id: str = ""


class SyncLane:
    """The synchronous Messages API. `deadline` is a monotonic time after which nothing is sent or waited for."""

    def __init__(
        self,
        client: "AsyncAnthropic",
        clock: Clock,
        *,
        deadline: float,
        limiter: Limiter | None = None,
        window: Window | None = None,
        budget: Budget | None = None,
        retry: Retry | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.deadline = deadline
        self.budget = budget or Budget(None)
        self.clock = clock
        self._exchange = Exchange(client)
        self._limiter = limiter or Limiter(clock)
        self._window = window or Window(clock)
        self._gate = PrefixGate(clock)
        self._retry = retry or Retry()
        self._prices = prices or {}
        self._dead: dict[str, Failure] = {}
        self._chance = random.Random()  # noqa: S311 - jitter, not a secret

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.deadline - self.clock.monotonic()

    async def call(self, request: Request) -> Reply:
        """Send one request and see it through. Never raises for what the API does: that is in the reply."""
        started = self.clock.monotonic()
        tally = _Tally()
        try:
            async with asyncio.timeout(max(0.0, self.time_left)):
                outcome = await self._persist(request, tally)
        except TimeoutError:
            outcome = _out_of_time("The deadline came before the model had answered.")
        seconds = self.clock.monotonic() - started
        if isinstance(outcome, Failure):
            call = Call(request.model, usage=tally.usage, attempts=tally.attempts, request_id=tally.request_id)
            outcome = Errored(outcome.cause, outcome.message, outcome.step, call, outcome.fatal)
        return replace(outcome, call=replace(outcome.call, seconds=seconds))

    async def _persist(self, request: Request, tally: _Tally) -> Reply | Failure:
        for attempt in range(1, self._retry.attempts + 1):
            dead = self._dead.get("") or self._dead.get(request.model)
            if dead:
                return dead
            outcome = await self._attempt(request, tally)
            if not isinstance(outcome, Failure):
                return outcome
            if outcome.fatal:
                self._dead[request.model if outcome.status == 404 else ""] = outcome
            if not outcome.retry or attempt == self._retry.attempts:
                return outcome
            delay = self._retry.delay(attempt, outcome, self._chance.random())
            if delay >= self.time_left:
                return _out_of_time(f"{outcome.message} It asks to wait {delay:.0f} s, which is beyond the deadline.")
            await self.clock.sleep(delay)
        return outcome

    async def _attempt(self, request: Request, tally: _Tally) -> Reply | Failure:
        passage = await self._gate.enter(request.prefix)
        try:
            hold = await self.budget.reserve(request)
            if hold is None:
                return _over_budget(self.budget)
            before = tally.usage
            try:
                return await self._admitted(request, tally, passage)
            finally:
                spent = _difference(tally.usage, before)
                self.budget.settle(hold, cost(spent, price_of(request.model, self._prices)))
        finally:
            passage.close()

    async def _admitted(self, request: Request, tally: _Tally, passage: Passage) -> Reply | Failure:
        async with self._window.slot():
            reservation = await self._limiter.acquire(request, cached=passage.cached)
            used: Usage | None = None
            try:
                outcome = await self._send(request, tally, passage)
                used = tally.usage if not isinstance(outcome, Failure) else None
            finally:
                self._limiter.settle(request, reservation, used)
        if not isinstance(outcome, Failure):
            self._window.succeeded()
        elif outcome.pressure:
            self._window.pressed()
            if outcome.status == 429:
                self._limiter.block(request.model, outcome.retry_after or 1.0)
        return outcome

    async def _send(self, request: Request, tally: _Tally, passage: Passage) -> Reply | Failure:
        tally.attempts += 1

        def begun(headers: Mapping[str, str]) -> None:
            self._limiter.learn(request.model, headers)
            passage.begun()

        try:
            answer = await self._exchange.send(request, stream=passage.leads, begun=begun)
        except Exception as error:
            self._learn_from(request.model, error)
            failure = classify(error)
            tally.usage += self._exchange.partial_usage(error)
            return failure
        tally.request_id = answer.request_id
        call = Call(request.model, usage=tally.usage, attempts=tally.attempts, request_id=answer.request_id)
        reply = to_reply(answer.message, call)
        tally.usage = reply.call.usage
        return reply

    def _learn_from(self, model: str, error: Exception) -> None:
        response = getattr(error, "response", None)
        if response is not None:
            self._limiter.learn(model, response.headers)


def _difference(after: Usage, before: Usage) -> Usage:
    return Usage(
        after.input_tokens - before.input_tokens,
        after.output_tokens - before.output_tokens,
        after.cache_read_input_tokens - before.cache_read_input_tokens,
        after.cache_creation_5m_input_tokens - before.cache_creation_5m_input_tokens,
        after.cache_creation_1h_input_tokens - before.cache_creation_1h_input_tokens,
    )


def _out_of_time(message: str) -> Failure:
    return Failure("deadline", message, "Raise `deadline`, or split the change.", retry=False)


def _over_budget(budget: Budget) -> Failure:
    return Failure(
        "budget",
        f"The budget of ${budget.cap} is used up (${budget.spent:.4f} spent).",
        "Raise `budget-usd`, or split the change.",
        retry=False,
    )
