"""The first request with a prefix goes alone; the others follow when its answer begins."""

import asyncio

import pytest

from reviewer.core.request import Answered
from reviewer.model.prefix import PrefixGate
from reviewer.simulator import Fault
from tests.model.lanes import RULES, VirtualClock, ask, call, simulator, total


def entered(gate, prefix):
    """A task that waits at the gate."""
    return asyncio.create_task(gate.enter(prefix))


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def at_gate(work):
    clock = VirtualClock()
    return asyncio.run(work(PrefixGate(clock), clock))


def test_others_wait_until_the_answer_begins():
    async def work(gate, clock):
        first = await gate.enter("p")
        others = [entered(gate, "p") for _ in range(3)]
        await settle()
        assert not any(other.done() for other in others)
        first.sent()
        first.begun()
        passages = await asyncio.gather(*others)
        assert (first.leads, first.cached) == (True, False)
        assert [(passage.leads, passage.cached) for passage in passages] == [(False, True)] * 3
        first.close()

    at_gate(work)


def test_failed_leader_hands_over_to_one():
    async def work(gate, clock):
        first = await gate.enter("p")
        others = [entered(gate, "p") for _ in range(3)]
        await settle()
        first.close()
        await settle()
        (second,) = (other.result() for other in others if other.done())
        assert second.leads
        second.begun()
        await settle()
        assert all(other.done() for other in others)

    at_gate(work)


def test_leader_that_fails_after_its_beginning_hands_nothing_over():
    async def work(gate, clock):
        first = await gate.enter("p")
        first.begun()
        first.close()
        assert not (await gate.enter("p")).leads

    at_gate(work)


def test_prefixes_do_not_wait_for_each_other():
    async def work(gate, clock):
        assert [(await gate.enter(prefix)).leads for prefix in ("p", "q", "r")] == [True] * 3
        assert [(await gate.enter("")).leads for _ in range(2)] == [False] * 2

    at_gate(work)


@pytest.mark.parametrize(("seconds", "leads"), [(239, False), (241, True)])
def test_entry_ages_from_the_last_use(seconds, leads):
    async def work(gate, clock):
        first = await gate.enter("p")
        first.sent()
        clock.seconds = 100
        first.begun()
        reader = await gate.enter("p")
        clock.seconds = 200
        reader.sent()
        # It took long, but the entry's life counts from when it was sent.
        clock.seconds = 200 + seconds
        reader.begun()
        assert (await gate.enter("p")).leads == leads

    at_gate(work)


def test_cancelled_waiter_leaves_no_trace():
    async def work(gate, clock):
        first = await gate.enter("p")
        waiter = entered(gate, "p")
        await settle()
        waiter.cancel()
        await settle()
        first.close()
        assert (await gate.enter("p")).leads

    at_gate(work)


def only_streams(seconds):
    """A latency that only streamed answers have: the leader's."""
    return lambda body: seconds if body.get("stream") else 0.0


def test_sixty_requests_read_what_one_has_written():
    with simulator(first_byte=0.05, latency=only_streams(3.0)) as running:
        replies = call(running.base_url, *(ask(number, prefix=RULES) for number in range(60)))
        first, *others = sorted(running.calls, key=lambda each: each.started)
    assert all(isinstance(reply, Answered) for reply in replies)
    used = total(replies)
    assert (used.cache_creation_5m_input_tokens, used.cache_read_input_tokens) == (1231, 59 * 1231)
    # They followed at the leader's first byte, not at its end.
    assert others[0].started - first.started >= 0.05
    assert others[0].started < first.ended
    assert max(each.concurrency for each in others) > 10


def test_readers_follow_the_next_leader_when_the_first_fails():
    with simulator(Fault("status", status=500), Fault("reset_before"), first_byte=0.02) as running:
        replies = call(running.base_url, *(ask(number, prefix=RULES) for number in range(10)))
        calls = sorted(running.calls, key=lambda each: each.started)
    used = total(replies)
    assert (used.cache_creation_5m_input_tokens, used.cache_read_input_tokens) == (1231, 9 * 1231)
    assert [each.concurrency for each in calls[:3]] == [1, 1, 1]


def test_two_prefixes_start_side_by_side():
    with simulator(first_byte=1.5, latency=only_streams(1.5)) as running:
        call(running.base_url, *(ask(number, prefix=letter * 3200) for letter in "rs" for number in range(3)))
        first, second, *_ = sorted(running.calls, key=lambda each: each.started)
    assert second.started < first.started + 1.5
