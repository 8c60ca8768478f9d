"""Faults: what a known-answer model reports must reach the report on its line although a tenth of the calls fail."""

import random
from typing import Any

from benchmarks.material import change_set, known_answer, planted
from benchmarks.running import review, table
from reviewer.simulator import Behaviour, Fault, Simulator

_FAULTS = (
    Fault("status", status=529, type="overloaded_error", message="Overloaded"),
    Fault("reset_before"),
    Fault("status", status=500, type="api_error", message="Internal server error"),
    Fault("truncated"),
    Fault("invalid_json"),
)


def main() -> None:
    """60 files, 10 % of the calls failing in five ways, over several seeds."""
    changes = change_set(60, 60)
    wanted = planted(changes)
    worst, failed, calls = 1.0, 0, 0
    for seed in range(5):
        chance = random.Random(seed)

        def fault(_number: int, endpoint: str, _body: dict[str, Any], chance: random.Random = chance) -> Fault | None:
            return chance.choice(_FAULTS) if endpoint == "messages" and chance.random() < 0.1 else None

        with Simulator(Behaviour(brain=known_answer, latency=0.05, faults=fault)) as simulator:
            run = review(changes, simulator.base_url)
            calls += len(simulator.calls)
        found = {(finding.anchor.path, finding.anchor.start_line) for finding in run.outcome.findings if finding.counts}
        worst = min(worst, len(found & set(wanted)) / len(wanted))
        failed += run.outcome.units_failed
    table(
        f"60 files, 10 % of {calls} calls failing, 5 seeds",
        [
            ("known findings on their exact line, worst seed", f"{worst:.0%}", "100 %"),
            ("units without an answer, all seeds", str(failed), "0"),
        ],
    )
