"""The synchronous lane with all its parts, as a run needs it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewer.clock import Clock
from reviewer.config.settings import Limits
from reviewer.core.pricing import Price
from reviewer.model.budget import Budget
from reviewer.model.lane import SyncLane
from reviewer.model.limiter import Limiter, RateLimits
from reviewer.model.window import Window

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


def open_lane(
    client: "AsyncAnthropic",
    clock: Clock,
    limits: Limits,
    *,
    budget: Budget,
    prices: Mapping[str, Price],
    deadline: float,
) -> SyncLane:
    """A lane that keeps to these limits and this budget until the deadline, a monotonic time of `clock`."""
    configured = RateLimits(limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute)
    return SyncLane(
        client,
        clock,
        deadline=deadline,
        limiter=Limiter(clock, configured),
        window=Window(clock),
        budget=budget,
        prices=prices,
    )
