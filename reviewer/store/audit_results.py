"""The ledger: every attempt that has an end, kept once by (batch, custom id), and what it means for its question."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select, update
from sqlalchemy.engine import Connection

from reviewer.store.audit_database import upsert
from reviewer.store.audit_ids import sync_intent, write_custom_id
from reviewer.store.audit_packing import SHORT, pack_reply, read_time, unpack_call, write_time
from reviewer.store.audit_pages import by_number
from reviewer.store.audit_schema import REQUESTS, RESULTS
from reviewer.store.audit_values import MAX_ATTEMPTS, Arrival, Kept, Outcome, ResultRecord, Source

_BOOKED = [column for column in RESULTS.c if column.name != "text"]
_FINAL: dict[Outcome, str] = {"request-error": "failed", "refused": "given-up"}
"""Ends that another attempt would not better."""


class Results:
    """Every method is one transaction, or one per page of its rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, audit: str, arrivals: Sequence[Arrival], now: datetime) -> Kept:
        """Keep what has come in, all of it or nothing; what is kept already changes nothing.

        An answer settles its question. Anything else sends it again with the next attempt, up to `MAX_ATTEMPTS`;
        a request error and a refusal end it. Arrivals that no question of this audit belongs to are not counted.
        """
        with self._engine.begin() as connection:
            requests = self._requests(connection, audit, {arrival.identity[:SHORT] for arrival in arrivals})
            mine = [arrival for arrival in arrivals if arrival.identity[:SHORT] in requests]
            if not mine:
                return Kept()
            rows = [_row(audit, arrival, requests[arrival.identity[:SHORT]], now) for arrival in mine]
            numbers = self._insert(connection, rows)
            changes = _Changes(numbers)
            for arrival, row in zip(mine, rows, strict=True):
                changes.note(arrival, (row["batch_id"], row["custom_id"]), requests[arrival.identity[:SHORT]])
            changes.write(connection)
        return changes.kept

    def _requests(self, connection: Connection, audit: str, shorts: set[str]) -> dict[str, Row[Any]]:
        names = ("number", "identity", "short", "state", "attempt", "model", "prefix", "ttl")
        query = select(*(REQUESTS.c[name] for name in names))
        found = connection.execute(query.where(REQUESTS.c.audit == audit, REQUESTS.c.short.in_(shorts)))
        return {row.short: row for row in found}

    def _insert(self, connection: Connection, rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
        keys = RESULTS.c.number, RESULTS.c.batch_id, RESULTS.c.custom_id
        statement = upsert(self._engine, RESULTS).on_conflict_do_nothing(index_elements=["batch_id", "custom_id"])
        made = connection.execute(statement.returning(*keys), rows)
        return {(batch, custom): number for number, batch, custom in made}

    def of(self, audit: str, outcomes: Collection[Outcome] = ()) -> Iterator[ResultRecord]:
        """Every attempt that this audit paid for or lost, in the order they were kept."""
        query = select(*_BOOKED).where(RESULTS.c.audit == audit)
        if outcomes:
            query = query.where(RESULTS.c.outcome.in_(outcomes))
        return map(_record, by_number(self._engine, query, RESULTS.c.number))


class _Changes:
    """What newly kept arrivals mean for their questions."""

    def __init__(self, numbers: dict[tuple[str, str], int]) -> None:
        self._numbers = numbers
        self._tally: Counter[str] = Counter()
        self._updates: dict[int, dict[str, Any]] = {}

    def note(self, arrival: Arrival, key: tuple[str, str], request: Row[Any]) -> None:
        number = self._numbers.pop(key, None)
        if number is None:
            self._tally["known"] += 1
            return
        before = self._updates.get(request.number, {})
        state, attempt = before.get("state", request.state), before.get("attempt", request.attempt)
        if arrival.outcome == "answered":
            # The first answer stays: a second one was bought by accident and is only booked.
            if state != "answered":
                self._tally["answered"] += 1
                self._set(request, "answered", attempt, arrival, number)
        elif state in ("planned", "submitted") and attempt == arrival.attempt:
            self._set(request, *self._after(arrival), arrival, None)

    def _after(self, arrival: Arrival) -> tuple[str, int]:
        if final := _FINAL.get(arrival.outcome):
            self._tally["failed" if final == "failed" else "given_up"] += 1
            return final, arrival.attempt
        if arrival.attempt >= MAX_ATTEMPTS:
            self._tally["given_up"] += 1
            return "given-up", arrival.attempt
        self._tally["again"] += 1
        return "planned", arrival.attempt + 1

    def _set(self, request: Row[Any], state: str, attempt: int, arrival: Arrival, result: int | None) -> None:
        self._updates[request.number] = {
            "row": request.number,
            "state": state,
            "attempt": attempt,
            "last": arrival.outcome,
            "reason": arrival.reason,
            "result": result,
        }

    def write(self, connection: Connection) -> None:
        if self._updates:
            change = update(REQUESTS).where(REQUESTS.c.number == bindparam("row"))
            connection.execute(
                change.values({name: bindparam(name) for name in ("state", "attempt", "last", "reason", "result")}),
                [change for _, change in sorted(self._updates.items())],
            )

    @property
    def kept(self) -> Kept:
        return Kept(**self._tally)


def _row(audit: str, arrival: Arrival, request: Row[Any], now: datetime) -> dict[str, Any]:
    call = arrival.reply.call
    custom_id = call.custom_id or write_custom_id(sync_intent(audit), request.identity, arrival.attempt)
    return pack_reply(arrival.reply) | {
        "audit": audit,
        "identity": request.identity,
        "batch_id": call.batch_id,
        "custom_id": custom_id,
        "attempt": arrival.attempt,
        "outcome": arrival.outcome,
        "reason": arrival.reason,
        "asked": request.model,
        "prefix": request.prefix,
        "ttl": request.ttl,
        "sent_at": write_time(arrival.sent_at),
        "ended_at": write_time(arrival.ended_at),
        "used_at": write_time(now),
    }


def _record(row: Row[Any]) -> ResultRecord:
    source = Source(
        row.audit,
        "batch" if row.lane == "batch" else "sync",
        row.batch_id,
        row.custom_id,
        row.attempt,
        row.asked,
        read_time(row.sent_at),
        read_time(row.ended_at),
    )
    return ResultRecord(row.identity, row.outcome, row.reason, unpack_call(dict(row._mapping)), source)
