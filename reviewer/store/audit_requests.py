"""The questions of an audit and the units they serve: planned, waiting to be sent, answered or given up."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Row, func, insert, select, update
from sqlalchemy.engine import Connection

from reviewer.core.request import Request
from reviewer.store.audit_database import upsert
from reviewer.store.audit_packing import (
    SHORT,
    USAGE_COLUMNS,
    pack,
    read_time,
    squeeze,
    ttl_of,
    unpack,
    unpack_reply,
    unsqueeze,
    write_time,
)
from reviewer.store.audit_schema import BODIES, FRAMES, REQUESTS, RESULTS, UNITS
from reviewer.store.audit_values import Pending, PlanCounts, Planned, RequestState, Source, UnitRecord

PAGE = 500
"""Rows in memory at a time, and in one transaction."""
_PLAN, _PLAN_TOKENS = 5000, 4_000_000
"""Units planned in one transaction, and the tokens of their questions that are then in memory."""
T = TypeVar("T")


def pages(items: Iterable[T], size: int = PAGE) -> Iterator[list[T]]:
    """The items, so many at a time."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def _plan_pages(items: Iterable[Planned]) -> Iterator[list[Planned]]:
    """Larger pages where the questions are small: identities come in no order, so each page writes much of an index.

    Whole pages before their transaction begins: what makes the items may itself be reading the state.
    """
    page: list[Planned] = []
    tokens = 0
    for item in items:
        page.append(item)
        tokens += item.request.estimated_input
        if len(page) >= _PLAN or tokens >= _PLAN_TOKENS:
            yield page
            page, tokens = [], 0
    if page:
        yield page


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
        for page in _plan_pages(items):
            with self._engine.begin() as connection:
                made = _PlanPage(connection, audit, page, now).write(self._engine, carry_over)
            total = PlanCounts(
                total.new + made.new, total.carried + made.carried, total.shared + made.shared, total.known + made.known
            )
        return total

    def pending(
        self, audit: str, *, round: str | None = None, only: Collection[str] | None = None
    ) -> Iterator[Pending]:
        """What waits to be sent, by model and then by prefix, so that equal prefixes stand together.

        `only` names identities: the sample, or the one request that primes a prefix.
        """
        table = REQUESTS.c
        wanted: list[ColumnElement[bool]] = [table.audit == audit, table.state == "planned"]
        if round is not None:
            wanted.append(table.round == round)
        if only is not None:
            wanted.append(table.short.in_({identity[:SHORT] for identity in only}))
        order = table.model, table.prefix, table.number
        # The order first, as numbers alone: a page at a time by key would have the database sort anew for each.
        numbers = [row.number for row in self._read(select(table.number).where(*wanted).order_by(*order))]
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
        last = 0
        while True:
            rows = self._read(_UNITS.where(*wanted, UNITS.c.number > last).order_by(UNITS.c.number).limit(PAGE))
            yield from (self._to_unit(row) for row in rows)
            if len(rows) < PAGE:
                return
            last = rows[-1].unit_number

    def counts(self, audit: str) -> Mapping[str, Mapping[RequestState, int]]:
        """By round, how many questions are in each state."""
        query = select(REQUESTS.c.round, REQUESTS.c.state, func.count()).where(REQUESTS.c.audit == audit)
        counted: dict[str, dict[RequestState, int]] = {}
        for name, state, number in map(tuple, self._read(query.group_by(REQUESTS.c.round, REQUESTS.c.state))):
            counted.setdefault(name, {})[state] = number
        return counted

    def reasons(self, audit: str, state: RequestState) -> list[tuple[str, int]]:
        """Why questions are in a state (`failed`, `given-up`, `left-out`), the most frequent reason first."""
        mine = REQUESTS.c.audit == audit, REQUESTS.c.state == state
        counted = select(REQUESTS.c.reason, func.count()).where(*mine).group_by(REQUESTS.c.reason)
        return [(row.reason, row.count_1) for row in self._read(counted.order_by(func.count().desc()))]

    def find(self, audit: str, shorts: Collection[str]) -> dict[str, Pending]:
        """The questions that custom ids name, by the part of the identity that they hold, in whatever state."""
        rows = self._read(_ASKED.where(REQUESTS.c.audit == audit, REQUESTS.c.short.in_(shorts)))
        return {row.short: self._to_pending(row) for row in rows}

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
            said: dict[str, Any] = dict(row._mapping)
            reply = unpack_reply(said | {"attempt": row.result_attempt, "model": row.answered_by}, carried=row.carried)
            source = Source(
                row.paid_by,
                "batch" if row.lane == "batch" else "sync",
                row.batch_id,
                row.custom_id,
                row.result_attempt,
                row.asked,
                read_time(row.sent_at),
                read_time(row.ended_at),
            )
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


_ASKED = select(REQUESTS, BODIES.c.frame, BODIES.c.body).join(BODIES, BODIES.c.request == REQUESTS.c.number)
_SAID = (*USAGE_COLUMNS, "batch_id", "custom_id", "lane", "outcome", "text", "asked", "message_id", "request_id")
_UNITS = (
    select(
        UNITS.c.number.label("unit_number"),
        *(UNITS.c[name] for name in ("unit", "round", "repository", "kind", "files", "payload")),
        *(REQUESTS.c[name] for name in ("identity", "state", "attempt", "reason", "carried")),
        BODIES.c.frame,
        BODIES.c.body,
        RESULTS.c.audit.label("paid_by"),
        RESULTS.c.attempt.label("result_attempt"),
        RESULTS.c.model.label("answered_by"),
        RESULTS.c.sent_at,
        RESULTS.c.ended_at,
        *(RESULTS.c[name] for name in _SAID),
    )
    .join(REQUESTS, REQUESTS.c.number == UNITS.c.request)
    .join(BODIES, BODIES.c.request == REQUESTS.c.number)
    .outerjoin(RESULTS, RESULTS.c.number == REQUESTS.c.result)
)


class _PlanPage:
    """One page of a plan, in one transaction."""

    def __init__(self, connection: Connection, audit: str, page: list[Planned], now: datetime) -> None:
        self._connection, self._audit, self._page, self._now = connection, audit, page, now

    def write(self, engine: Engine, carry_over: bool) -> PlanCounts:
        known = self._known_units()
        items = {item.unit: item for item in self._page if item.unit not in known}
        if not items:
            return PlanCounts(known=len(self._page))
        identities = {unit: item.request.identity for unit, item in items.items()}
        numbers = self._known_requests(identities.values())
        fresh: dict[str, Planned] = {}
        for unit, item in items.items():
            if identities[unit] not in numbers:
                fresh.setdefault(identities[unit], item)
        answers = self._answers(set(fresh)) if carry_over else {}
        if fresh:
            numbers |= self._write_requests(engine, fresh, answers)
        rows = [self._unit(item, numbers[identities[unit]]) for unit, item in items.items()]
        self._connection.execute(insert(UNITS), rows)
        new = len(fresh) - len(answers)
        return PlanCounts(new, len(answers), len(items) - len(fresh), len(self._page) - len(items))

    def _known_units(self) -> set[str]:
        named = UNITS.c.unit.in_([item.unit for item in self._page])
        return set(self._connection.scalars(select(UNITS.c.unit).where(UNITS.c.audit == self._audit, named)))

    def _known_requests(self, identities: Iterable[str]) -> dict[str, int]:
        named = REQUESTS.c.short.in_({identity[:SHORT] for identity in identities})
        query = select(REQUESTS.c.identity, REQUESTS.c.number).where(REQUESTS.c.audit == self._audit, named)
        return {row.identity: row.number for row in self._connection.execute(query)}

    def _answers(self, identities: set[str]) -> dict[str, int]:
        table = RESULTS.c
        query = select(table.identity, func.max(table.number)).where(
            table.identity.in_(identities), table.outcome == "answered"
        )
        rows = self._connection.execute(query.group_by(table.identity))
        found: dict[str, int] = {row[0]: row[1] for row in rows}
        if found:
            used = update(RESULTS).where(table.number.in_(found.values()))
            self._connection.execute(used.values(used_at=write_time(self._now)))
        return found

    def _write_requests(
        self, engine: Engine, fresh: Mapping[str, Planned], answers: Mapping[str, int]
    ) -> dict[str, int]:
        rows = [self._request(item, identity, answers.get(identity)) for identity, item in fresh.items()]
        keys = REQUESTS.c.identity, REQUESTS.c.number
        made = self._connection.execute(insert(REQUESTS).returning(*keys), rows)
        numbers = {row.identity: row.number for row in made}
        bodies, frames = [], {}
        for identity, item in fresh.items():
            frame, shared, own = pack(item.request)
            frames[frame] = shared
            bodies.append({"request": numbers[identity], "frame": frame, "body": own})
        keep = upsert(engine, FRAMES).on_conflict_do_nothing(index_elements=["hash"])
        self._connection.execute(keep, [{"hash": name, "body": squeeze(body)} for name, body in frames.items()])
        self._connection.execute(insert(BODIES), bodies)
        return numbers

    def _request(self, item: Planned, identity: str, answer: int | None) -> dict[str, Any]:
        request = item.request
        return {
            "audit": self._audit,
            "identity": identity,
            "short": identity[:SHORT],
            "round": item.round,
            "model": request.model,
            "prefix": request.prefix,
            "ttl": ttl_of(request),
            "state": "planned" if answer is None else "answered",
            "attempt": 1,
            "last": "",
            "reason": "",
            "result": answer,
            "carried": answer is not None,
            "estimated_input": request.estimated_input,
            "estimated_output": request.estimated_output,
        }

    def _unit(self, item: Planned, number: int) -> dict[str, Any]:
        return {
            "audit": self._audit,
            "unit": item.unit,
            "round": item.round,
            "repository": item.repository,
            "kind": item.request.kind,
            "files": json.dumps(item.request.files),
            "request": number,
            "payload": squeeze(item.payload),
        }
