"""The hard cap of an audit, which nothing can pass: whatever has no known price yet is held at its worst.

A round goes out in slices. What ended has cost what the API counted; what is under way counts at the most that it can
cost; a slice is what still fits beside both, the riskiest units first. When it has ended its real cost is known, mostly
a fraction of the worst, and the next slice goes out. What never fits is left out by name at the end. With a cap above
the worst price of the whole round there is one slice, and nothing is slower than without a cap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from reviewer.audit.submission import with_room
from reviewer.audit.worst import Room, worst_price
from reviewer.core.audit_risk import Priced, Risk, admit, risk_of
from reviewer.core.pricing import Price, cost_together, price_of
from reviewer.core.request import Request
from reviewer.core.tokens import estimate_tokens
from reviewer.store.audit import AuditState
from reviewer.store.audit_packing import SHORT
from reviewer.store.audit_values import Pending

_UNKNOWN = 4.0
"""How much longer than its estimate an answer may be under a tight budget, while no lengths are known."""
_SPARE = 2.0
"""The same beside the longest answer so far."""
_BELIEVED_FROM = 10
"""Answers from which their length is believed."""
_CRUMBS = Decimal("0.05")
"""Share of the cap that is not worth another batch's time."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What of a round may go out now: `only` these, all of it where None, each with as much `room`.

    `waiting` requests go out when what is under way has ended; `left_out` do not go out at all.
    """

    only: frozenset[str] | None = None
    room: Room = Room()
    waiting: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Unsure:
    """Calls whose answer, and price, were lost: what was asked synchronously is bought again in a batch."""

    sync: int = 0
    sync_usd: Decimal = Decimal(0)
    batch: int = 0
    batch_usd: Decimal = Decimal(0)

    @property
    def usd(self) -> Decimal:
        """What they may have cost, at most."""
        return self.sync_usd + self.batch_usd


def spent(state: AuditState, audit: str, prices: Mapping[str, Price]) -> Decimal:
    """Dollars that this audit has cost so far."""
    total = Decimal(0)
    for row in state.figures.spent(audit):
        price = price_of(row.model, prices)
        total += cost_together(row.usage, price, long=row.large, batch=row.lane == "batch")
    return total


def unsure(state: AuditState, audit: str, prices: Mapping[str, Price]) -> Unsure:
    """What may have been paid for without an answer to show, each call at its worst price."""
    total = Unsure()
    for made in state.results.of(audit, ["missing"]):
        for pending in state.requests.find(audit, [made.identity[:SHORT]]).values():
            batch = made.source.lane == "batch"
            usd = worst_price(_longest(pending.request, made.source.attempt), prices, batch=batch)
            if batch:
                total = replace(total, batch=total.batch + 1, batch_usd=total.batch_usd + usd)
            else:
                total = replace(total, sync=total.sync + 1, sync_usd=total.sync_usd + usd)
    return total


def _longest(request: Request, attempt: int) -> Request:
    """With all the room that it can have been sent with at this attempt."""
    return with_room(Pending(0, "", "", attempt, "truncated", request))


@dataclass(frozen=True, slots=True)
class Purse:
    """One audit's money. `lost` is what attempts may have cost of which nothing else is known."""

    state: AuditState
    audit: str
    cap: Decimal
    prices: Mapping[str, Price]
    lost: Decimal = Decimal(0)

    def left(self) -> Decimal:
        """What is neither spent nor held for what is under way."""
        gone = spent(self.state, self.audit, self.prices) + unsure(self.state, self.audit, self.prices).usd + self.lost
        return self.cap - gone - self._under_way()

    def slice(self, round: str) -> Slice:
        """What of a round may go out now. Leaves out, by name, what cannot go out any more."""
        if not self.state.requests.counts(self.audit).get(round, {}).get("planned"):
            return Slice()
        left = self.left()
        if sum((self._worst(each, Room()) for each in self._pending(round)), Decimal(0)) <= left:
            return Slice()
        busy, room = self._busy(), Room(self._factor(round))
        priced = self._priced(round, room)
        taken = [] if not busy and left < self.cap * _CRUMBS else admit(priced, left, busy=busy)
        only = frozenset(each.unit for each in taken)
        rest = [each for each in priced if each.unit not in only]
        if taken or busy:
            return Slice(only, room, waiting=len(rest))
        self._leave_out(rest)
        return Slice(only, room, left_out=len(rest))

    def leave_out(self, round: str) -> int:
        """Leave out all that waits of a round; returns how many requests."""
        rest = self._priced(round, Room(_UNKNOWN))
        self._leave_out(rest)
        return len(rest)

    def _leave_out(self, units: Sequence[Priced]) -> None:
        for each in units:
            reason = f"left out by the budget of ${self.cap:.2f}, which the riskiest get first (this: {each.risk})"
            self.state.requests.leave_out(self.audit, [each.unit], reason)

    def _busy(self) -> bool:
        return any(states.get("submitted") for states in self.state.requests.counts(self.audit).values())

    def _under_way(self) -> Decimal:
        held: dict[str, Decimal] = {}
        for record in self.state.requests.units(self.audit, states=["submitted"]):
            held[record.identity] = worst_price(_longest(record.request, record.attempt), self.prices, batch=True)
        return sum(held.values(), Decimal(0))

    def _pending(self, round: str) -> Iterator[Pending]:
        return self.state.requests.pending(self.audit, round=round)

    def _worst(self, pending: Pending, room: Room) -> Decimal:
        return worst_price(room(pending), self.prices, batch=True)

    def _priced(self, round: str, room: Room) -> list[Priced]:
        risks = self._risks(round)
        return [Priced(each.identity, self._worst(each, room), risks[each.identity]) for each in self._pending(round)]

    def _risks(self, round: str) -> dict[str, Risk]:
        risks: dict[str, Risk] = {}
        for record in self.state.requests.units(self.audit, round=round, states=["planned"]):
            code = estimate_tokens(record.request.turns[-1].blocks[-1].text)
            found = risk_of(record.request.files, code)
            risks[record.identity] = max(risks.get(record.identity, found), found, key=lambda risk: risk.points)
        return risks

    def _factor(self, round: str) -> float:
        """By the longest answer of the round so far."""
        longest, seen = 0.0, 0
        for record in self.state.requests.units(self.audit, round=round, states=["answered"]):
            if record.reply and not record.carried:
                seen += 1
                longest = max(longest, record.reply.call.usage.output_tokens / record.request.estimated_output)
        return max(1.0, longest * _SPARE) if seen >= _BELIEVED_FROM else max(_UNKNOWN, longest * _SPARE)
