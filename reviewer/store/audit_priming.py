"""Prefixes of which one request goes ahead in a batch of its own, and the others wait until that has ended."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Engine, and_, case, func, select, update

from reviewer.store.audit_schema import REQUESTS
from reviewer.store.audit_values import PRIMED, PRIMER, PrimedPrefix

_T = REQUESTS.c


class Priming:
    """Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prefixes(self, audit: str, round: str) -> list[PrimedPrefix]:
        """The primed prefixes of a round of which requests wait to be sent."""
        waiting = _count(_T.state == "planned")
        # A request keeps its last outcome: whatever it was, the batch has ended.
        ended = _count(_T.ttl == PRIMER, _T.last != "")
        out = _count(_T.ttl == PRIMER, _T.last == "", _T.state == "submitted")
        query = select(_T.prefix, waiting, out, ended).where(
            _T.audit == audit, _T.round == round, _T.ttl.in_([PRIMED, PRIMER])
        )
        with self._engine.begin() as connection:
            rows = connection.execute(query.group_by(_T.prefix).having(waiting > 0).order_by(_T.prefix)).all()
        return [PrimedPrefix(prefix, count, bool(sent), bool(done)) for prefix, count, sent, done in map(tuple, rows)]

    def send_ahead(self, audit: str, prefix: str, only: Collection[str] | None = None) -> str | None:
        """Write down, before it is sent, which request goes ahead: one that was not sent before, of `only` if given.

        Returns its identity, None where there is none. The one that was to go ahead before goes first.
        """
        mine = _T.audit == audit, _T.prefix == prefix, _T.ttl.in_([PRIMED, PRIMER])
        order = case((_T.ttl == PRIMER, 0), else_=1), _T.number
        query = select(_T.number, _T.identity).where(*mine, _T.state == "planned", _T.last == "").order_by(*order)
        with self._engine.begin() as connection:
            rows = connection.execute(query if only is not None else query.limit(1))
            found = next((row for row in rows.all() if only is None or row.identity in only), None)
            if found is None:
                return None
            connection.execute(update(REQUESTS).where(_T.number == found.number).values(ttl=PRIMER))
        return str(found.identity)

    def release(self, audit: str, prefix: str) -> None:
        """Nothing goes ahead of these: what waits is sent, and measured, as marked without priming."""
        mine = _T.audit == audit, _T.prefix == prefix, _T.ttl.in_([PRIMED, PRIMER]), _T.state == "planned"
        with self._engine.begin() as connection:
            connection.execute(update(REQUESTS).where(*mine).values(ttl="1h"))


def _count(*which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((and_(*which), 1), else_=0))
