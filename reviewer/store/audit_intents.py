"""Batches meant, in doubt and made. What is written here comes before the act it describes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.engine import Connection

from reviewer.store.audit_database import upsert
from reviewer.store.audit_packing import read_time, write_time
from reviewer.store.audit_pages import by_number, pages
from reviewer.store.audit_schema import BATCHES, INTENTS, REQUESTS
from reviewer.store.audit_values import Batch, BatchState, Intent

_MANY = 5000
"""Numbers in one statement."""


class Intents:
    """Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def intend(self, intent: Intent, numbers: Sequence[int]) -> None:
        """Write down, before the create is sent, that these requests go into this batch."""
        values = asdict(intent) | {"at": write_time(intent.at), "doubted_at": write_time(intent.doubted_at)}
        with self._engine.begin() as connection:
            connection.execute(insert(INTENTS).values(**values))
            moved = 0
            for page in pages(numbers, _MANY):
                where = REQUESTS.c.number.in_(page), REQUESTS.c.state == "planned"
                change = update(REQUESTS).where(*where).values(state="submitted", intent=intent.id)
                moved += connection.execute(change).rowcount
            if moved != len(numbers):
                raise RuntimeError(f"{len(numbers) - moved} of the requests of {intent.id} do not wait to be sent.")

    def doubt(self, intent: str, at: datetime, reason: str) -> None:
        """It is not known whether the batch was made."""
        with self._engine.begin() as connection:
            self._set(connection, intent, state="doubtful", doubted_at=write_time(at), reason=reason)

    def void(self, intent: str, reason: str) -> None:
        """The batch was not made: its requests wait again, with the same attempt."""
        with self._engine.begin() as connection:
            self._set(connection, intent, state="void", reason=reason)
            mine = REQUESTS.c.intent == intent, REQUESTS.c.state == "submitted"
            connection.execute(update(REQUESTS).where(*mine).values(state="planned", intent=None))

    def created(self, intent: Intent, batch_id: str, created_at: datetime) -> None:
        """The batch was made, or found: it has this id."""
        with self._engine.begin() as connection:
            self._set(connection, intent.id, state="created")
            row = _row(Batch(batch_id, intent.audit, intent.id, intent.model, intent.requests, created_at))
            known = upsert(self._engine, BATCHES).values(**row)
            connection.execute(known.on_conflict_do_nothing(index_elements=["id"]))

    def in_doubt(self) -> list[Intent]:
        """Intents of any audit whose batch is neither known nor known not to be; a crash leaves them so."""
        query = select(INTENTS).where(INTENTS.c.state.in_(["intended", "doubtful"])).order_by(INTENTS.c.at)
        with self._engine.begin() as connection:
            return [_intent(row) for row in connection.execute(query)]

    def outstanding(self, intent: str) -> Iterator[tuple[str, int]]:
        """Identity and attempt of every request sent with it whose end is not known."""
        table = REQUESTS.c
        query = select(table.number, table.identity, table.attempt)
        mine = query.where(table.intent == intent, table.state == "submitted")
        return ((row.identity, row.attempt) for row in by_number(self._engine, mine, table.number))

    def batches(self, audit: str | None = None, states: Collection[BatchState] = ()) -> list[Batch]:
        """Batches, oldest first."""
        query = select(BATCHES).order_by(BATCHES.c.created_at, BATCHES.c.id)
        if audit is not None:
            query = query.where(BATCHES.c.audit == audit)
        if states:
            query = query.where(BATCHES.c.state.in_(states))
        with self._engine.begin() as connection:
            return [_batch(row) for row in connection.execute(query)]

    def set_aside(self, batch: Batch) -> None:
        """Write down a batch that is not ours (`foreign`), or not known to be (`unread`)."""
        row = _row(batch)
        changes = {"state": row["state"], "ended_at": row["ended_at"]}
        statement = upsert(self._engine, BATCHES).values(**row)
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))

    def disown(self, batch: Batch) -> None:
        """An adopted batch has turned out to be someone else's: its intent is in doubt again."""
        with self._engine.begin() as connection:
            self._change(connection, batch.id, state="foreign")
            others = select(BATCHES.c.id).where(
                BATCHES.c.intent == batch.intent, BATCHES.c.id != batch.id, BATCHES.c.state.in_(["open", "collected"])
            )
            if connection.execute(others).first() is None:
                self._set(connection, batch.intent, state="doubtful")

    def ended(self, batch: str, at: datetime) -> None:
        """The batch has ended, at this time by the API's clock."""
        with self._engine.begin() as connection:
            self._change(connection, batch, ended_at=write_time(at))

    def read_in_vain(self, batch: str) -> None:
        """Its results were read to their end and left requests unaccounted."""
        with self._engine.begin() as connection:
            self._change(connection, batch, reads=BATCHES.c.reads + 1)

    def close(self, batch: str, state: BatchState = "collected") -> None:
        """Nothing more is expected of it."""
        with self._engine.begin() as connection:
            self._change(connection, batch, state=state)

    def _set(self, connection: Connection, intent: str, **values: Any) -> None:
        connection.execute(update(INTENTS).where(INTENTS.c.id == intent).values(**values))

    def _change(self, connection: Connection, batch: str, **values: Any) -> None:
        connection.execute(update(BATCHES).where(BATCHES.c.id == batch).values(**values))


def _row(batch: Batch) -> dict[str, Any]:
    return asdict(batch) | {"created_at": write_time(batch.created_at), "ended_at": write_time(batch.ended_at)}


def _intent(row: Row[Any]) -> Intent:
    values: dict[str, Any] = dict(row._mapping)
    return Intent(**values | {"at": read_time(row.at), "doubted_at": read_time(row.doubted_at)})


def _batch(row: Row[Any]) -> Batch:
    values: dict[str, Any] = dict(row._mapping)
    return Batch(**values | {"created_at": read_time(row.created_at), "ended_at": read_time(row.ended_at)})
