"""Rate limits: token buckets per model (or family that shares one), refilled continuously and full at the start."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from reviewer.clock import Clock
from reviewer.simulator.api_error import ApiError
from reviewer.simulator.behaviour import Limits
from reviewer.simulator.catalogue import Model

ORGANIZATION = "00000000-0000-0000-0000-000000000000"
_KINDS = {"requests": "requests", "input-tokens": "input tokens", "output-tokens": "output tokens"}


@dataclass(slots=True)
class _Bucket:
    capacity: int
    level: float
    updated: float

    @property
    def rate(self) -> float:
        return self.capacity / 60.0

    def refill(self, now: float) -> None:
        self.level = min(float(self.capacity), self.level + (now - self.updated) * self.rate)
        self.updated = now

    def wait(self, needed: float) -> float:
        """Seconds until `needed` are there."""
        return max(0.0, (needed - self.level) / self.rate)


class Limiter:
    """Admits requests or refuses them with a 429, and says in headers what is left."""

    def __init__(self, limits: Limits | Mapping[str, Limits] | None, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._buckets: dict[str, dict[str, _Bucket]] = {}

    def admit(self, model: Model, input_tokens: int) -> None:
        """Take one request and its uncached input, or raise a 429 that takes nothing."""
        buckets = self._refilled(model)
        # Output is known only afterwards: a request is let in while anything is left.
        needs = {"requests": 1, "input-tokens": input_tokens, "output-tokens": 1}
        for kind, bucket in buckets.items():
            if wait := bucket.wait(needs[kind]):
                retry_after = {"retry-after": str(max(1, math.ceil(wait)))}
                raise ApiError(429, _message(kind, bucket, model), headers=retry_after | self.headers(model))
        for kind, bucket in buckets.items():
            bucket.level -= needs[kind] if kind != "output-tokens" else 0

    def charge_output(self, model: Model, tokens: int) -> None:
        """Take what was really written; the bucket may go below zero."""
        if bucket := self._refilled(model).get("output-tokens"):
            bucket.level -= tokens

    def headers(self, model: Model) -> dict[str, str]:
        """The `anthropic-ratelimit-*` headers; none where nothing is limited."""
        buckets = self._refilled(model)
        headers: dict[str, str] = {}
        for kind, bucket in buckets.items():
            headers |= self._header(kind, bucket)
        tokens = [bucket for kind, bucket in buckets.items() if kind != "requests"]
        if tokens:
            headers |= self._header("tokens", min(tokens, key=lambda bucket: bucket.level / bucket.capacity))
        return headers

    def _header(self, kind: str, bucket: _Bucket) -> dict[str, str]:
        remaining = max(0, int(bucket.level))
        if kind != "requests":
            remaining = round(remaining, -3)
        full = self._clock.now() + timedelta(seconds=bucket.wait(bucket.capacity))
        prefix = f"anthropic-ratelimit-{kind}"
        return {
            f"{prefix}-limit": str(bucket.capacity),
            f"{prefix}-remaining": str(remaining),
            f"{prefix}-reset": full.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _refilled(self, model: Model) -> dict[str, _Bucket]:
        name, now = model.bucket or model.id, self._clock.monotonic()
        if name not in self._buckets:
            limits = self._limits.get(model.id) if isinstance(self._limits, Mapping) else self._limits
            limits = limits or Limits()
            given = {
                "requests": limits.requests_per_minute,
                "input-tokens": limits.input_tokens_per_minute,
                "output-tokens": limits.output_tokens_per_minute,
            }
            self._buckets[name] = {kind: _Bucket(n, n, now) for kind, n in given.items() if n is not None}
        for bucket in self._buckets[name].values():
            bucket.refill(now)
        return self._buckets[name]


def _message(kind: str, bucket: _Bucket, model: Model) -> str:
    return (
        f"This request would exceed your organization's rate limit of {bucket.capacity:,} {_KINDS[kind]} per minute "
        f"(org: {ORGANIZATION}, model: {model.id}). For details, refer to: "
        "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. "
        "Please reduce the prompt length or the maximum tokens requested, or try again later."
    )
