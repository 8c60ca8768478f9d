"""The hard cap on dollars: reserved before a request is sent, settled when its cost is known."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.request import Request, Usage


@dataclass(frozen=True, slots=True)
class Hold:
    """Dollars set aside for one request at its worst."""

    amount: Decimal


class Budget:
    """Never passed by more than one request's cost.

    Side by side, requests are held at their worst (all output tokens used), so that together they cannot pass the cap.
    Where a hold at its worst no longer fits, a request may still go alone if its likely cost fits.
    """

    def __init__(self, cap: Decimal | None, prices: Mapping[str, Price] | None = None) -> None:
        self.cap = cap
        self.spent = Decimal(0)
        self._prices = prices or {}
        self._held = Decimal(0)
        self._holds = 0
        self._freed = asyncio.Event()

    async def reserve(self, request: Request) -> Hold | None:
        """Set its cost aside, waiting for others where it would only fit without them; None: the cap is reached."""
        worst = self._cost(request, request.max_tokens)
        if self.cap is None:
            return self._hold(worst)
        likely = self._cost(request, request.estimated_output)
        while True:
            if self.spent + self._held + worst <= self.cap:
                return self._hold(worst)
            if self.spent + likely > self.cap:
                return None
            if self._holds == 0:
                return self._hold(worst)
            self._freed.clear()
            await self._freed.wait()

    def near(self, share: Decimal = Decimal("0.85")) -> bool:
        """Whether so much of the cap is spent that optional work should go first."""
        return self.cap is not None and self.spent >= self.cap * share

    def settle(self, hold: Hold, dollars: Decimal) -> None:
        """The request is over and has cost this."""
        self.spent += dollars
        self._held -= hold.amount
        self._holds -= 1
        self._freed.set()

    def _hold(self, amount: Decimal) -> Hold:
        self._held += amount
        self._holds += 1
        return Hold(amount)

    def _cost(self, request: Request, output: int) -> Decimal:
        prefix = request.estimated_prefix
        usage = Usage(request.estimated_input - prefix, output, cache_creation_5m_input_tokens=prefix)
        return cost(usage, price_of(request.model, self._prices))
