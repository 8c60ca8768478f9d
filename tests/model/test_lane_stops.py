"""What ends more than one request: a refused key, a spend limit, the deadline, a cancellation."""

import asyncio
import time

import pytest

from reviewer.clock import SystemClock
from reviewer.core.request import Answered, Errored
from reviewer.model.budget import Budget
from reviewer.model.lane import Retry
from reviewer.model.limiter import Limiter, RateLimits
from reviewer.model.window import Window
from reviewer.simulator import Fault
from tests.model.lanes import MODEL, OTHER, RULES, ask, call, on_lane, simulator

FATAL = [
    Fault("status", status=401),
    Fault("status", status=402),
    Fault("status", status=403),
    Fault("status", status=429, error_code="enforced_spend_limit_reached"),
]


@pytest.mark.parametrize("fault", FATAL, ids=lambda fault: str(fault.details["status"]))
def test_fatal_for_all_at_once(fault):
    with simulator(faults=lambda *_: fault) as running:
        replies = call(running.base_url, *(ask(number, prefix=RULES) for number in range(20)))
        assert len(running.calls) == 1
    assert all(isinstance(reply, Errored) and reply.fatal and reply.cause == "api" for reply in replies)
    assert sorted(reply.call.attempts for reply in replies) == [0] * 19 + [1]
    assert len({reply.message for reply in replies}) == 1


@pytest.mark.parametrize("pause", [0.0, 0.1])
@pytest.mark.parametrize("waits", ["limiter", "backoff"])
def test_fatal_ends_those_who_wait(waits, pause):
    def faults(number, endpoint, body):
        if body["model"] == OTHER:
            return Fault("status", status=401)
        return Fault("status", status=529, retry_after=20) if waits == "backoff" else None

    async def work(lane):
        waiting = [asyncio.create_task(lane.call(ask(number))) for number in range(5)]
        await asyncio.sleep(pause)
        first = await lane.call(ask(9, model=OTHER))
        return [first, *await asyncio.gather(*waiting)]

    limits = RateLimits(2, 10**9, 10**9) if waits == "limiter" else None
    with simulator(faults=faults) as running:
        started = time.monotonic()
        first, *replies = on_lane(running.base_url, work, limits=limits)
        assert time.monotonic() - started < 15
    stopped = [reply for reply in replies if isinstance(reply, Errored)]
    assert {reply.message for reply in stopped} == {first.message}
    assert len(stopped) >= 4


def test_failure_that_comes_after_a_fatal_one_is_not_tried_again():
    def faults(number, endpoint, body):
        return Fault("status", status=401) if body["model"] == OTHER else Fault("timeout", seconds=0.1)

    with simulator(faults=faults) as running:
        started = time.monotonic()
        requests = [*(ask(number) for number in range(5)), ask(9, model=OTHER)]
        replies = call(running.base_url, *requests, retry=Retry(base=20.0))
        assert time.monotonic() - started < 15
    assert {reply.message for reply in replies} == {"The model's API refused the API key: Internal server error."}
    assert [reply.call.attempts for reply in replies] == [1] * 6


@pytest.mark.parametrize("options", [{"window": 2}, {"cap": "0.025"}], ids=["window", "budget"])
def test_nothing_is_sent_after_a_fatal_answer(options):
    if "window" in options:
        options = {"window": Window(SystemClock(), start=options["window"])}
    faults = [None, Fault("status", status=401)]
    with simulator(*faults, latency=0.2) as running:
        replies = call(running.base_url, *(ask(number) for number in range(6)), **options)
        assert len(running.calls) == 2
    assert sorted(type(reply).__name__ for reply in replies) == ["Answered"] + ["Errored"] * 5


def test_those_under_way_are_let_finish():
    async def work(lane):
        running = asyncio.create_task(lane.call(ask()))
        await asyncio.sleep(0.05)
        return await lane.call(ask(1, model=OTHER)), await running

    with simulator(
        faults=lambda number, endpoint, body: Fault("status", status=401) if body["model"] == OTHER else None,
        latency=lambda body: 0.2,
    ) as running:
        refused, answered = on_lane(running.base_url, work)
    assert isinstance(refused, Errored)
    assert isinstance(answered, Answered)


def test_unknown_model_is_fatal_for_that_model_only():
    async def work(lane):
        return [await lane.call(ask(number, model=model)) for number, model in enumerate(["none", "none", MODEL])]

    with simulator() as running:
        first, second, third = on_lane(running.base_url, work)
        assert [call.status for call in running.calls] == [404, 200]
    assert isinstance(first, Errored)
    assert isinstance(second, Errored)
    assert (first.fatal, second.fatal, second.call.attempts) == (True, True, 0)
    assert first.message == "The model's API does not know what was asked for: model: none."
    assert isinstance(third, Answered)


def test_rate_limit_beyond_the_deadline_ends_the_others_of_that_model():
    with simulator(Fault("status", status=429, retry_after=3600)) as running:
        replies = call(running.base_url, *(ask(number, prefix=RULES) for number in range(5)), ask(9, model=OTHER))
    # The fault hits whoever comes first.
    assert len([reply for reply in replies if isinstance(reply, Answered)]) in (1, 5)
    assert all(reply.cause == "deadline" for reply in replies if isinstance(reply, Errored))


def test_deadline_cuts_off_what_runs():
    with simulator(latency=5.0) as running:
        started = time.monotonic()
        replies = call(running.base_url, *(ask(number) for number in range(3)), seconds=0.15)
        assert time.monotonic() - started < 4
    assert all(isinstance(reply, Errored) and reply.cause == "deadline" for reply in replies)
    assert [reply.call.attempts for reply in replies] == [1, 1, 1]
    assert {reply.message for reply in replies} == {"The deadline came before the model had answered."}


@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_after_the_deadline_nothing_is_sent(seconds):
    with simulator() as running:
        (reply,) = call(running.base_url, ask(), seconds=seconds)
        assert (reply.call.attempts, running.calls) == (0, [])
    assert isinstance(reply, Errored)
    assert (reply.cause, reply.message) == ("deadline", "The deadline came before the request could be sent.")


def test_no_budget_no_attempt():
    with simulator() as running:
        (reply,) = call(running.base_url, ask(), cap="0.000001")
        assert running.calls == []
    assert isinstance(reply, Errored)
    assert (reply.cause, reply.call.attempts, reply.fatal) == ("budget", 0, False)


@pytest.mark.parametrize("when", [0.0, 0.1])
def test_cancelled_leader_hands_over_and_nothing_leaks(when):
    window, limiter, budget = Window(SystemClock(), start=2), Limiter(SystemClock(), RateLimits(50)), Budget(None)

    async def work(lane):
        leader = asyncio.create_task(lane.call(ask(prefix=RULES)))
        others = [asyncio.create_task(lane.call(ask(number, prefix=RULES))) for number in range(1, 6)]
        await asyncio.sleep(when)
        leader.cancel()
        others[2].cancel()
        replies = await asyncio.gather(leader, *others, return_exceptions=True)
        return replies, await lane.call(ask(9, prefix=RULES))

    with simulator(first_byte=0.06, latency=lambda body: 0.3 if body.get("stream") else 0.15) as running:
        replies, last = on_lane(running.base_url, work, window=window, limiter=limiter, budget=budget)
    assert [type(reply).__name__ for reply in replies] == ["CancelledError", *["Answered"] * 2, "CancelledError"] + [
        "Answered"
    ] * 2
    assert isinstance(last, Answered)
    assert (window.running, budget.held) == (0, 0)
    assert limiter.under_way(MODEL) == 0


def test_cancelled_stream_counts_what_it_had_used():
    budget = Budget(None)

    async def work(lane):
        task = asyncio.create_task(lane.call(ask(prefix=RULES)))
        await asyncio.sleep(0.15)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    with simulator(first_byte=0.01, latency=3.0) as running:
        on_lane(running.base_url, work, budget=budget)
    # 106 tokens of input, 1,231 written, one of output; 49 more are likely.
    assert budget.spent > 0
    assert budget.unsure > 0
