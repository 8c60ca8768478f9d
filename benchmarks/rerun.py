"""What a push costs that changes one file of 60, over the first review; and what a rerun costs."""

import tempfile
from dataclasses import replace
from decimal import Decimal

from benchmarks.material import change_set, known_answer
from benchmarks.running import Run, review, table
from reviewer.simulator import Behaviour, Simulator


def main() -> None:
    """First review, the same again, then with one file changed, all with one memo."""
    changes = change_set(60, 120)
    pushed = replace(changes, head_sha="c" * 40, files=(change_set(1, 120, seed=8).files[0], *changes.files[1:]))
    with tempfile.TemporaryDirectory() as folder, Simulator(Behaviour(brain=known_answer)) as simulator:
        settings = {"cache-dir": folder}
        first = review(changes, simulator.base_url, settings)
        before = len(simulator.calls)
        review(changes, simulator.base_url, settings)
        again = len(simulator.calls) - before
        push = review(pushed, simulator.base_url, settings)
    table(
        "60 files, answers remembered",
        [
            ("model calls of a rerun on the same head", str(again), "0"),
            (
                "cost of a push that changes 1 file / cost of the first review",
                f"{_usd(push) / _usd(first):.3f}",
                "<= 0.30",
            ),
        ],
    )


def _usd(run: Run) -> Decimal:
    return sum((call.usd for call in run.passes), Decimal(0))
