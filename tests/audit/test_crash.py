"""kill -9 before and after every write and call: afterwards the same answers, and nothing bought twice."""

import multiprocessing
import signal
from pathlib import Path
from typing import Any

import pytest

from reviewer.core.request import Answered
from reviewer.simulator import Fault
from tests.audit.killed import FILES, main
from tests.audit.night import Night, asked, night, reply, small, until
from tests.simulator.test_wire_cache import Clock

BILLED = len(FILES) + 1
"""Every file once, and once more the one whose first answer is cut off."""
POINTS = [
    "requests.plan:after:1",
    "intents.intend:before:1",
    "intents.intend:after:1",
    "body.chunks:before:1",
    "api.create:after:1",
    "intents.created:after:1",
    "intents.intend:after:2",
    "api.create:before:2",
    "api.create:after:2",
    "api.list_all:after:1",
    "intents.ended:after:1",
    "results.keep:before:1",
    "results.keep:after:1",
    "intents.close:before:1",
    "intents.close:after:1",
    "api.create:after:3",
    "intents.created:after:3",
    "results.keep:before:3",
    "results.keep:after:3",
]


def truncated_once(custom_id: str, params: Any) -> Fault | None:
    return Fault("truncated") if asked(params) == "b.py" and custom_id.endswith("-1") else None


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["__main__", "anthropic", "tests.audit.killed"])


def kill_at(point: str, run: Night, state: Path) -> None:
    """A process without any of this one's threads, which does not get to its end."""
    doomed = PROCESSES.Process(target=main, args=(run.simulator.base_url, str(state), point))
    doomed.start()
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL, f"{point} was never reached"


def finish(run: Night) -> None:
    """What the next scheduled runs do, an hour after the crash."""

    def step() -> bool:
        run.submit(limits=small(4))
        run.collect()
        return run.states() == {"answered": len(FILES)}

    until(step)


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_the_answers_are_the_same_and_each_was_bought_once(tmp_path: Path, point: str) -> None:
    clock, where = Clock(), tmp_path / "killed" / "audit.db"
    with night(tmp_path, clock, item_outcome=truncated_once, brain=reply) as first:
        kill_at(point, first, where)
        clock.seconds += 3600
        with first.again(where) as run:
            run.plan(*FILES)
            finish(run)
            said = {name: unit.reply.text for name, unit in run.units().items() if isinstance(unit.reply, Answered)}
            assert said == {name: f"reviewed {name}" for name in FILES}
            assert run.bought() == BILLED
            booked = sum(spend.requests for spend in run.state.figures.spent(run.audit))
            assert booked == BILLED
