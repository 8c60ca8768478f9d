"""The prompt cache's order of entry: a shared prefix is written once, and everyone else reads it.

An entry can be read only after the first answer that wrote it has begun. So the first request with a prefix starts
alone; the rest follow when its answer begins. Where it fails before that, the next in line takes its place.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from reviewer.clock import Clock

_FRESH = 240.0
"""Seconds for which a prefix counts as cached after its last use: the API keeps it for 300 from the request's start."""


@dataclass(slots=True)
class _Prefix:
    state: Literal["cold", "warming", "warm"] = "cold"
    used: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class PrefixGate:
    """One for each run; prefixes are named by their hash."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._prefixes: dict[str, _Prefix] = {}

    async def enter(self, prefix: str) -> "Passage":
        """Wait for one's turn. The passage says whether this request writes the prefix or may expect to read it."""
        if not prefix:
            return Passage(self, prefix, leads=False, cached=False)
        known = self._prefixes.setdefault(prefix, _Prefix())
        while known.state == "warming":
            await known.changed.wait()
        if known.state == "warm" and self._clock.monotonic() - known.used < _FRESH:
            return Passage(self, prefix, leads=False, cached=True)
        known.state = "warming"
        known.changed.clear()
        return Passage(self, prefix, leads=True, cached=False)

    def begun(self, prefix: str, sent: float) -> None:
        """The answer to a request that was sent at this time has begun: its prefix is in the cache."""
        known = self._prefixes[prefix]
        known.state, known.used = "warm", max(known.used, sent)
        known.changed.set()

    def failed(self, prefix: str) -> None:
        """The leading request failed before its answer began: someone else leads."""
        known = self._prefixes[prefix]
        if known.state == "warming":
            known.state = "cold"
            known.changed.set()

    def now(self) -> float:
        """The time by which entries age."""
        return self._clock.monotonic()


@dataclass(slots=True)
class Passage:
    """One request's way through the gate."""

    gate: PrefixGate
    prefix: str
    leads: bool
    cached: bool
    sent_at: float = 0.0
    answered: bool = False

    def sent(self) -> None:
        """The request goes out now; the entry's life counts from here."""
        self.sent_at = self.gate.now()

    def begun(self) -> None:
        """The answer begins: the others may follow."""
        if self.prefix and not self.answered:
            self.answered = True
            self.gate.begun(self.prefix, self.sent_at)

    def close(self) -> None:
        """The request is over; if its answer never began, someone else leads."""
        if self.leads and not self.answered:
            self.gate.failed(self.prefix)
