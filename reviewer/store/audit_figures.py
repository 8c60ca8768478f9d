"""Figures over the audit's state: what was spent, how well prefixes were cached, how long batches took."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, case, func, select

from reviewer.core.request import Usage
from reviewer.store.audit_packing import USAGE_COLUMNS, read_time
from reviewer.store.audit_schema import BATCHES, RESULTS
from reviewer.store.audit_values import CacheUse, Duration, Spend


class Figures:
    """Read-only; sums are made by the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def spent(self, audit: str) -> list[Spend]:
        """What an audit used, by lane, model and price card."""
        table = RESULTS.c
        key = table.lane, table.model, table.large
        answered = func.sum(case((table.outcome == "answered", 1), else_=0))
        sums = (func.sum(table[name]) for name in USAGE_COLUMNS)
        query = select(*key, func.count(), answered, *sums).where(table.audit == audit)
        rows = self._read(query.group_by(*key).order_by(*key))
        return [
            Spend(lane, model, large, count, usable, Usage(*(int(number) for number in usage)))
            for lane, model, large, count, usable, *usage in rows
        ]

    def cache_use(self) -> list[CacheUse]:
        """Of every prefix that was marked, in all audits kept here."""
        table = RESULTS.c
        key = table.lane, table.model, table.prefix, table.ttl
        written = func.sum(table.cache_creation_5m_input_tokens + table.cache_creation_1h_input_tokens)
        sums = func.count(), func.sum(table.cache_read_input_tokens), written
        query = select(*key, *sums).where(table.ttl != "", table.message_id != "")
        return [
            CacheUse(lane, model, prefix, ttl, count, int(read), int(wrote))
            for lane, model, prefix, ttl, count, read, wrote in self._read(query.group_by(*key).order_by(*key))
        ]

    def durations(self, model: str | None = None) -> list[Duration]:
        """Of every batch that is ours, oldest first, by the API's own times; those still running are censored."""
        table = BATCHES.c
        query = select(table.id, table.model, table.requests, table.created_at, table.ended_at)
        query = query.where(table.state.in_(["open", "collected", "lost"])).order_by(table.created_at)
        if model is not None:
            query = query.where(table.model == model)
        return [
            Duration(batch, name, requests, created, read_time(ended))
            for batch, name, requests, start, ended in self._read(query)
            if (created := read_time(start))
        ]

    def _read(self, query: Any) -> Iterable[Any]:
        with self._engine.begin() as connection:
            return list(connection.execute(query))
