"""The time, as rooms are handed it, so that tests can stand in for it.

Only the program's start is read elsewhere (`cli.py`). Where nothing but a wait is needed, that is what is handed in.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic seconds for waiting."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking others."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        import asyncio  # start-up does without it

        await asyncio.sleep(seconds)


def pause(clock: Clock, seconds: float) -> None:
    """Wait, where no event loop runs."""
    import asyncio

    asyncio.run(clock.sleep(seconds))
