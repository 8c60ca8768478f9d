"""The same audit on PostgreSQL, where its server is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from reviewer.audit.document import AuditDocument
from reviewer.clock import SystemClock
from reviewer.errors import ConfigError
from reviewer.simulator import Behaviour, Simulator
from reviewer.store.audit import AuditState
from reviewer.store.audit_schema import METADATA
from tests.audit.postgresql import programs, server
from tests.audit.test_driver import FILES
from tests.audit.whole_night import Auditor, found, module, on
from tests.forge.local_repository import Repository

PROGRAMS = programs()
pytestmark = [
    pytest.mark.skipif(PROGRAMS is None, reason="there is no PostgreSQL server on this machine"),
    pytest.mark.xdist_group("postgresql"),
]


@pytest.fixture(scope="module")
def started() -> Iterator[str]:
    assert PROGRAMS
    with server(PROGRAMS) as url:
        yield url


@pytest.fixture
def url(started: str) -> Iterator[str]:
    """A database that is empty afterwards."""
    yield started
    engine = create_engine(started)
    METADATA.drop_all(engine)
    engine.dispose()


def test_two_nights_find_what_they_find_on_sqlite(tmp_path: Path, url: str) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit(FILES)
    with Simulator(Behaviour(brain=Auditor())) as simulator, on(simulator, url) as made:
        made.repositories = [("octo/shop", shop)]
        [first] = made.finish(made.audit())
        paid = made.billed
        shop.commit(FILES | {"shop/part0/m04.py": module("n04", lines=16)}, parent=shop.git("rev-parse", "main"))
        [second] = made.finish(made.audit())

    assert len(found(first.report)) == len(found(second.report)) == 21
    assert first.report.cost.usd == paid
    assert second.report.cost.usd == made.billed - paid < paid / 2


def test_another_machine_goes_on_from_the_database_alone(tmp_path: Path, url: str) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit(FILES)
    with Simulator(Behaviour(brain=Auditor())) as simulator:
        with on(simulator, url) as made:
            made.repositories = [("octo/shop", shop)]
            begun = made.driver.start(made.document())
            made.driver.go_on(begun.id)
        with on(simulator, url) as elsewhere:
            audit = elsewhere.to_the_end(begun.id)
            [each] = elsewhere.finish(audit)

    assert AuditDocument.read(audit.document).repositories[0].name == "octo/shop"
    assert len(found(each.report)) == 21


def test_two_runs_cannot_work_on_one_database(url: str) -> None:
    now = SystemClock().now()
    one, other = AuditState.open(url, now), AuditState.open(url, now)
    with one.exclusive(), pytest.raises(ConfigError, match="Another run is at work"), other.exclusive():
        pass
    with other.exclusive():
        pass
    one.close()
    other.close()
