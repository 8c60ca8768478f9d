"""What the lane recovers from, and how it counts what that took."""

import time

import pytest

from reviewer.core.pricing import cost_of
from reviewer.core.request import Answered, Errored, Refused, Truncated, Usage
from reviewer.model.failures import Failure
from reviewer.model.lane import Retry
from reviewer.simulator import Answer, Fault
from tests.model.lanes import QUICK, RULES, TEXT, ask, billed, call, dollars, on_lane, simulator, total

PASSING = [
    Fault("status", status=529),
    Fault("status", status=500),
    Fault("status", status=503),
    Fault("status", status=504),
    Fault("status", status=408),
    Fault("status", status=409),
    Fault("status", status=429, retry_after=0.01),
    Fault("html"),
    Fault("reset_before"),
    Fault("reset_after"),
    Fault("stream_error"),
    Fault("stream_error", type="api_error"),
    Fault("stream_cut"),
]


@pytest.mark.parametrize("prefix", ["", RULES], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.details}")
def test_passing_failures_are_overcome(fault, prefix):
    with simulator(None, fault, fault) as running:
        # The first call makes the limits known, so that the next is only streamed for its prefix.
        first, second = on_lane(running.base_url, in_turn(ask(), ask(1, prefix=prefix)))
    assert isinstance(first, Answered)
    assert isinstance(second, Answered), second
    assert (second.text, second.call.attempts, len(running.calls)) == (TEXT, 3, 4)


def in_turn(*requests):
    async def work(lane):
        return [await lane.call(request) for request in requests]

    return work


def test_answer_in_time_after_one_that_was_not():
    with simulator(Fault("timeout")) as running:
        (reply,) = call(running.base_url, ask(), timeout=0.1)
    assert isinstance(reply, Answered)
    assert reply.call.attempts == 2


def test_slow_bytes_are_no_failure():
    with simulator(Fault("drip", interval=0.001), Fault("drip", interval=0.001)) as running:
        replies = call(running.base_url, ask(prefix=RULES), ask(1, prefix=RULES))
    assert [reply.call.attempts for reply in replies] == [1, 1]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("invalid_json", Answered),
        ("extra_keys", Answered),
        ("thinking_only", Answered),
        ("truncated", Truncated),
        ("refusal", Refused),
    ],
)
@pytest.mark.parametrize("prefix", ["", RULES], ids=["whole", "streamed"])
def test_answers_are_not_judged_here(fault, kind, prefix):
    with simulator(Fault(fault)) as running:
        (reply,) = call(running.base_url, ask(prefix=prefix))
    assert type(reply) is kind
    assert (reply.call.attempts, reply.call.usage) == (1, billed(running))


def test_gives_up_after_its_attempts():
    with simulator(faults=lambda number, endpoint, body: Fault("status", status=529)) as running:
        (reply,) = call(running.base_url, ask(), retry=Retry(attempts=3, base=0.001))
        assert isinstance(reply, Errored)
        assert (reply.cause, reply.fatal, reply.call.attempts, len(running.calls)) == ("api", False, 3, 3)
    assert reply.message == "The model's API failed with status 529: Overloaded."
    assert reply.call.request_id == running.calls[-1].request_id


def test_unreachable_api():
    (reply,) = call("http://127.0.0.1:9", ask(), retry=Retry(attempts=2, base=0.001))
    assert isinstance(reply, Errored)
    assert reply.message.startswith("The model's API cannot be reached: ")
    assert reply.call.attempts == 2


def test_retry_after_is_waited_for():
    with simulator(Fault("status", status=429, retry_after=0.08)) as running:
        started = time.monotonic()
        (reply,) = call(running.base_url, ask())
        assert time.monotonic() - started >= 0.08
    assert reply.call.attempts == 2
    assert reply.call.seconds >= 0.08


@pytest.mark.parametrize("status", [429, 529, 503])
def test_retry_after_beyond_the_deadline_is_not_waited_for(status):
    with simulator(Fault("status", status=status, retry_after=3600)) as running:
        (reply,) = call(running.base_url, ask())
        assert isinstance(reply, Errored)
        assert (reply.cause, reply.call.attempts) == ("deadline", 1)
        assert reply.message.endswith("It asks to wait 3600 s, which is beyond the deadline.")
        assert len(running.calls) == 1


def test_backoff_beyond_the_deadline_is_not_waited_for():
    with simulator(faults=lambda *_: Fault("status", status=500)) as running:
        (reply,) = call(running.base_url, ask(), seconds=0.3, retry=Retry(attempts=50, base=0.05, cap=0.05))
    assert isinstance(reply, Errored)
    assert reply.cause == "deadline"


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"), [(1, 1.0, 0.5), (2, 1.0, 1.0), (4, 0.5, 2.0), (9, 1.0, 20.0), (3, 0.0, 0.0)]
)
def test_backoff_is_exponential_with_full_jitter(attempt, chance, seconds):
    assert Retry().delay(attempt, Failure("api", "", "", True), chance) == seconds


@pytest.mark.parametrize(("after", "chance", "seconds"), [(10.0, 0.0, 10.0), (10.0, 1.0, 11.0), (60.0, 1.0, 61.0)])
def test_retry_after_goes_first(after, chance, seconds):
    assert Retry().delay(5, Failure("api", "", "", True, after), chance) == seconds


NOT_BILLED = [fault for fault in PASSING if fault.kind in ("status", "html")]


def test_bill_is_what_calls_and_budget_say():
    faults = [fault for each in NOT_BILLED for fault in (None, each, None)]
    faults += [Fault("truncated"), Fault("refusal"), Fault("invalid_json")]
    lanes = []

    async def work(lane):
        lanes.append(lane)
        return [await lane.call(ask(number, prefix=RULES)) for number in range(30)]

    with simulator(*faults, brain=lambda body: Answer(TEXT, thinking_tokens=70)) as running:
        replies = on_lane(running.base_url, work)
        assert total(replies) == billed(running)
        assert sum(reply.call.attempts for reply in replies) == len(running.calls) == 30 + len(NOT_BILLED)
        assert sum(cost_of(reply.call) for reply in replies) == dollars(running) == lanes[0].budget.spent
        assert lanes[0].budget.unsure == 0


def test_stream_that_broke_off_counts():
    with simulator(Fault("stream_cut")) as running:
        (reply,) = call(running.base_url, ask(prefix=RULES))
    assert isinstance(reply, Answered)
    # Its prompt was read and written to the cache; of its answer one token is known.
    assert reply.call.usage == Usage(106, 1, 0, 1231) + Usage(106, 50, 1231)
    assert billed(running) == Usage(106, 50, 0, 1231) + Usage(106, 50, 1231)


@pytest.mark.parametrize("fault", [Fault("reset_after"), Fault("stream_cut")], ids=lambda fault: fault.kind)
def test_cost_of_what_may_have_been_answered_counts_against_the_cap(fault):
    lanes = []

    async def work(lane):
        lanes.append(lane)
        return await lane.call(ask())

    with simulator(fault) as running:
        on_lane(running.base_url, work, retry=QUICK)
        budget = lanes[0].budget
        assert budget.unsure > 0
        assert budget.spent + budget.unsure >= dollars(running)
