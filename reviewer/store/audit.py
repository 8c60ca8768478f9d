"""The nightly audit's durable state: one SQLite file, or a PostgreSQL database for an organisation.

    state = AuditState.open(".reviewer/audit.db", clock.now())
    with state.exclusive():
        audit = state.audits.unfinished() or state.audits.start(document, now)
        state.requests.plan(audit.id, planned, carry_over=True, now=now)

Six parts: `audits` (one row each), `requests` (questions and units), `priming` (which of them go ahead), `intents`
(batches meant and made), `results` (the ledger of every attempt), `figures`. A crash at any point leaves it whole: each
transition is one transaction.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from reviewer.errors import ConfigError
from reviewer.store.audit_database import CHOOSE, compact, exclusive, open_database, spare_memory
from reviewer.store.audit_figures import Figures
from reviewer.store.audit_ids import new_audit_id
from reviewer.store.audit_intents import Intents
from reviewer.store.audit_packing import read_time, write_time
from reviewer.store.audit_priming import Priming
from reviewer.store.audit_requests import Requests
from reviewer.store.audit_results import Results
from reviewer.store.audit_schema import AUDITS, BATCHES, BODIES, FRAMES, INTENTS, REQUESTS, RESULTS, UNITS
from reviewer.store.audit_values import Audit, AuditStatus

KEPT_FOR = timedelta(days=60)
"""How long an ended audit's books, and an answer that no audit used, are kept."""


@contextmanager
def _telling(done: str, cause: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise ConfigError(f"The audit's state cannot be {done}: {error.orig}.", cause, CHOOSE) from error


class AuditState:
    """The state and its parts; `close` it when done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.audits = Audits(engine)
        self.requests = Requests(engine)
        self.priming = Priming(engine)
        self.intents = Intents(engine)
        self.results = Results(engine)
        self.figures = Figures(engine)

    @classmethod
    def open(cls, where: str, now: datetime) -> Self:
        """Open or make the state at a path or a database URL. ConfigError says why it cannot be."""
        return cls(open_database(where, now))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only run that changes it; StateInUse where another one is at work. Reading needs no permission."""
        with exclusive(self._engine), _telling("written", "The disk may be full, or the file damaged."):
            yield

    def reading(self) -> AbstractContextManager[None]:
        """ConfigError where what is read inside turns out to be damaged."""
        return _telling("read", "The file may be damaged, or not Reviewer's.")

    def spare_memory(self) -> None:
        """Before a report, which takes memory of its own: from here on the state is read in order."""
        spare_memory(self._engine)

    def idle(self, audit: str) -> bool:
        """Whether an audit has neither sent anything nor taken anything in."""
        moved = REQUESTS.c.audit == audit, REQUESTS.c.state != "planned", REQUESTS.c.carried.is_(False)
        traces = (
            select(REQUESTS.c.number).where(*moved),
            *(select(table.c.audit).where(table.c.audit == audit) for table in (INTENTS, BATCHES, RESULTS)),
        )
        with self._engine.begin() as connection:
            return all(connection.execute(trace.limit(1)).first() is None for trace in traces)

    def discard(self, audit: str) -> None:
        """Forget an idle audit altogether."""
        mine = select(REQUESTS.c.number).where(REQUESTS.c.audit == audit)
        with self._engine.begin() as connection:
            connection.execute(delete(BODIES).where(BODIES.c.request.in_(mine)))
            for table in (UNITS, REQUESTS):
                connection.execute(delete(table).where(table.c.audit == audit))
            connection.execute(delete(AUDITS).where(AUDITS.c.id == audit))

    def prune(self, now: datetime) -> None:
        """Forget what ended audits no longer need: requests at once, books and unused answers after 60 days."""
        oldest = write_time(now - KEPT_FOR)
        running = select(AUDITS.c.id).where(AUDITS.c.ended_at.is_(None))
        old = select(AUDITS.c.id).where(AUDITS.c.ended_at < oldest)
        with self._engine.begin() as connection:
            connection.execute(delete(UNITS).where(UNITS.c.audit.not_in(running)))
            ended = select(REQUESTS.c.number).where(REQUESTS.c.audit.not_in(running))
            connection.execute(delete(BODIES).where(BODIES.c.request.in_(ended)))
            connection.execute(delete(REQUESTS).where(REQUESTS.c.audit.not_in(running)))
            used = select(BODIES.c.frame).distinct()
            connection.execute(delete(FRAMES).where(FRAMES.c.hash.not_in(used)))
            held = select(REQUESTS.c.result).where(REQUESTS.c.result.is_not(None))
            unused = RESULTS.c.used_at < oldest, RESULTS.c.number.not_in(held)
            connection.execute(delete(RESULTS).where(*unused, RESULTS.c.audit.not_in(running)))
            for table in (BATCHES, INTENTS):
                connection.execute(delete(table).where(table.c.audit.in_(old)))
            left = select(RESULTS.c.audit).distinct()
            connection.execute(delete(AUDITS).where(AUDITS.c.ended_at < oldest, AUDITS.c.id.not_in(left)))
        compact(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


class Audits:
    """The audits themselves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, document: Mapping[str, Any], now: datetime, *, stage: str = "", recovering: bool = False) -> Audit:
        """Begin an audit. With `recovering` nothing is sent before `recover` has seen every older batch."""
        audit = Audit(new_audit_id(), now, "in-progress", stage, dict(document), recovering=recovering)
        with self._engine.begin() as connection:
            connection.execute(
                insert(AUDITS).values(
                    id=audit.id,
                    started_at=write_time(now),
                    status=audit.status,
                    stage=stage,
                    document=json.dumps(audit.document),
                    recovering=recovering,
                )
            )
        return audit

    def unfinished(self) -> Audit | None:
        """The audit that is in progress: the oldest, should there be several."""
        return self._one(select(AUDITS).where(AUDITS.c.ended_at.is_(None)).order_by(AUDITS.c.started_at))

    def latest(self) -> Audit | None:
        """The audit that was started last, ended or not."""
        return self._one(select(AUDITS).order_by(AUDITS.c.started_at.desc()))

    def previous(self, audit: Audit) -> Audit | None:
        """The last audit before this one that has ended."""
        before = AUDITS.c.started_at < write_time(audit.started_at), AUDITS.c.ended_at.is_not(None)
        return self._one(select(AUDITS).where(*before).order_by(AUDITS.c.started_at.desc()))

    def get(self, audit: str) -> Audit:
        """One audit; KeyError where there is none."""
        found = self._one(select(AUDITS).where(AUDITS.c.id == audit))
        if found is None:
            raise KeyError(audit)
        return found

    def advance(self, audit: str, stage: str, document: Mapping[str, Any] | None = None) -> None:
        """The driver has come to this stage; its document changes with it, or not at all."""
        values = {"stage": stage} | ({} if document is None else {"document": json.dumps(dict(document))})
        self._update(audit, **values)

    def recovered(self, audit: str) -> None:
        """Every batch that could be this audit's has been seen."""
        self._update(audit, recovering=False)

    def end(self, audit: str, status: AuditStatus, now: datetime) -> None:
        """The audit is over; `prune` may then drop its requests."""
        self._update(audit, status=status, ended_at=write_time(now))

    def _update(self, audit: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(AUDITS).where(AUDITS.c.id == audit).values(**values))

    def _one(self, query: Any) -> Audit | None:
        with self._engine.begin() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _audit(row)


def _audit(row: Row[Any]) -> Audit:
    values: dict[str, Any] = dict(row._mapping) | {"document": json.loads(row.document)}
    return Audit(**values | {"started_at": read_time(row.started_at), "ended_at": read_time(row.ended_at)})
