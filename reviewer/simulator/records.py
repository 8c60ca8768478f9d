"""What happened: every call, and what would have been billed for it at the published prices."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reviewer.simulator.catalogue import Model

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call. Times are monotonic seconds; `concurrency` counts the calls of its endpoint that are in flight at
    its start, itself included; status 0 means that the connection was closed without an answer.

    `body_sha256` is empty for calls without a body. `body` is None when it was not kept or was no JSON; for calls
    without one it holds path and query parameters.
    """

    endpoint: str
    number: int
    body: Mapping[str, Any] | None
    body_sha256: str
    body_bytes: int
    headers: Mapping[str, str]
    started: float
    ended: float
    status: int
    usage: Mapping[str, Any]
    concurrency: int
    request_id: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What one model would be billed in one lane: answered requests, tokens by kind, USD."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    usd: Decimal = Decimal(0)

    def plus(self, usage: Mapping[str, Any], model: Model) -> "Totals":
        """With one more answer, priced by its own size, lane and region."""
        split = usage["cache_creation"]
        return Totals(
            self.requests + 1,
            self.input_tokens + usage["input_tokens"],
            self.output_tokens + usage["output_tokens"],
            self.cache_read_input_tokens + usage["cache_read_input_tokens"],
            self.cache_creation_5m_input_tokens + split["ephemeral_5m_input_tokens"],
            self.cache_creation_1h_input_tokens + split["ephemeral_1h_input_tokens"],
            self.usd + price(usage, model),
        )


def price(usage: Mapping[str, Any], model: Model) -> Decimal:
    """USD for one answer."""
    split = usage["cache_creation"]
    prompt: int = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    card = model.price_card(prompt)
    total: Decimal = (
        usage["input_tokens"] * card.input
        + usage["output_tokens"] * card.output
        + usage["cache_read_input_tokens"] * card.read
        + split["ephemeral_5m_input_tokens"] * card.write_5m
        + split["ephemeral_1h_input_tokens"] * card.write_1h
    ) / _MILLION
    if usage["service_tier"] == "batch":
        total /= 2
    return total * Decimal("1.1") if usage["inference_geo"] == "us" else total


def is_billed(message: Mapping[str, Any]) -> bool:
    """A refusal before any output costs nothing."""
    return not (message["stop_reason"] == "refusal" and not message["content"])


@dataclass(slots=True)
class Ledger:
    """Totals by model id and lane (`sync` or `batch`)."""

    _totals: dict[str, dict[str, Totals]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def bill(self, usage: Mapping[str, Any], model: Model) -> None:
        """Add one answer."""
        lane = "batch" if usage["service_tier"] == "batch" else "sync"
        with self._lock:
            lanes = self._totals.setdefault(model.id, {})
            lanes[lane] = lanes.get(lane, Totals()).plus(usage, model)

    def totals(self) -> dict[str, dict[str, Totals]]:
        """A copy of the books."""
        with self._lock:
            return {model: dict(lanes) for model, lanes in self._totals.items()}
