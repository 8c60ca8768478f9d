"""Money is known before it is spent: an estimate before the first call, counted by the API where the cap is near."""

from collections import Counter
from decimal import Decimal

import pytest

from reviewer.simulator import Behaviour
from tests.commands.runner import Runner, diff_arguments, simulated
from tests.known_answers import Change, KnownAnswers


@pytest.mark.parametrize(
    ("share", "counted"), [(None, 0), ("100", 0), ("1.0", 1), ("0.01", 0)], ids=["no cap", "far", "near", "far above"]
)
def test_the_api_counts_only_where_the_estimate_is_near_the_cap(
    reviewer: Runner, small: Change, share: str | None, counted: int
) -> None:
    likely = Decimal(reviewer(*diff_arguments(small), "--dry-run").report["estimate"]["usd"])
    cap = ["--budget-usd", f"{likely * Decimal(share):.6f}"] if share else []
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        ran = reviewer(*diff_arguments(small), *cap, **env)

    assert Counter(call.endpoint for call in simulator.calls)["count_tokens"] == counted
    assert Decimal(ran.report["estimate"]["usd"]) > 0
    assert "estimate: " in ran.err


def test_an_estimate_above_the_budget_is_told_before_anything_is_asked(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        ran = reviewer(*diff_arguments(small), "--budget-usd", "0.000001", **env)

    assert "above the budget of $0.000001" in ran.err
    assert (ran.code, ran.report["verdict"], len(simulator.calls)) == (3, "incomplete", 0)
