"""A run that is told to stop while it still waits for an answer: what other answers have found is in its outcome."""

import asyncio
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from reviewer.config.settings import Settings
from reviewer.core.change import ChangedFile
from reviewer.core.plan import ContextBudget, make_plan
from reviewer.core.progress import Silent
from reviewer.core.request import Kind
from reviewer.core.select import select
from reviewer.model.lane import SyncLane
from reviewer.review.asking import Asker
from reviewer.review.flow import ModelChoice, Outcome, ReviewFlow
from reviewer.review.pressure import Pressure
from reviewer.simulator import Answer, Behaviour, Simulator
from reviewer.wiring import prompter_of
from tests.core.changes import added, change_set
from tests.known_answers import KnownAnswers, Planted, Prompt, read_prompt
from tests.model.lanes import MODEL, on_lane

_TINY = ContextBudget(file=700, chunk=400, integration=200)


class Counting(Silent):
    """Tells when so many answers have come."""

    def __init__(self, count: int) -> None:
        self.left, self.reached = count, asyncio.Event()

    def finished(self, kind: Kind, outcome: str, usd: Decimal) -> None:
        self.left -= outcome == "answered"
        if not self.left:
            self.reached.set()


def python(path: str, lines: int) -> ChangedFile:
    return added(path, "".join(f"value_{number} = compute({number})\n" for number in range(lines)))


def stopped(planted: list[Planted], answered: int, waits: Callable[[Prompt], bool], *files: ChangedFile) -> Outcome:
    """What there is when the run is stopped after so many answers; those that `waits` names never come."""
    ended = threading.Event()

    def brain(body: dict[str, Any]) -> Answer:
        if waits(read_prompt(body)):
            ended.wait(10)
        return KnownAnswers(planted)(body)

    async def work(lane: SyncLane) -> Outcome:
        changes, progress = change_set(*files), Counting(answered)
        plan, prompter = make_plan(changes, select(changes), 1, _TINY), prompter_of(changes, Settings())
        models, pressure = ModelChoice(MODEL, MODEL, MODEL), Pressure(lane, 30.0)
        flow = ReviewFlow(changes, plan, prompter, Asker(lane, progress), models, pressure, progress)
        running = asyncio.create_task(flow.run())
        await progress.reached.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        ended.set()
        return flow.so_far()

    with Simulator(Behaviour(brain=brain)) as simulator:
        return on_lane(simulator.base_url, work)


def test_findings_of_one_part_of_a_file_while_another_is_waited_for() -> None:
    planted = [Planted("a.py", 3, "value_2 = compute(2)", "Wrong sum")]
    outcome = stopped(planted, 1, lambda prompt: 50 in prompt.items.get("a.py", {}), python("a.py", 60))

    assert [(found.claim.title, found.verified) for found in outcome.findings] == [("Wrong sum", None)]
    assert (outcome.units_failed, outcome.failed_paths) == (1, {"a.py"})


def test_findings_of_one_cluster_while_another_is_waited_for() -> None:
    files = [python(f"{letter}.py", 3) for letter in "abcd"]
    pair = [
        Planted(f"{one}.py", 1, "value_0 = compute(0)", f"Not called so by {other}", needs=(f"{other}.py",))
        for one, other in ("ab", "ba")
    ]
    outcome = stopped(pair, 5, lambda prompt: prompt.is_integration and "a.py" not in prompt.notes, *files)

    assert sorted(found.claim.title for found in outcome.findings) == ["Not called so by a", "Not called so by b"]
