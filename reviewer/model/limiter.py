"""Admits requests as the API's limits allow: requests, input tokens and output tokens a minute, for each model.

Limits come from the configuration and from every response's `anthropic-ratelimit-*` headers. What a request will take
is reserved before it is sent and settled by what it did take, so that limits which are known are never hit.
"""

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.clock import Clock
from reviewer.core.request import Request, Usage
from reviewer.model.bucket import Amounts, ModelBuckets, RateLimits, Reservation
from reviewer.model.window import Window

__all__ = ["Limiter", "RateLimits", "Reservation"]

_BLIND = 8
"""Requests that may be under way to a model before its first answer has told its limits."""
_REMEMBERED = 24
_PRIOR = 1.25
"""How far estimates are taken to be too low as long as no answer has shown it."""
_MARGIN = 1.25
"""Answers vary in length: more than their mean is reserved, so that many together stay within it."""
_FEW = 0.2
"""What is added to the largest error seen, as a share, after one answer; it falls with the root of their number."""
_RECHECK = 0.2
"""Seconds after which a wait is reckoned anew: others may have used less than they reserved."""
_TICK = 0.001
"""Seconds of the shortest wait: what is missing may be too little for the clock to show."""


def _remembered() -> deque[float]:
    return deque(maxlen=_REMEMBERED)


@dataclass(slots=True)
class _Estimates:
    """How far off the last estimates were, as factors: input, output, and how much of a cached prefix was read."""

    input: deque[float] = field(default_factory=_remembered)
    output: deque[float] = field(default_factory=_remembered)
    read: deque[float] = field(default_factory=_remembered)

    def amounts(self, request: Request, *, cached: bool) -> Amounts:
        """What a request will take."""
        prefix = request.estimated_prefix * min(self.read, default=1.0) if cached else 0.0
        # Too little input reserved is a 429; too little output is not, as long as the sum over many is right.
        output = _MARGIN * sum(self.output) / len(self.output) if self.output else _PRIOR
        # The largest of a few is not yet the largest of many.
        known = max(self.input) * (1 + _FEW / math.sqrt(len(self.input))) if self.input else _PRIOR
        return 1.0, (request.estimated_input - prefix) * known, request.estimated_output * output

    def learn_input(self, request: Request, usage: Usage, *, cached: bool) -> None:
        """Compare an estimate with what the prompt has taken, which is known when its answer begins."""
        if usage.total_input:
            ratio = usage.total_input / max(1, request.estimated_input)
            self.input.append(ratio)
            if cached and request.estimated_prefix:
                self.read.append(min(1.0, usage.cache_read_input_tokens / (request.estimated_prefix * ratio)))

    def learn_output(self, request: Request, usage: Usage) -> None:
        """Compare an estimate with what a whole answer has taken."""
        self.output.append(usage.output_tokens / max(1, request.estimated_output))


@dataclass(slots=True)
class _Model:
    """The state of one model's limits."""

    buckets: ModelBuckets
    heard: bool
    blocked_until: float = 0.0
    under_way: int = 0
    estimates: _Estimates = field(default_factory=_Estimates)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Limiter:
    """First come, first served for each model; models do not wait for each other."""

    def __init__(self, clock: Clock, configured: RateLimits | None = None) -> None:
        self._clock = clock
        self._configured = configured or RateLimits()
        self._models: dict[str, _Model] = {}

    async def acquire(self, request: Request, *, cached: bool, window: Window | None = None) -> Reservation:
        """Wait until the request fits, and reserve it. `cached`: its prefix will be read from the cache, so is free.

        A place in `window` is taken with it, which the caller gives back: one who waits for tokens holds none, and of
        each model only one waits for a place.
        """
        model = self._model(request.model)
        async with model.lock:
            while True:
                await self._room(model, request, cached)
                if window is None:
                    break
                await window.enter()
                if self._wait(model, request, cached) <= 0:
                    break
                window.leave()
            model.under_way += 1
            amounts = model.estimates.amounts(request, cached=cached)
            return model.buckets.take(amounts, self._clock.monotonic(), cached=cached)

    def settle(self, request: Request, reservation: Reservation, usage: Usage | None, *, unsure: bool = False) -> None:
        """Replace what was reserved by what was used. None: it was refused; or, if `unsure`, nobody can say.

        `unsure` with a usage: the answer broke off, and this is what is known of it.
        """
        model = self._model(request.model)
        model.under_way -= 1
        used: Amounts = reservation.amounts if unsure else (1.0, 0.0, 0.0)
        if usage is not None:
            used = (1.0, float(usage.limited_input), float(usage.output_tokens))
            if not unsure:
                model.estimates.learn_output(request, usage)
        model.buckets.settle(reservation, used)
        model.changed.set()

    def begun(self, request: Request, reservation: Reservation, headers: Mapping[str, str], usage: Usage) -> None:
        """An answer begins: take in its headers (without any there are no limits), and what its prompt has taken."""
        model = self._model(request.model)
        model.buckets.correct(headers, reservation, self._clock.monotonic())
        model.estimates.learn_input(request, usage, cached=reservation.cached)
        model.heard = True
        model.changed.set()

    def refused(
        self, name: str, reservation: Reservation, headers: Mapping[str, str], wait: float | None = None
    ) -> None:
        """The API refused; its headers may tell the limits, too. `wait`: after a 429, nothing is sent for so long."""
        model = self._model(name)
        now = self._clock.monotonic()
        if model.buckets.correct(headers, reservation, now):
            model.heard = True
            model.changed.set()
        if wait is not None:
            model.buckets.drain(headers, reservation, wait)
            model.blocked_until = max(model.blocked_until, now + wait)

    def knows(self, name: str) -> bool:
        """Whether this model's limits are known, or known not to be there."""
        return self._model(name).heard

    def under_way(self, name: str) -> int:
        """Requests to this model that are not settled."""
        return self._model(name).under_way

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            heard = all(self._configured.values)
            self._models[name] = _Model(ModelBuckets(self._configured, self._clock.monotonic()), heard)
        return self._models[name]

    async def _room(self, model: _Model, request: Request, cached: bool) -> None:
        while True:
            if not model.heard and model.under_way >= _BLIND:
                model.changed.clear()
                await model.changed.wait()
            elif (wait := self._wait(model, request, cached)) > 0:
                await self._clock.sleep(min(max(wait, _TICK), _RECHECK))
            else:
                return

    def _wait(self, model: _Model, request: Request, cached: bool) -> float:
        now = self._clock.monotonic()
        amounts = model.estimates.amounts(request, cached=cached)
        return max(model.blocked_until - now, model.buckets.wait_for(amounts, now))
