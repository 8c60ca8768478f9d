"""The cap on dollars: never passed by more than one request's cost, and used up as far as it goes."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from reviewer.core.request import Answered, Block, Errored
from reviewer.model.budget import Budget
from reviewer.model.window import Window
from reviewer.simulator import Answer, Fault
from tests.model.lanes import RULES, TEXT, VirtualClock, ask, call, dollars, simulator

# Sonnet 5.5: $2 for a million tokens of input, $10 of output.
ROUND = ask(estimated_input=1000, estimated_output=100, max_tokens=1000)
WORST = Decimal("0.012")
LIKELY = Decimal("0.003")


def reserved(cap, *requests):
    """The holds that are granted at once, one after the other."""

    async def work():
        budget = Budget(Decimal(cap) if cap else None)
        return [await granted(budget, request) for request in requests]

    return asyncio.run(work())


async def granted(budget, request):
    try:
        return await asyncio.wait_for(budget.reserve(request), timeout=0.01)
    except TimeoutError:
        return "waits"


def amounts(holds):
    return [hold if hold in (None, "waits") else hold.amount for hold in holds]


@pytest.mark.parametrize(
    ("cap", "holds"),
    [
        (None, [WORST] * 3),
        ("0.036", [WORST] * 3),
        ("0.035", [WORST, WORST, "waits"]),
        ("0.012", [WORST, "waits", "waits"]),
        # Alone, it may go if its likely cost fits.
        ("0.003", [WORST, "waits", "waits"]),
        ("0.0029", [None, None, None]),
    ],
)
def test_held_at_their_worst(cap, holds):
    assert amounts(reserved(cap, ROUND, ROUND, ROUND)) == holds


@pytest.mark.parametrize(
    ("request_", "amount"),
    [
        (ROUND, WORST),
        (replace(ROUND, estimated_prefix=400), Decimal("0.0122")),
        (replace(ROUND, estimated_prefix=400, system=(Block("a", "1h"),)), Decimal("0.0128")),
        (replace(ROUND, model="claude-opus-5-5"), Decimal("0.024")),
        (replace(ROUND, model="of-unknown-price"), Decimal("0.06")),
    ],
)
def test_worst_cost(request_, amount):
    assert amounts(reserved("1", request_)) == [amount]


def test_prefix_in_the_cache_is_likely_read():
    async def work():
        budget = Budget(Decimal("0.0012"))
        request = replace(ROUND, estimated_prefix=900)
        assert await budget.reserve(request) is None
        assert await budget.reserve(request, cached=True) is None
        budget = Budget(Decimal("0.0013"))
        assert await budget.reserve(request) is None
        assert (await budget.reserve(request, cached=True)).likely == Decimal("0.00129")

    asyncio.run(work())


def test_who_waits_goes_on_when_others_have_cost_less():
    async def work():
        budget = Budget(Decimal("0.02"))
        first = await budget.reserve(ROUND)
        waiting = [asyncio.create_task(budget.reserve(ROUND)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        budget.settle(first, LIKELY)
        second = await waiting[0]
        budget.settle(second, LIKELY)
        third = await waiting[1]
        budget.settle(third, Decimal("0.0115"))
        assert (budget.spent, budget.held, budget.near()) == (Decimal("0.0175"), 0, True)
        assert await budget.reserve(ROUND) is None

    asyncio.run(work())


def test_cancelled_waiter_holds_nothing():
    async def work():
        budget = Budget(WORST)
        first = await budget.reserve(ROUND)
        tasks = [asyncio.create_task(budget.reserve(ROUND)) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks[:2]:
            task.cancel()
        budget.settle(first, LIKELY)
        assert (await tasks[2]).amount == WORST
        assert budget.held == WORST

    asyncio.run(work())


def test_unsure_cost_counts_against_the_cap():
    async def work():
        budget = Budget(Decimal("0.005"))
        budget.settle(await budget.reserve(ROUND), Decimal(0), unsure=True)
        assert (budget.spent, budget.unsure) == (0, LIKELY)
        assert await budget.reserve(ROUND) is None

    asyncio.run(work())


def test_costs_above_the_worst_raise_later_holds():
    async def work():
        budget = Budget(Decimal(1))
        budget.settle(await budget.reserve(ROUND), 2 * WORST)
        assert (await budget.reserve(ROUND)).amount == 2 * WORST

    asyncio.run(work())


def test_raised_holds_count_against_the_cap():
    async def work():
        budget = Budget(5 * WORST)
        budget.settle(await budget.reserve(ROUND), 2 * WORST)
        await budget.reserve(ROUND)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(budget.reserve(ROUND), timeout=0.01)

    asyncio.run(work())


def test_near():
    budget = Budget(Decimal(1))
    budget.spent = Decimal("0.84")
    assert not budget.near()
    budget.spent = Decimal("0.85")
    assert budget.near()
    assert not Budget(None).near()


@pytest.mark.parametrize("tokens", [50, 1000], ids=["as estimated", "20 times more"])
@pytest.mark.parametrize("estimate", [0.5, 1.0], ids=["low input", "right input"])
@pytest.mark.parametrize("prefix", ["", RULES])
def test_fifty_side_by_side_never_pass_the_cap_by_more_than_one(tokens, estimate, prefix):
    requests = [ask(number, prefix=prefix) for number in range(50)]
    requests = [
        replace(each, estimated_input=int(each.estimated_input * estimate), estimated_prefix=0) for each in requests
    ]
    with simulator(brain=lambda body: Answer(TEXT, output_tokens=tokens)) as running:
        replies = call(running.base_url, *requests, cap="0.03", window=Window(VirtualClock(), start=50))
        bill = dollars(running)
    most = Decimal(tokens * 10 + 3500) / 10**6
    assert Decimal("0.03") - 2 * most <= bill <= Decimal("0.03") + most
    assert {type(reply) for reply in replies} == {Answered, Errored}
    refused = [reply for reply in replies if isinstance(reply, Errored)]
    assert {(reply.cause, reply.call.attempts, reply.fatal) for reply in refused} == {("budget", 0, False)}
    assert refused[0].message.startswith("The budget of $0.03 has no room for the next request ($0.0")


def test_cap_holds_when_answers_get_lost():
    faults = lambda number, endpoint, body: Fault("reset_after") if number % 3 == 1 else None  # noqa: E731
    with simulator(faults=faults) as running:
        call(running.base_url, *(ask(number) for number in range(50)), cap="0.03")
        assert dollars(running) <= Decimal("0.0312")


@pytest.mark.parametrize(("cap", "held"), [(None, [1, 1]), ("2", [1, 1]), ("1.9", [1, "waits"]), ("0.9", [None, None])])
def test_what_has_a_worst_price_never_goes_at_its_likely_one(cap, held):
    async def work():
        budget = Budget(Decimal(cap) if cap else None, worst=lambda request: Decimal(1))
        return [await granted(budget, ROUND) for _ in held]

    assert amounts(asyncio.run(work())) == held


def test_large_cap_refuses_nobody():
    with simulator() as running:
        replies = call(running.base_url, *(ask(number) for number in range(50)), cap="0.06")
    # All 50 cost $0.0591.
    assert all(isinstance(reply, Answered) for reply in replies)
