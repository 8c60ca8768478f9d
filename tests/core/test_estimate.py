from decimal import Decimal

import pytest

from reviewer.core.estimate import planned_passes
from reviewer.core.plan import make_plan
from reviewer.core.pricing import PRICES
from reviewer.core.select import select
from tests.core.edits import change_set, changed

MODELS = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-sonnet-5-5")


def plan_of(count: int):
    files = (changed(f"f{n}.py", "a = 1\nb = 2", f"a = 1\nb = {n + 3}\nc = {n}") for n in range(count))
    changes = change_set(*files)
    return make_plan(changes, select(changes))


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        (0, {}),
        (1, {"single": 1, "verify": 1}),
        (13, {"single": 1, "verify": 8}),
        (14, {"file": 14, "integration": 1, "verify": 9}),
        (60, {"file": 60, "integration": 1, "verify": 37}),
    ],
)
def test_the_passes_that_a_plan_will_make(files, kinds):
    made, total = planned_passes(plan_of(files), 500, MODELS)
    found = [step.kind for step in made]
    assert {kind: found.count(kind) for kind in found} == kinds
    assert total.requests == len(made) == sum(kinds.values())
    assert all(step.outcome == "planned" for step in made)


def test_the_estimate_is_the_sum_of_its_passes():
    made, total = planned_passes(plan_of(14), 500, MODELS)
    assert total.usd == sum((step.usd for step in made), Decimal(0)) > 0
    assert total.input_tokens == sum(step.usage.total_input for step in made)
    assert total.output_tokens == sum(step.usage.output_tokens for step in made)
    assert {step.model for step in made if step.kind == "integration"} == {"claude-opus-5-5"}


def test_only_the_first_request_of_a_kind_writes_the_shared_prefix():
    made, _ = planned_passes(plan_of(14), 500, MODELS)
    writes = [step.kind for step in made if step.usage.cache_creation_5m_input_tokens]
    assert writes == ["file", "integration", "verify"]
    reads = [step for step in made if step.usage.cache_read_input_tokens]
    assert len(reads) == len(made) - 3


def test_across_more_than_one_context_the_integration_is_several_requests():
    body = "\n".join(f"value_{n} = {n}" for n in range(400))
    changes = change_set(*(changed(f"f{n}.py", "", body.replace("value", f"v{n}")) for n in range(100)))
    made, _ = planned_passes(make_plan(changes, select(changes)), 500, MODELS)
    integrations = [step for step in made if step.kind == "integration"]
    assert len(integrations) > 1
    assert all(step.usage.input_tokens <= 60_000 for step in integrations)


def test_configured_prices_are_used():
    free = dict.fromkeys(MODELS, PRICES["claude-haiku-5-5"])
    plan = plan_of(14)
    assert planned_passes(plan, 500, MODELS, free)[1].usd < planned_passes(plan, 500, MODELS)[1].usd / 10
