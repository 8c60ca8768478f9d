"""kill -9 anywhere in a whole audit: the next run goes on with it, finds the same, and buys nothing twice."""

import multiprocessing
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit
from tests.audit.killed_night import document, main
from tests.audit.measured import measured
from tests.audit.whole_night import Auditor, Night, found, module, night, on
from tests.forge.local_repository import Repository
from tests.simulator.test_wire_cache import Clock

FILES = {f"shop/m{n}.py": module(f"n{n}") for n in range(6)} | {"pay/a.py": module("a", misuses="pay/b.py")}
FILES |= {"pay/b.py": module("b"), "README.md": b"A shop.\n"}
POINTS = [
    "audits.start:after:1",
    "requests.plan:after:1",  # the file round is written down
    "audits.advance:after:1",  # and that it is
    "audits.advance:after:2",  # the sample is drawn
    "results.keep:after:1",  # and kept
    "api.create:before:1",
    "api.create:after:1",  # the answer to the create is lost
    "results.keep:after:2",
    "requests.plan:after:3",  # the integration round is written down
    "audits.advance:after:4",
    "api.create:after:2",
    "requests.plan:after:4",  # the verify round
    "api.create:before:3",
    "api.create:after:3",
    "results.keep:before:4",
    "state.prune:before:1",
    "audits.end:before:1",
]
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["__main__", "anthropic", "tests.audit.killed_night"])


PRIMING = [
    "priming.send_ahead:before:1",
    "priming.send_ahead:after:1",  # it is written down which request goes ahead
    "intents.intend:after:1",
    "api.create:before:1",
    "api.create:after:1",
    "intents.created:after:1",  # one has gone ahead, the others wait
    "results.keep:after:2",  # its answer is there
    "intents.close:after:1",
    "intents.intend:after:2",
    "api.create:before:2",
    "api.create:after:2",
]
APART = {f"part{n:02}/m.py": module(f"n{n}") for n in range(8)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("crash") / "shop")
    made.commit(FILES)
    return made


def kill_at(point: str, made: Night, where: Path, shop: Repository, sla: str = "30h") -> None:
    arguments = (made.simulator.base_url, str(where), str(shop.folder), shop.git("rev-parse", "main"), point, sla)
    doomed = PROCESSES.Process(target=main, args=arguments)
    doomed.start()
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL, f"{point} was never reached"


def next_run(made: Night, shop: Repository, sla: str = "30h") -> Audit:
    """What `submit` and `collect` do: go on with the unfinished audit, or begin one."""
    fresh = document(str(shop.folder), shop.git("rev-parse", "main"), sla)
    audit = made.state.audits.unfinished() or made.driver.start(fresh)
    return made.to_the_end(audit.id)


@pytest.mark.parametrize("point", POINTS)
def test_the_next_run_goes_on_and_buys_nothing_twice(tmp_path: Path, shop: Repository, point: str) -> None:
    clock = Clock()
    with night(tmp_path, clock=clock, brain=Auditor(wrong=frozenset({"n3"}))) as made:
        kill_at(point, made, tmp_path / "killed.db", shop)
        clock.seconds += 3600
        with on(made.simulator, tmp_path / "killed.db", clock=clock) as after:
            [each] = after.finish(next_run(after, shop))
        bought = sum(row.requests for lanes in made.simulator.billed.values() for row in lanes.values())

    assert len(found(each.report)) == 8
    asked = {one.prompt_sha256 for one in each.report.passes}
    assert (bought, each.report.cost.usd) == (len(asked), made.billed)


@pytest.mark.parametrize("point", PRIMING)
def test_a_night_killed_around_its_priming_goes_on_and_buys_nothing_twice(tmp_path: Path, point: str) -> None:
    shop, clock, where = Repository(tmp_path / "shop"), Clock(), tmp_path / "killed.db"
    shop.commit(APART)
    state = AuditState.open(str(where), clock.now())
    measured(state, clock.now() - timedelta(days=1), m5=0, h1=0, h1_primed=98)
    state.close()
    with night(tmp_path, clock=clock) as made:
        kill_at(point, made, where, shop, "72h")
        clock.seconds += 900
        with on(made.simulator, where, clock=clock) as after:
            [each] = after.finish(next_run(after, shop, "72h"))
            known = after.state.figures.cache_use()
        bought = sum(row.requests for lanes in made.simulator.billed.values() for row in lanes.values())

    assert len(found(each.report)) == 8
    assert (bought, each.report.cost.usd) == (len({one.prompt_sha256 for one in each.report.passes}), made.billed)
    used = {use.ttl: use for use in known if use.lane == "batch" and use.requests < 50}
    assert (used["1h primer"].requests, used["1h primed"].requests) == (1, 6)
    assert used["1h primed"].read == 6 * used["1h primer"].written > 0
