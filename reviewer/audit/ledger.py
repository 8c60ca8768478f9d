"""The audit's books: every call that was paid for or lost, with the files it was about, as reports list them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern

from reviewer.audit.budgeting import Unsure, unsure
from reviewer.core.audit_provenance import Origin
from reviewer.core.pricing import Price, cost_of
from reviewer.core.report import Cost, PassReport
from reviewer.core.request import Call, Cause, Kind
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Outcome, ResultRecord, Source, UnitCall

_ANSWERS: frozenset[Outcome] = frozenset({"unusable", "truncated", "refused"})


@dataclass(slots=True)
class Ledger:
    """Passes by repository, the last outcome of every question that has no usable answer, and what was perhaps paid
    without one.
    """

    passes: dict[str, list[PassReport]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unsure: Unsure = Unsure()

    def cause(self, identity: str) -> Cause:
        """Why a question has no usable answer: what the model said, or that it said nothing."""
        return "answer" if self.outcomes.get(identity) in _ANSWERS else "api"


@dataclass(frozen=True, slots=True)
class _Question:
    identity: str
    repository: str
    kind: Kind
    files: tuple[str, ...]


def read_ledger(state: AuditState, audit: str, prices: Mapping[str, Price]) -> Ledger:
    """The books of one audit. An answer that was carried over is a pass that cost nothing."""
    ledger = Ledger(unsure=unsure(state, audit, prices))
    asked: dict[str, _Question] = {}
    for unit in state.requests.calls(audit):
        asked.setdefault(unit.identity, _Question(unit.identity, unit.repository, unit.kind, unit.files))
        if unit.carried and unit.call:
            ledger.passes.setdefault(unit.repository, []).append(_carried(unit, unit.call))
    for made in state.results.of(audit):
        question = asked.get(made.identity)
        if question:
            if made.outcome != "answered":
                ledger.outcomes[question.identity] = made.outcome
            ledger.passes.setdefault(question.repository, []).append(_pass(made, question, prices))
    return ledger


def _pass(made: ResultRecord, question: _Question, prices: Mapping[str, Price]) -> PassReport:
    call, source = made.call, made.source
    took = (source.ended_at - source.sent_at).total_seconds() if source.ended_at and source.sent_at else 0.0
    return PassReport(
        # Kinds and outcomes are few, and each row of the database brings its own copy.
        kind="sample" if source.lane == "sync" else intern(question.kind),
        files=question.files,
        model=call.model,
        outcome="answered" if made.outcome == "answered" else f"{made.outcome}: {made.reason}",
        usage=call.usage,
        usd=cost_of(call, prices),
        attempts=source.attempt,
        lane=source.lane,
        custom_id=source.custom_id,
        batch_id=source.batch_id,
        request_id=call.request_id,
        message_id=call.message_id,
        prompt_sha256=question.identity,
        seconds=max(0.0, took),
    )


def _carried(unit: UnitCall, call: Call) -> PassReport:
    return PassReport(
        kind=intern(unit.kind),
        files=unit.files,
        model=call.model,
        outcome="answered",
        lane=call.lane,
        custom_id=call.custom_id,
        batch_id=call.batch_id,
        message_id=call.message_id,
        prompt_sha256=unit.identity,
        memo=True,
    )


def read_origins(
    state: AuditState, audit: str, units: Collection[str], prices: Mapping[str, Price]
) -> dict[str, Origin]:
    """Where the answers of these units came from; those without one are left out."""
    return {
        unit.unit: _origin(unit, unit.call, unit.source, prices)
        for unit in state.requests.calls(audit, units)
        if unit.call and unit.source
    }


def _origin(unit: UnitCall, call: Call, source: Source, prices: Mapping[str, Price]) -> Origin:
    return Origin(
        audit=source.audit,
        kind=unit.kind,
        unit=unit.unit,
        model=call.model,
        prompt_sha256=unit.identity,
        lane=source.lane,
        batch_id=source.batch_id,
        custom_id=source.custom_id,
        request_id=call.request_id,
        message_id=call.message_id,
        attempt=source.attempt,
        submitted_at=source.sent_at.isoformat() if source.sent_at else "",
        ended_at=source.ended_at.isoformat() if source.ended_at else "",
        usage=call.usage,
        usd=cost_of(call, prices),
        files=len(unit.files),
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
