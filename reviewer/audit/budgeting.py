"""The hard cap: before a round goes out, what it will likely cost is held against what is left, and the rest is named.

Estimates are corrected by what this audit's answers have really cost, so that a second look at the same round is surer
than the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reviewer.core.audit_risk import Priced, fit_budget, risk_of
from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.request import Request, Usage
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import UnitRecord

_MARGIN = Decimal("1.15")
"""Above the likely cost: single answers differ, thousands of them hardly do."""
_BELIEVED_FROM = 10
"""Answers from which their length is believed."""
_LOWEST = 0.5


def spent(state: AuditState, audit: str, prices: Mapping[str, Price]) -> Decimal:
    """Dollars that this audit has cost so far."""
    total = Decimal(0)
    for row in state.figures.spent(audit):
        price = price_of(row.model, prices)
        price = price.above if row.large and price.above else price
        total += cost(row.usage, price, batch=row.lane == "batch")
    return total


def fit_round(state: AuditState, audit: str, round: str, cap: Decimal, prices: Mapping[str, Price]) -> int:
    """Leave out of a round what the budget does not allow, the least risky first; returns how many requests."""
    look = _Look()
    for record in state.requests.units(audit, round=round, states=["planned", "submitted", "answered"]):
        look.take(record)
    room = max(Decimal(0), cap - spent(state, audit, prices))
    room -= sum((look.usd(request, prices) for request in look.under_way.values()), Decimal(0))
    priced = [
        Priced(name, request.files, look.usd(request, prices), risk_of(request.files, _code(request)))
        for name, request in look.waiting.items()
    ]
    left_out = fit_budget(priced, max(Decimal(0), room))
    risks = {each.unit: each.risk for each in priced}
    for each in left_out:
        reason = f"left out by the budget of ${cap:.2f}: among the least risky ({risks[each.unit]})"
        state.requests.leave_out(audit, [each.unit], reason)
    return len(left_out)


def _code(request: Request) -> int:
    return max(0, request.estimated_input - request.estimated_prefix)


@dataclass(slots=True)
class _Look:
    """One round's questions: those that wait, those under way, and how long answers are against their estimates."""

    waiting: dict[str, Request] = field(default_factory=dict)
    under_way: dict[str, Request] = field(default_factory=dict)
    answers: int = 0
    expected: int = 0
    written: int = 0

    def take(self, record: UnitRecord) -> None:
        """Look at one unit; requests that several units share count once."""
        if record.state == "planned":
            self.waiting.setdefault(record.identity, record.request)
        elif record.state == "submitted":
            self.under_way.setdefault(record.identity, record.request)
        elif record.reply and not record.carried:
            self.answers += 1
            self.expected += record.request.estimated_output
            self.written += record.reply.call.usage.output_tokens

    def usd(self, request: Request, prices: Mapping[str, Price]) -> Decimal:
        """What a request will likely cost in a batch, with a margin."""
        known = self.answers >= _BELIEVED_FROM and self.expected
        factor = max(_LOWEST, self.written / self.expected) if known else 1.0
        usage = Usage(request.estimated_input, int(request.estimated_output * factor))
        return cost(usage, price_of(request.model, prices), batch=True) * _MARGIN
