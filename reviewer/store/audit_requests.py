"""The questions of an audit and the units they serve: planned, waiting to be sent, answered or given up."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from sys import intern
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, Row, func, select, update

from reviewer.core.request import Request
from reviewer.store.audit_ids import sync_intent
from reviewer.store.audit_packing import (
    SHORT,
    USAGE_COLUMNS,
    read_time,
    unpack,
    unpack_call,
    unpack_reply,
    unsqueeze,
)
from reviewer.store.audit_pages import PAGE, by_number, pages
from reviewer.store.audit_planned import PlanPage, plan_pages
from reviewer.store.audit_schema import BODIES, FRAMES, REQUESTS, RESULTS, UNITS
from reviewer.store.audit_values import (
    Pending,
    PlanCounts,
    Planned,
    RequestState,
    Source,
    UnitCall,
    UnitPayload,
    UnitRecord,
    Waiting,
)


class Requests:
    """Every method is one transaction, or one per page of its rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._frames: dict[str, bytes] = {}

    def plan(self, audit: str, items: Iterable[Planned], *, carry_over: bool, now: datetime) -> PlanCounts:
        """Write down units and their questions, in a stream. Doing it again adds only what is new.

        With `carry_over` a question that any audit in this state has a usable answer to is not asked again.
        """
        total = PlanCounts()
        for page in plan_pages(items):
            with self._engine.begin() as connection:
                made = PlanPage(connection, audit, page, now).write(self._engine, carry_over)
            total = PlanCounts(
                total.new + made.new, total.carried + made.carried, total.shared + made.shared, total.known + made.known
            )
        return total

    def pending(
        self,
        audit: str,
        *,
        round: str | None = None,
        only: Collection[str] | None = None,
        held: Collection[str] = (),
    ) -> Iterator[Pending]:
        """What waits to be sent, by model and then by prefix, so that equal prefixes stand together.

        `only` names identities: the sample, or what a budget lets go. `held` names prefixes to be passed over.
        """
        table = REQUESTS.c
        wanted: list[ColumnElement[bool]] = [table.audit == audit, table.state == "planned"]
        if held:
            wanted.append(table.prefix.not_in(held))
        if round is not None:
            wanted.append(table.round == round)
        order = table.model, table.prefix, table.number
        # The order first, as numbers alone: a page at a time by key would have the database sort anew for each.
        rows = self._read(select(table.number, table.short).where(*wanted).order_by(*order))
        named = None if only is None else {identity[:SHORT] for identity in only}
        numbers = [row.number for row in rows if named is None or row.short in named]
        for page in pages(numbers):
            rows = self._read(_ASKED.where(table.number.in_(page)).order_by(*order))
            yield from (self._to_pending(row) for row in rows)

    def units(
        self, audit: str, *, round: str | None = None, states: Collection[RequestState] = ()
    ) -> Iterator[UnitRecord]:
        """The units of an audit that has not ended, in the order they were planned, each with its answer if any."""
        wanted: list[ColumnElement[bool]] = [UNITS.c.audit == audit]
        if round is not None:
            wanted.append(UNITS.c.round == round)
        if states:
            wanted.append(REQUESTS.c.state.in_(states))
        return map(self._to_unit, by_number(self._engine, _UNITS.where(*wanted), UNITS.c.number))

    def named(self, audit: str, round: str, units: Collection[str]) -> Iterator[UnitRecord]:
        """The units of these names that are answered, in the order they were planned."""
        wanted = UNITS.c.audit == audit, UNITS.c.round == round, REQUESTS.c.state == "answered"
        query = select(UNITS.c.number).where(UNITS.c.audit == audit, UNITS.c.round == round)
        numbers = [row.number for page in pages(units) for row in self._read(query.where(UNITS.c.unit.in_(page)))]
        for page in pages(sorted(numbers)):
            rows = self._read(_UNITS.where(*wanted, UNITS.c.number.in_(page)).order_by(UNITS.c.number))
            yield from (self._to_unit(row) for row in rows)

    def calls(self, audit: str, units: Collection[str] | None = None) -> Iterator[UnitCall]:
        """The units of an audit, or those of these names, with what answered them, in the order they were planned."""
        wanted: list[ColumnElement[bool]] = [UNITS.c.audit == audit]
        if units is not None:
            wanted.append(UNITS.c.unit.in_(units))
        return map(_to_call, by_number(self._engine, _CALLS.where(*wanted), UNITS.c.number))

    def payloads(self, audit: str, round: str) -> Iterator[UnitPayload]:
        """Every unit of a round in whatever state, in the order they were planned; questions are not read."""
        columns = UNITS.c.number, UNITS.c.unit, UNITS.c.repository, UNITS.c.payload, REQUESTS.c.carried
        query = select(*columns).join(REQUESTS, REQUESTS.c.number == UNITS.c.request)
        mine = query.where(UNITS.c.audit == audit, UNITS.c.round == round)
        for row in by_number(self._engine, mine, UNITS.c.number):
            yield UnitPayload(row.unit, row.repository, unsqueeze(row.payload), row.carried)

    def counts(self, audit: str) -> Mapping[str, Mapping[RequestState, int]]:
        """By round, how many questions are in each state."""
        query = select(REQUESTS.c.round, REQUESTS.c.state, func.count()).where(REQUESTS.c.audit == audit)
        counted: dict[str, dict[RequestState, int]] = {}
        for name, state, number in map(tuple, self._read(query.group_by(REQUESTS.c.round, REQUESTS.c.state))):
            counted.setdefault(name, {})[state] = number
        return counted

    def find(self, audit: str, shorts: Collection[str]) -> dict[str, Pending]:
        """The questions that custom ids name, by the part of the identity that they hold, in whatever state."""
        rows = self._read(_ASKED.where(REQUESTS.c.audit == audit, REQUESTS.c.short.in_(shorts)))
        return {row.short: self._to_pending(row) for row in rows}

    def unsent(self, audit: str, round: str) -> list[Waiting]:
        """What waits and was never sent, in the order it was planned; the questions themselves are not read."""
        table = REQUESTS.c
        query = select(table.identity, table.estimated_input, table.estimated_output).where(
            table.audit == audit, table.round == round, table.state == "planned", table.attempt == 1, table.last == ""
        )
        return [
            Waiting(name, given, said) for name, given, said in map(tuple, self._read(query.order_by(table.number)))
        ]

    def send_sync(self, audit: str, identity: str) -> None:
        """Write down, before the call, that a question goes out on the synchronous lane."""
        self._move(audit, [identity], "planned", {"state": "submitted", "intent": sync_intent(audit)})

    def take_back(self, audit: str, identity: str) -> None:
        """It did not go out after all: it waits again, with the same attempt."""
        self._move(audit, [identity], "submitted", {"state": "planned", "intent": None})

    def in_flight(self, audit: str) -> list[Pending]:
        """Questions that went out on the synchronous lane and have no end: after a crash nobody knows theirs."""
        mine = REQUESTS.c.audit == audit, REQUESTS.c.state == "submitted", REQUESTS.c.intent == sync_intent(audit)
        return [self._to_pending(row) for row in self._read(_ASKED.where(*mine).order_by(REQUESTS.c.number))]

    def leave_out(self, audit: str, identities: Iterable[str], reason: str) -> int:
        """Do not ask these, whatever the reason is (the budget, above all); returns how many still waited."""
        values = {"state": "left-out", "reason": reason}
        return self._move(audit, identities, "planned", values)

    def reopen(self, audit: str, identities: Iterable[str]) -> int:
        """Ask again what had failed, once its cause is mended."""
        values = {"state": "planned", "attempt": 1, "reason": "", "last": "", "intent": None}
        return self._move(audit, identities, "failed", values)

    def _move(self, audit: str, identities: Iterable[str], source: RequestState, values: Mapping[str, Any]) -> int:
        moved = 0
        for page in pages(identities):
            with self._engine.begin() as connection:
                table = REQUESTS.c
                named = table.short.in_({identity[:SHORT] for identity in page})
                where = table.audit == audit, named, table.state == source
                moved += connection.execute(update(REQUESTS).where(*where).values(**values)).rowcount
        return moved

    def _read(self, query: Any) -> list[Row[Any]]:
        with self._engine.begin() as connection:
            return list(connection.execute(query).all())

    def _to_pending(self, row: Row[Any]) -> Pending:
        request = self._unpack(row, "", "file", ())
        return Pending(row.number, row.identity, row.round, row.attempt, row.last, request)

    def _to_unit(self, row: Row[Any]) -> UnitRecord:
        request = self._unpack(row, row.unit, row.kind, tuple(json.loads(row.files)))
        reply = source = None
        if row.custom_id is not None:
            reply, source = unpack_reply(_answering(row), carried=row.carried), _source(row)
        return UnitRecord(
            row.unit,
            row.round,
            row.repository,
            unsqueeze(row.payload),
            request,
            row.identity,
            row.state,
            row.attempt,
            row.reason,
            row.carried,
            reply,
            source,
        )

    def _unpack(self, row: Row[Any], unit: str, kind: str, files: tuple[str, ...]) -> Request:
        if row.frame not in self._frames:
            if len(self._frames) > PAGE:
                self._frames.clear()
            [[body]] = self._read(select(FRAMES.c.body).where(FRAMES.c.hash == row.frame))
            self._frames[row.frame] = unsqueeze(body)
        return unpack(self._frames[row.frame], row.body, unit, kind, files)


def _to_call(row: Row[Any]) -> UnitCall:
    call = source = None
    if row.custom_id is not None:
        call, source = unpack_call(_answering(row), carried=row.carried), _source(row)
    files = tuple(json.loads(row.files))
    return UnitCall(row.unit, intern(row.repository), row.kind, files, row.identity, row.carried, call, source)


def _answering(row: Row[Any]) -> Mapping[str, Any]:
    return {**row._mapping, "attempt": row.result_attempt, "model": row.answered_by}


def _source(row: Row[Any]) -> Source:
    lane: Literal["sync", "batch"] = "batch" if row.lane == "batch" else "sync"
    times = read_time(row.sent_at), read_time(row.ended_at)
    return Source(row.paid_by, lane, row.batch_id, row.custom_id, row.result_attempt, row.asked, *times)


_ASKED = select(REQUESTS, BODIES.c.frame, BODIES.c.body).join(BODIES, BODIES.c.request == REQUESTS.c.number)
_ANSWERED = (
    RESULTS.c.audit.label("paid_by"),
    RESULTS.c.attempt.label("result_attempt"),
    RESULTS.c.model.label("answered_by"),
    RESULTS.c.sent_at,
    RESULTS.c.ended_at,
    *(RESULTS.c[name] for name in (*USAGE_COLUMNS, "large", "batch_id", "custom_id", "lane", "asked")),
    *(RESULTS.c[name] for name in ("message_id", "request_id")),
)
_UNITS = (
    select(
        UNITS.c.number.label("unit_number"),
        *(UNITS.c[name] for name in ("unit", "round", "repository", "kind", "files", "payload")),
        *(REQUESTS.c[name] for name in ("identity", "state", "attempt", "reason", "carried")),
        BODIES.c.frame,
        BODIES.c.body,
        RESULTS.c.outcome,
        RESULTS.c.text,
        *_ANSWERED,
    )
    .join(REQUESTS, REQUESTS.c.number == UNITS.c.request)
    .join(BODIES, BODIES.c.request == REQUESTS.c.number)
    .outerjoin(RESULTS, RESULTS.c.number == REQUESTS.c.result)
)
_CALLS = (
    select(
        UNITS.c.number.label("unit_number"),
        *(UNITS.c[name] for name in ("unit", "repository", "kind", "files")),
        REQUESTS.c.identity,
        REQUESTS.c.carried,
        *_ANSWERED,
    )
    .join(REQUESTS, REQUESTS.c.number == UNITS.c.request)
    .outerjoin(RESULTS, RESULTS.c.number == REQUESTS.c.result)
)
