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
from reviewer.model.limiter import Limiter, Reservation
from reviewer.model.prefix import Passage, PrefixGate
from reviewer.model.window import Window
from reviewer.model.wire import to_reply, to_usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_EVERY_MODEL = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential backoff with full jitter, in seconds. The API's own `retry-after` goes first, within the deadline."""

    attempts: int = 8
    base: float = 0.5
    cap: float = 20.0

    def delay(self, attempt: int, failure: Failure, chance: float) -> float:
        """Seconds to wait after this failed attempt (from 1); `chance` is uniform in 0..1."""
        if failure.retry_after is not None:
            return failure.retry_after + chance * min(1.0, 0.1 * failure.retry_after)
        return min(self.cap, self.base * 2.0 ** (attempt - 1)) * chance


@dataclass(slots=True, eq=False)
class _Tally:
    """What one request has taken so far, over its attempts; `patience` ends it where waiting has lost its point."""

    model: str
    patience: asyncio.Timeout
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    prompt: int = 0
    request_id: str = ""


@dataclass(slots=True)
class _Attempt:
    """One attempt: what is billed, what the limits count (None: nothing), and whether it may have been more."""

    passage: Passage
    billed: Usage = field(default_factory=Usage)
    counted: Usage | None = None
    unsure: bool = False

    def broke_off(self, error: BaseException, *, unsure: bool) -> None:
        """It ended without an answer; a stream has told by then what it had used."""
        partial = Exchange.partial_usage(error)
        self.billed, self.counted, self.unsure = partial or Usage(), partial, unsure


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
        self._idle: set[_Tally] = set()
        self._chance = random.Random()  # noqa: S311 - jitter, not a secret

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.deadline - self.clock.monotonic()

    async def call(self, request: Request) -> Reply:
        """Send one request and see it through. Never raises for what the API does: that is in the reply."""
        started = self.clock.monotonic()
        patience = asyncio.timeout(max(0.0, self.time_left))
        tally = _Tally(request.model, patience)
        try:
            async with patience:
                self._idle.add(tally)
                outcome = await self._persist(request, tally)
        except TimeoutError:
            done = "the model had answered" if tally.attempts else "the request could be sent"
            outcome = self._given_up(request.model) or _out_of_time(f"The deadline came before {done}.")
        finally:
            self._idle.discard(tally)
        if isinstance(outcome, Failure):
            call = Call(request.model, request_id=tally.request_id)
            outcome = Errored(outcome.cause, outcome.message, outcome.step, call, outcome.fatal)
        seconds = self.clock.monotonic() - started
        call = replace(outcome.call, usage=tally.usage, prompt=tally.prompt, attempts=tally.attempts, seconds=seconds)
        return replace(outcome, call=call)

    async def _persist(self, request: Request, tally: _Tally) -> Reply | Failure:
        for attempt in range(1, self._retry.attempts + 1):
            outcome = self._hopeless(request.model) or await self._attempt(request, tally)
            if not isinstance(outcome, Failure):
                return outcome
            if outcome.fatal:
                self._give_up(request.model if outcome.status == 404 else _EVERY_MODEL, outcome)
            if not outcome.retry or attempt == self._retry.attempts:
                return outcome
            delay = self._retry.delay(attempt, outcome, self._chance.random())
            if delay >= self.time_left:
                return self._too_late(request.model, outcome)
            # Another request may have shown meanwhile that it is of no use.
            if dead := self._hopeless(request.model):
                return dead
            await self.clock.sleep(delay)
        return outcome

    def _hopeless(self, model: str) -> Failure | None:
        dead = self._given_up(model)
        if dead is None and self.time_left <= 0:
            return _out_of_time("The deadline came before the request could be sent.")
        return dead

    def _given_up(self, model: str) -> Failure | None:
        return self._dead.get(_EVERY_MODEL) or self._dead.get(model)

    def _give_up(self, model: str, failure: Failure) -> None:
        """Nothing is sent to this model (or to any) from now on; who waits to be sent need not wait."""
        self._dead[model] = failure
        now = asyncio.get_running_loop().time()
        for tally in self._idle:
            if model in (_EVERY_MODEL, tally.model) and not tally.patience.expired():
                tally.patience.reschedule(now)

    def _too_late(self, model: str, failure: Failure) -> Failure:
        if failure.retry_after is None:
            return _out_of_time(f"{failure.message} The deadline leaves no time to try again.")
        late = _out_of_time(
            f"{failure.message} It asks to wait {failure.retry_after:.0f} s, which is beyond the deadline."
        )
        if failure.status == 429:
            self._give_up(model, late)
        return late

    async def _attempt(self, request: Request, tally: _Tally) -> Reply | Failure:
        attempt = _Attempt(await self._gate.enter(request.prefix))
        try:
            hold = await self.budget.reserve(request, cached=attempt.passage.cached)
            if hold is None:
                return _over_budget(self.budget)
            try:
                return await self._admitted(request, tally, attempt)
            finally:
                tally.usage += attempt.billed
                tally.prompt = max(tally.prompt, attempt.billed.total_input)
                dollars = cost(attempt.billed, price_of(request.model, self._prices))
                self.budget.settle(hold, dollars, unsure=attempt.unsure)
        finally:
            attempt.passage.close()

    async def _admitted(self, request: Request, tally: _Tally, attempt: _Attempt) -> Reply | Failure:
        reservation = await self._limiter.acquire(request, cached=attempt.passage.cached, window=self._window)
        try:
            outcome = self._hopeless(request.model) or await self._send(request, tally, attempt, reservation)
            if not isinstance(outcome, Failure):
                self._window.succeeded()
            elif outcome.pressure:
                self._window.pressed()
            return outcome
        finally:
            self._limiter.settle(request, reservation, attempt.counted, unsure=attempt.unsure)
            self._window.leave()

    async def _send(
        self, request: Request, tally: _Tally, attempt: _Attempt, reservation: Reservation
    ) -> Reply | Failure:
        passage = attempt.passage
        # The beginning of an answer is of use to those who wait for the prefix, and to those who wait for the limits.
        stream = passage.leads or not self._limiter.knows(request.model)

        def begun(headers: Mapping[str, str], usage: Usage) -> None:
            self._limiter.begun(request, reservation, headers, usage)
            passage.begun()

        tally.attempts += 1
        self._idle.discard(tally)
        passage.sent()
        try:
            answer = await self._exchange.send(request, stream=stream, begun=begun)
        except asyncio.CancelledError as error:
            attempt.broke_off(error, unsure=True)
            raise
        except Exception as error:
            return self._failed(tally, attempt, reservation, error)
        finally:
            self._idle.add(tally)
        attempt.counted = to_usage(answer.message.get("usage"))
        reply = to_reply(answer.message, Call(request.model, request_id=answer.request_id))
        attempt.billed = reply.call.usage
        return reply

    def _failed(self, tally: _Tally, attempt: _Attempt, reservation: Reservation, error: Exception) -> Failure:
        failure = classify(error)
        attempt.broke_off(error, unsure=failure.unsure)
        tally.request_id = getattr(error, "request_id", None) or tally.request_id
        response = getattr(error, "response", None)
        wait = (failure.retry_after or 1.0) if failure.status == 429 and failure.retry else None
        self._limiter.refused(tally.model, reservation, response.headers if response is not None else {}, wait)
        return failure


def _out_of_time(message: str) -> Failure:
    return Failure("deadline", message, "Raise `deadline`, or split the change.", retry=False)


def _over_budget(budget: Budget) -> Failure:
    return Failure(
        "budget",
        f"The budget of ${budget.cap} has no room for the next request (${budget.spent:.4f} spent).",
        "Raise `budget-usd`, or split the change.",
        retry=False,
    )
