"""The hard cap on dollars: reserved before a request is sent, settled when its cost is known."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.request import Request, Usage


@dataclass(frozen=True, slots=True)
class Hold:
    """Dollars set aside for one request: at its worst, and as it will likely be."""

    amount: Decimal
    likely: Decimal


class Budget:
    """Never passed by more than one request's cost.

    Side by side, requests are held at their worst (all output tokens used), so that together they cannot pass the cap.
    Where a hold at its worst no longer fits, a request may still go alone if its likely cost fits. Estimates that turn
    out too low raise the holds that follow.

    `worst` gives the most that a request can cost: with it nothing goes out that would not fit at that, and the cap is
    never passed at all.
    """

    def __init__(
        self,
        cap: Decimal | None,
        prices: Mapping[str, Price] | None = None,
        worst: Callable[[Request], Decimal] | None = None,
    ) -> None:
        self.cap = cap
        self.spent = Decimal(0)
        self.unsure = Decimal(0)
        """What attempts without an answer (a timeout, a reset) may have cost; counts against the cap, not as spent."""
        self._prices = prices or {}
        self._worst = worst
        self._held = Decimal(0)
        self._holds = 0
        self._excess = Decimal(1)
        self._freed = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def held(self) -> Decimal:
        """What is set aside for requests under way."""
        return self._held

    async def reserve(self, request: Request, *, cached: bool = False) -> Hold | None:
        """Set its cost aside, waiting for others where it would only fit without them; None: the cap is reached.

        `cached`: its prefix will likely be read from the cache, not written.
        """
        worst, likely = self._range(request, cached)
        if self.cap is None:
            return self._hold(worst, likely)
        async with self._turn:
            while True:
                gone = self.spent + self.unsure
                if gone + self._held + worst * self._excess <= self.cap:
                    return self._hold(worst * self._excess, likely)
                if gone + likely > self.cap:
                    return None
                if self._holds == 0:
                    return self._hold(worst, likely)
                self._freed.clear()
                await self._freed.wait()

    def near(self, share: Decimal = Decimal("0.85")) -> bool:
        """Whether so much of the cap is spent that optional work should go first."""
        return self.cap is not None and self.spent + self.unsure >= self.cap * share

    def settle(self, hold: Hold, dollars: Decimal, *, unsure: bool = False) -> None:
        """The request is over and has cost this; `unsure` where it may have cost more than is known."""
        self.spent += dollars
        if unsure:
            self.unsure += max(Decimal(0), hold.likely - dollars)
        self._excess = max(self._excess, dollars / hold.amount if hold.amount else self._excess)
        self._held -= hold.amount
        self._holds -= 1
        self._freed.set()

    def _hold(self, amount: Decimal, likely: Decimal) -> Hold:
        self._held += amount
        self._holds += 1
        return Hold(amount, likely)

    def _range(self, request: Request, cached: bool) -> tuple[Decimal, Decimal]:
        """What it costs at its worst, and as it will likely be."""
        if self._worst:
            return (self._worst(request),) * 2
        worst = self._cost(request, request.max_tokens)
        return worst, min(worst, self._cost(request, request.estimated_output, cached=cached))

    def _cost(self, request: Request, output: int, *, cached: bool = False) -> Decimal:
        prefix = request.estimated_prefix
        rest = request.estimated_input - prefix
        hour = any(block.cache == "1h" for block in (*request.system, *(b for t in request.turns for b in t.blocks)))
        if cached:
            usage = Usage(rest, output, cache_read_input_tokens=prefix)
        elif hour:
            usage = Usage(rest, output, cache_creation_1h_input_tokens=prefix)
        else:
            usage = Usage(rest, output, cache_creation_5m_input_tokens=prefix)
        return cost(usage, price_of(request.model, self._prices))
