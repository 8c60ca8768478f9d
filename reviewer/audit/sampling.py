"""The sample that comes before the batches: a few requests, synchronously, so that a bad prompt costs a few cents.

Its answers count like any other, and none of its requests is sent again.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reviewer.audit.recovery import Judge, arrival
from reviewer.clock import Clock
from reviewer.core.request import Errored, Reply, Request
from reviewer.errors import EngineError
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Pending

USABLE = 0.95
"""Share of usable answers from which the batches go out."""
_SHARE, _MOST = 20, 100


class Lane(Protocol):
    """The synchronous lane, as far as the sample needs it."""

    async def call(self, request: Request) -> Reply:
        """See one request through."""
        ...


class Sampler(Protocol):
    """Runs coroutines that need the synchronous lane; made by the composition root."""

    def run(self, pending: Sequence[Pending], keep: "Keep") -> None:
        """Ask all of these side by side, and keep each answer as it comes."""
        ...


class Keep(Protocol):
    """Takes one reply at a time."""

    def __call__(self, pending: Pending, reply: Reply) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came of the sample; `faults` are the reasons of unusable answers with their numbers, most frequent first."""

    asked: int
    usable: int
    faults: tuple[tuple[str, int], ...]

    @property
    def good(self) -> bool:
        """Whether the batches may go out."""
        return self.usable >= USABLE * self.asked

    def __str__(self) -> str:
        told = "; ".join(f"{count} times: {reason}" if count > 1 else reason for reason, count in self.faults[:5])
        return f"{self.usable} of {self.asked} answers of the sample were usable. {told}".strip()


def sample_size(requests: int, wanted: int | None) -> int:
    """How many to ask: as configured, or min(100, 5 %), at least 1, never more than there are."""
    size = wanted if wanted is not None else min(_MOST, requests // _SHARE)
    return min(max(1, size), requests)


def choose_sample(waiting: Iterable[str], total: int, wanted: int | None) -> list[str]:
    """Identities spread evenly over what waits, so that all folders and kinds have their share."""
    size = sample_size(total, wanted)
    places = {total * number // size for number in range(size)} if size else set()
    return [identity for place, identity in enumerate(waiting) if place in places]


def ask_sample(
    state: AuditState, audit: str, identities: Collection[str], sampler: Sampler, clock: Clock, judge: Judge
) -> Sampled:
    """Ask what has not been asked, and sum up the whole sample. EngineError where no request can succeed."""
    waiting = [
        each for each in state.requests.pending(audit, only=list(identities)) if each.attempt == 1 and not each.last
    ]
    fatal: list[Errored] = []
    started = clock.now()

    def keep(pending: Pending, reply: Reply) -> None:
        if isinstance(reply, Errored) and reply.fatal:
            fatal.append(reply)
            return
        found = arrival(pending, reply, judge, sent_at=started, ended_at=clock.now())
        state.results.keep(audit, [found], clock.now())

    if waiting:
        sampler.run(waiting, keep)
    if fatal:
        raise EngineError(fatal[0].message, step=fatal[0].step)
    return _summed(state, audit, set(identities))


def _summed(state: AuditState, audit: str, identities: Collection[str]) -> Sampled:
    first: dict[str, str] = {}
    for made in state.results.of(audit):
        if made.source.lane == "sync" and made.identity in identities:
            first.setdefault(made.identity, "" if made.outcome == "answered" else made.reason or made.outcome)
    faults = Counter(reason for reason in first.values() if reason)
    return Sampled(len(first), sum(not reason for reason in first.values()), tuple(faults.most_common()))


async def ask_all(lane: Lane, pending: Sequence[Pending], keep: Keep) -> None:
    """All of them side by side; the lane sees to limits and retries."""

    async def one(each: Pending) -> None:
        keep(each, await lane.call(each.request))

    async with asyncio.TaskGroup() as group:
        for each in pending:
            group.create_task(one(each))
