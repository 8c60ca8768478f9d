"""kill -9 anywhere in a whole audit: the next run goes on with it, finds the same, and buys nothing twice."""

import multiprocessing
import signal
from pathlib import Path

import pytest

from reviewer.store.audit_values import Audit
from tests.audit.killed_night import document, main
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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("crash") / "shop")
    made.commit(FILES)
    return made


def kill_at(point: str, made: Night, where: Path, shop: Repository) -> None:
    arguments = (made.simulator.base_url, str(where), str(shop.folder), shop.git("rev-parse", "main"), point)
    doomed = PROCESSES.Process(target=main, args=arguments)
    doomed.start()
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL, f"{point} was never reached"


def next_run(made: Night, shop: Repository) -> Audit:
    """What `submit` and `collect` do: go on with the unfinished audit, or begin one."""
    fresh = document(str(shop.folder), shop.git("rev-parse", "main"))
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
