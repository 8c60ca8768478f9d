"""The audit's books: every call that was paid for or lost, with the files it was about, as reports list them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reviewer.audit.budgeting import Unsure, unsure
from reviewer.core.audit_provenance import Origin
from reviewer.core.pricing import Price, cost_of
from reviewer.core.report import Cost, PassReport
from reviewer.core.request import Cause, Kind
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Outcome, ResultRecord, UnitRecord

_ANSWERS: frozenset[Outcome] = frozenset({"unusable", "truncated", "refused"})


@dataclass(slots=True)
class Ledger:
    """Passes by repository, the last outcome of every question, where each unit's answer came from, and what was
    perhaps paid without an answer.
    """

    passes: dict[str, list[PassReport]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    unsure: Unsure = Unsure()

    def cause(self, identity: str) -> Cause:
        """Why a question has no usable answer: what the model said, or that it said nothing."""
        return "answer" if self.outcomes.get(identity) in _ANSWERS else "api"


@dataclass(frozen=True, slots=True)
class _Question:
    repository: str
    kind: Kind
    files: tuple[str, ...]


def read_ledger(state: AuditState, audit: str, prices: Mapping[str, Price]) -> Ledger:
    """The books of one audit. An answer that was carried over is a pass that cost nothing."""
    ledger = Ledger(unsure=unsure(state, audit, prices))
    asked: dict[str, _Question] = {}
    for record in state.requests.units(audit):
        request = record.request
        asked.setdefault(record.identity, _Question(record.repository, request.kind, request.files))
        if record.reply:
            ledger.origins[record.unit] = _origin(record, prices)
        if record.carried and record.reply:
            ledger.passes.setdefault(record.repository, []).append(_carried(record))
    for made in state.results.of(audit):
        ledger.outcomes[made.identity] = made.outcome
        question = asked.get(made.identity)
        if question:
            ledger.passes.setdefault(question.repository, []).append(_pass(made, question, prices))
    return ledger


def _pass(made: ResultRecord, question: _Question, prices: Mapping[str, Price]) -> PassReport:
    call, source = made.reply.call, made.source
    took = (source.ended_at - source.sent_at).total_seconds() if source.ended_at and source.sent_at else 0.0
    return PassReport(
        kind="sample" if source.lane == "sync" else question.kind,
        files=question.files,
        model=call.model,
        outcome=made.outcome if made.outcome == "answered" else f"{made.outcome}: {made.reason}",
        usage=call.usage,
        usd=cost_of(call, prices),
        attempts=source.attempt,
        lane=source.lane,
        custom_id=source.custom_id,
        batch_id=source.batch_id,
        request_id=call.request_id,
        message_id=call.message_id,
        prompt_sha256=made.identity,
        seconds=max(0.0, took),
    )


def _carried(record: UnitRecord) -> PassReport:
    reply, source = record.reply, record.source
    assert reply is not None  # noqa: S101 - only units with an answer are carried over
    return PassReport(
        kind=record.request.kind,
        files=record.request.files,
        model=reply.call.model,
        outcome="answered",
        lane=source.lane if source else "batch",
        custom_id=source.custom_id if source else "",
        batch_id=source.batch_id if source else "",
        message_id=reply.call.message_id,
        prompt_sha256=record.identity,
        memo=True,
    )


def _origin(record: UnitRecord, prices: Mapping[str, Price]) -> Origin:
    reply, source = record.reply, record.source
    assert reply is not None  # noqa: S101 - see `read_ledger`
    assert source is not None  # noqa: S101 - every answer has one
    return Origin(
        audit=source.audit,
        kind=record.request.kind,
        unit=record.unit,
        model=reply.call.model,
        prompt_sha256=record.identity,
        lane=source.lane,
        batch_id=source.batch_id,
        custom_id=source.custom_id,
        request_id=reply.call.request_id,
        message_id=reply.call.message_id,
        attempt=source.attempt,
        submitted_at=source.sent_at.isoformat() if source.sent_at else "",
        ended_at=source.ended_at.isoformat() if source.ended_at else "",
        usage=reply.call.usage,
        usd=cost_of(reply.call, prices),
        files=len(record.request.files),
    )


def total_cost(costs: Iterable[Cost]) -> Cost:
    """The sum."""
    total = Cost()
    for each in costs:
        total = Cost(
            total.usd + each.usd,
            total.sync_usd + each.sync_usd,
            total.uncached_usd + each.uncached_usd,
            total.usage + each.usage,
        )
    return total
