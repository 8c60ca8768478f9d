"""Token buckets for the API's limits: requests, input tokens and output tokens a minute, for each model.

Buckets are set from the configuration and corrected by every response's `anthropic-ratelimit-*` headers. What a request
will take is reserved before it is sent and settled by what it did take, so that limits which are known are never hit.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.clock import Clock
from reviewer.core.request import Request, Usage

KINDS = ("requests", "input-tokens", "output-tokens")
_SAFETY = 0.97
"""Share of a limit that is used: the API's clock and counting are not exactly ours."""
_REMEMBERED = 24
_RECHECK = 0.2
"""Seconds after which a wait is reckoned anew: others may have used less than they reserved."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits a minute for one model; None where there is none known."""

    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(slots=True)
class Bucket:
    """Refills continuously up to its capacity, which is one minute's worth; may go below zero when settled."""

    per_minute: float
    available: float
    updated: float

    def refill(self, now: float) -> None:
        """Bring `available` up to date."""
        self.available = min(self.per_minute, self.available + (now - self.updated) * self.per_minute / 60)
        self.updated = now

    def wait_for(self, amount: float) -> float:
        """Seconds until `amount` is available; more than a bucket holds waits until the bucket is full."""
        missing = min(amount, self.per_minute) - self.available
        return max(0.0, missing * 60 / self.per_minute)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one request: requests, input tokens, output tokens."""

    amounts: tuple[float, float, float]


@dataclass(slots=True)
class _Model:
    """The state of one model's limits, and what its requests have turned out to take."""

    configured: RateLimits
    buckets: dict[str, Bucket] = field(default_factory=dict)
    blocked_until: float = 0.0
    input_ratios: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    output_ratios: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limiter:
    """Admits requests as the limits allow, first come, first served for each model."""

    def __init__(self, clock: Clock, configured: RateLimits | None = None) -> None:
        self._clock = clock
        self._configured = configured or RateLimits()
        self._models: dict[str, _Model] = {}

    async def acquire(self, request: Request, *, cached: bool) -> Reservation:
        """Wait until the request fits, and reserve it. `cached`: its prefix will be read from the cache, so is free."""
        model = self._model(request.model)
        async with model.lock:
            while True:
                amounts = self._amounts(model, request, cached)
                wait = self._wait(model, amounts)
                if wait <= 0:
                    break
                await self._clock.sleep(min(wait, _RECHECK))
            for kind, amount in zip(KINDS, amounts, strict=True):
                if kind in model.buckets:
                    model.buckets[kind].available -= amount
        return Reservation(amounts)

    def settle(self, request: Request, reservation: Reservation, usage: Usage | None) -> None:
        """Replace what was reserved by what was used; None where the request was refused and used nothing."""
        model = self._model(request.model)
        used = (1.0, 0.0, 0.0)
        if usage is not None:
            used = (1.0, float(usage.limited_input), float(usage.output_tokens))
            if usage.total_input:
                model.input_ratios.append(usage.total_input / max(1, request.estimated_input))
            model.output_ratios.append(usage.output_tokens / max(1, request.estimated_output))
        for kind, reserved, real in zip(KINDS, reservation.amounts, used, strict=True):
            if kind in model.buckets:
                model.buckets[kind].available += reserved - real

    def learn(self, name: str, headers: Mapping[str, str]) -> None:
        """Correct a model's buckets by a response's headers: the limit as given, what remains never more than said."""
        model = self._model(name)
        now = self._clock.monotonic()
        for kind in KINDS:
            limit = _number(headers.get(f"anthropic-ratelimit-{kind}-limit"))
            if not limit:
                continue
            configured = getattr(model.configured, kind.replace("-", "_"))
            per_minute = _SAFETY * min(limit, configured or limit)
            remaining = _number(headers.get(f"anthropic-ratelimit-{kind}-remaining"))
            bucket = model.buckets.get(kind)
            if bucket is None:
                bucket = model.buckets[kind] = Bucket(per_minute, per_minute, now)
            bucket.refill(now)
            bucket.per_minute = per_minute
            bucket.available = min(bucket.available, per_minute, limit if remaining is None else remaining)

    def block(self, name: str, seconds: float) -> None:
        """Send nothing to this model for so long: the API said 429."""
        model = self._model(name)
        model.blocked_until = max(model.blocked_until, self._clock.monotonic() + seconds)

    def knows(self, name: str) -> bool:
        """Whether any limit of this model is known."""
        return bool(self._model(name).buckets)

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            model = _Model(self._configured)
            now = self._clock.monotonic()
            for kind in KINDS:
                limit = getattr(self._configured, kind.replace("-", "_"))
                if limit:
                    model.buckets[kind] = Bucket(limit * _SAFETY, limit * _SAFETY, now)
            self._models[name] = model
        return self._models[name]

    def _amounts(self, model: _Model, request: Request, cached: bool) -> tuple[float, float, float]:
        """Requests, input and output tokens to reserve: the estimate, corrected by how far off the last ones were."""
        estimate = request.estimated_input - (request.estimated_prefix if cached else 0)
        input_ratio = max(model.input_ratios, default=1.0)
        output_ratio = max(model.output_ratios, default=1.0)
        return 1.0, estimate * input_ratio, request.estimated_output * output_ratio

    def _wait(self, model: _Model, amounts: tuple[float, float, float]) -> float:
        now = self._clock.monotonic()
        wait = model.blocked_until - now
        for kind, amount in zip(KINDS, amounts, strict=True):
            bucket = model.buckets.get(kind)
            if bucket:
                bucket.refill(now)
                wait = max(wait, bucket.wait_for(amount))
        return wait


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
