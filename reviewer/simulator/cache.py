"""The prompt cache: entries are whole prefixes, written at breakpoints and found by looking back from them.

An entry can be read once the answer that wrote it has begun, so requests that start together all write. Its life
counts from the start of the request that wrote or last read it. Batches and synchronous calls share nothing.
"""

import hashlib
from dataclasses import dataclass, field

from reviewer.simulator.catalogue import Model
from reviewer.simulator.tokens import Block

LOOK_BACK = 20
LIFE = {"5m": 300.0, "1h": 3600.0}
_SWEEP_AT = 10_000


@dataclass(frozen=True, slots=True)
class CachePlan:
    """What one request reads and writes, in tokens; `writes` and `touched` take effect when the answer begins."""

    input: int
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    started: float = 0.0
    writes: tuple[tuple[bytes, str], ...] = ()
    touched: tuple[bytes, ...] = ()

    @property
    def uncached(self) -> int:
        """Tokens that count against the input limit."""
        return self.input + self.write_5m + self.write_1h

    @property
    def total(self) -> int:
        """All tokens of the prompt."""
        return self.uncached + self.read


@dataclass(slots=True)
class _Entry:
    ttl: str
    expires: float


@dataclass(slots=True)
class PromptCache:
    """One lane's entries, by the hash of the prefix up to them."""

    _entries: dict[bytes, _Entry] = field(default_factory=dict)

    def plan(self, blocks: list[Block], model: Model, now: float) -> CachePlan:
        """Look up a prompt at its start."""
        total = sum(block.tokens for block in blocks)
        marks = [index for index, block in enumerate(blocks) if block.ttl]
        if not marks:
            return CachePlan(input=total)
        digests, upto = _prefixes(blocks[: marks[-1] + 1])
        hit = self._longest(marks, digests, now)
        read = upto[hit] if hit >= 0 else 0
        fresh = [mark for mark in marks if mark > hit and upto[mark] >= model.min_cacheable]
        long = max((upto[mark] for mark in fresh if blocks[mark].ttl == "1h"), default=read)
        end = max((upto[mark] for mark in fresh), default=read)
        return CachePlan(
            input=total - end,
            read=read,
            write_1h=long - read,
            write_5m=end - long,
            started=now,
            writes=tuple((digests[mark], blocks[mark].ttl or "5m") for mark in fresh),
            touched=tuple(digests[index] for index in {hit, *marks} if 0 <= index <= hit),
        )

    def commit(self, plan: CachePlan) -> None:
        """The answer has begun: what it wrote can be read from now on, what it read lives longer."""
        for digest in plan.touched:
            if entry := self._entries.get(digest):
                entry.expires = max(entry.expires, plan.started + LIFE[entry.ttl])
        for digest, ttl in plan.writes:
            self._entries[digest] = _Entry(ttl, plan.started + LIFE[ttl])
        if len(self._entries) > _SWEEP_AT:
            self._entries = {key: entry for key, entry in self._entries.items() if entry.expires > plan.started}

    def _longest(self, marks: list[int], digests: list[bytes], now: float) -> int:
        for mark in reversed(marks):
            for index in range(mark, max(-1, mark - LOOK_BACK), -1):
                entry = self._entries.get(digests[index])
                if entry and entry.expires > now:
                    return index
        return -1


def _prefixes(blocks: list[Block]) -> tuple[list[bytes], list[int]]:
    digests, upto = [], []
    digest, tokens = b"", 0
    for block in blocks:
        digest = hashlib.sha256(digest + block.data).digest()
        tokens += block.tokens
        digests.append(digest)
        upto.append(tokens)
    return digests, upto
