"""How many requests run side by side: grows while that helps, shrinks when the API says it is overloaded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reviewer.clock import Clock

START = 64
CEILING = 512
_FLOOR = 1
_SHRINK = 0.6
_CALM = 1.0
"""Seconds within which several signs of pressure count as one: they come from the same moment."""


class Window:
    """Additive growth for each success while full (which doubles it in a round trip), multiplicative retreat."""

    def __init__(self, clock: Clock, start: int = START, ceiling: int = CEILING) -> None:
        self._clock = clock
        self._limit = float(start)
        self._ceiling = ceiling
        self._running = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._shrunk_at = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may run now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one place in the window."""
        while self._running >= self.limit:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._wake()

    def succeeded(self) -> None:
        """A request was answered: where the window was full, it may be wider."""
        if self._running >= self.limit and self._limit < self._ceiling:
            self._limit += 1

    def pressed(self) -> None:
        """The API asked for less."""
        now = self._clock.monotonic()
        if now - self._shrunk_at >= _CALM:
            self._shrunk_at = now
            self._limit = max(_FLOOR, min(self._limit, self._running) * _SHRINK)

    def _wake(self) -> None:
        asleep = [waiter for waiter in self._waiting if not waiter.done()]
        for waiter in asleep[: max(0, self.limit - self._running)]:
            waiter.set_result(None)
