"""The sample that comes before the batches: a few requests, synchronously, so that a bad prompt costs a few cents.

Its answers count like any other, and none of its requests is sent synchronously again. The API has no idempotency key
for a call, so each is written down before it goes out: one that a killed run left in flight goes into a batch instead,
at half the price, and the report says what may have been paid twice.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from reviewer.audit.recovery import Judge, arrival
from reviewer.audit.worst import Room
from reviewer.clock import Clock
from reviewer.core.request import Call, Errored, Reply, Request
from reviewer.errors import EngineError
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Arrival, Pending, Waiting

USABLE = 0.95
"""Share of usable answers from which the batches go out."""
_SHARE, _MOST = 20, 100
_AT_ONCE = 16
"""Calls under way side by side: as many as a kill can make us pay for twice."""
_LOST = "The run ended while the call was under way; its answer, if there was one, is lost."


class Lane(Protocol):
    """The synchronous lane, as far as the sample needs it."""

    async def call(self, request: Request) -> Reply:
        """See one request through."""
        ...


class Book(Protocol):
    """Where every call is written down, before and after."""

    def goes(self, pending: Pending) -> Request:
        """The call is about to be made; returns the request as it is sent."""
        ...

    def came(self, pending: Pending, reply: Reply) -> None:
        """It has come to its end."""
        ...


class Sampler(Protocol):
    """Runs coroutines that need the synchronous lane; made by the composition root."""

    def run(self, pending: Sequence[Pending], book: Book, cap: Decimal | None) -> Decimal:
        """Ask all of these side by side for at most `cap` dollars.

        Returns what attempts without an answer (a timeout, a reset) may have cost beside the answers.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came of the sample; `faults` are the reasons of unusable answers with their numbers, most frequent first.

    `asked` counts calls whose end is known. `refused` calls were not made for want of money; `lost` dollars are what
    attempts without an answer may have cost.
    """

    asked: int
    usable: int
    faults: tuple[tuple[str, int], ...]
    refused: int = 0
    lost: Decimal = Decimal(0)

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


def choose_sample(waiting: Sequence[Waiting], wanted: int | None) -> list[str]:
    """Identities spread evenly over what waits, so that all folders and kinds have their share.

    Of each run of neighbours it takes the one at the lower quartile by size: as good a proof of the prompt as any, and
    not the dearest to pay in full for.
    """
    size = sample_size(len(waiting), wanted)
    borders = [len(waiting) * number // size for number in range(size + 1)] if size else []
    runs = [sorted(waiting[start:end], key=_weight) for start, end in pairwise(borders)]
    return [run[(len(run) - 1) // 4].identity for run in runs]


def _weight(waiting: Waiting) -> tuple[int, str]:
    """By price: a token that is written costs five times one that is read."""
    return waiting.estimated_input + 5 * waiting.estimated_output, waiting.identity


def book_lost(state: AuditState, audit: str, clock: Clock) -> int:
    """Calls that a killed run left in flight are over without an answer: they wait for a batch. Returns how many."""
    lost = [
        Arrival(each.identity, each.attempt, "missing", _lost(each), _LOST) for each in state.requests.in_flight(audit)
    ]
    if lost:
        state.results.keep(audit, lost, clock.now())
    return len(lost)


def _lost(pending: Pending) -> Reply:
    return Errored("api", _LOST, "It is asked in a batch.", Call(pending.request.model, attempts=1))


def ask_sample(
    state: AuditState,
    audit: str,
    identities: Collection[str],
    sampler: Sampler,
    clock: Clock,
    judge: Judge,
    *,
    room: Room | None = None,
    cap: Decimal | None = None,
) -> Sampled:
    """Ask what has not been asked, and sum up the whole sample. EngineError where no request can succeed.

    `cap` is in dollars and cannot be passed.
    """
    waiting = [each for each in state.requests.pending(audit, only=identities) if each.attempt == 1 and not each.last]
    book = _Book(state, audit, clock, judge, room or Room())
    lost = sampler.run(waiting, book, cap) if waiting else Decimal(0)
    if book.fatal:
        raise EngineError(book.fatal[0].message, step=book.fatal[0].step)
    return _summed(state, audit, set(identities), book.refused, lost)


@dataclass(slots=True)
class _Book:
    """Keeps each answer the moment it comes."""

    state: AuditState
    audit: str
    clock: Clock
    judge: Judge
    room: Callable[[Pending], Request]
    fatal: list[Errored] = field(default_factory=list)
    refused: int = 0

    def goes(self, pending: Pending) -> Request:
        """See `Book`."""
        self.state.requests.send_sync(self.audit, pending.identity)
        return self.room(pending)

    def came(self, pending: Pending, reply: Reply) -> None:
        """See `Book`."""
        if isinstance(reply, Errored) and (reply.fatal or reply.cause == "budget"):
            self.state.requests.take_back(self.audit, pending.identity)
            if reply.fatal:
                self.fatal.append(reply)
            else:
                self.refused += 1
            return
        now = self.clock.now()
        started = now - timedelta(seconds=reply.call.seconds)
        found = arrival(pending, reply, self.judge, sent_at=started, ended_at=now)
        self.state.results.keep(self.audit, [found], now)


def _summed(state: AuditState, audit: str, identities: Collection[str], refused: int, lost: Decimal) -> Sampled:
    first: dict[str, str] = {}
    for made in state.results.of(audit):
        # A call that was lost says nothing of the prompt.
        if made.source.lane == "sync" and made.identity in identities and made.outcome != "missing":
            first.setdefault(made.identity, "" if made.outcome == "answered" else made.reason or made.outcome)
    faults = Counter(reason for reason in first.values() if reason)
    usable = sum(not reason for reason in first.values())
    return Sampled(len(first), usable, tuple(faults.most_common()), refused, lost)


async def ask_all(lane: Lane, pending: Sequence[Pending], book: Book) -> None:
    """A few of them side by side at a time; the lane sees to limits and retries."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(each: Pending) -> None:
        async with slots:
            book.came(each, await lane.call(book.goes(each)))

    async with asyncio.TaskGroup() as group:
        for each in pending:
            group.create_task(one(each))
