"""How many requests run side by side: grows while that helps, shrinks when the API says it is overloaded."""

import asyncio
from collections import deque

from reviewer.clock import Clock

START = 64
CEILING = 512
_FLOOR = 1
_SHRINK = 0.5
_CALM = 1.0
"""Seconds within which several signs of pressure count as one: they come from the same moment."""


class Window:
    """Additive growth for each success while full (which doubles it in a round trip), multiplicative retreat."""

    def __init__(self, clock: Clock, start: int = START, ceiling: int = CEILING) -> None:
        self._clock = clock
        self._limit = float(start)
        self._ceiling = ceiling
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._shrunk_at = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may run now."""
        return int(self._limit)

    @property
    def running(self) -> int:
        """Requests that hold a place."""
        return self._running

    async def enter(self) -> None:
        """Wait for a place and take it; whoever enters leaves. First come, first served."""
        if self._running < self.limit and not self._waiting:
            self._running += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            # The place may have been handed over in the same moment; it must not be lost with the one who had it.
            if waiter.done() and not waiter.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back: it goes to whoever has waited longest."""
        self._running -= 1
        self._admit()

    def succeeded(self) -> None:
        """A request that still holds its place was answered: where the window is full, it may be wider."""
        if self._running >= self.limit and self._limit < self._ceiling:
            self._limit = min(self._ceiling, self._limit + 1)
            self._admit()

    def pressed(self) -> None:
        """The API asked for less."""
        now = self._clock.monotonic()
        if now - self._shrunk_at >= _CALM:
            self._shrunk_at = now
            self._limit = max(_FLOOR, min(self._limit, self._running) * _SHRINK)

    def _admit(self) -> None:
        while self._waiting and self._running < self.limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._running += 1
                waiter.set_result(None)
