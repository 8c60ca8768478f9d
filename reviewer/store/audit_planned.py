"""Writing a plan down: units, the questions they share, and the answers that earlier audits have to them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.engine import Connection

from reviewer.store.audit_database import upsert
from reviewer.store.audit_packing import SHORT, pack, squeeze, ttl_of, write_time
from reviewer.store.audit_schema import BODIES, FRAMES, REQUESTS, RESULTS, UNITS
from reviewer.store.audit_values import PRIMED, PlanCounts, Planned

_PLAN, _PLAN_TOKENS = 5000, 4_000_000
"""Units planned in one transaction, and the tokens of their questions that are then in memory."""


def plan_pages(items: Iterable[Planned]) -> Iterator[list[Planned]]:
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


class PlanPage:
    """One page of a plan, in one transaction."""

    def __init__(self, connection: Connection, audit: str, page: list[Planned], now: datetime) -> None:
        self._connection, self._audit, self._page, self._now = connection, audit, page, now

    def write(self, engine: Engine, carry_over: bool) -> PlanCounts:
        """Add what is new; what was there stays as it is."""
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
            "ttl": PRIMED if item.primed else ttl_of(request),
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
