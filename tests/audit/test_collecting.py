"""What has ended comes in once, whatever order, fault or broken stream it comes with; what failed is asked again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.collecting import Collected, next_look
from reviewer.core.request import Answered, Usage
from reviewer.model.batch_values import BatchInfo, BatchRow
from reviewer.model.batches import BatchApi
from reviewer.simulator import Answer, Fault
from reviewer.store.audit_values import Kept
from tests.audit.night import BAD, MODEL, Night, asked, night, reply, small, until
from tests.simulator.test_wire_cache import Clock

DAY = 24 * 3600
FILES = ("a.py", "b.py", "c.py")


def once(fault: Fault, name: str = "b.py") -> Any:
    """One file's first attempt goes wrong, all else does not."""
    return lambda custom_id, params: fault if custom_id.endswith("-1") and asked(params) == name else None


def attempts(run: Night) -> list[list[str]]:
    """The files of each batch that was made."""
    return [sorted(asked(item["params"]) for item in call.body["requests"]) for call in run.creates()]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("errored", type="api_error"), "errored"),
        (Fault("errored", type="overloaded_error"), "errored"),
        (Fault("expired"), "expired"),
        (Fault("canceled"), "canceled"),
        (Fault("truncated"), "truncated"),
        (Fault("invalid_json", text=BAD), "unusable"),
        (Fault("unknown_result"), "errored"),
    ],
)
def test_only_what_failed_is_sent_again(tmp_path: Path, fault: Fault, outcome: str) -> None:
    with night(tmp_path, item_outcome=once(fault)) as run:
        run.plan(*FILES)
        run.submit()
        assert run.collect_all().kept == Kept(answered=2, again=1)
        run.submit()
        assert run.collect_all().kept == Kept(answered=1)
        assert attempts(run) == [["a.py", "b.py", "c.py"], ["b.py"]]
        outcomes = [result.outcome for result in run.state.results.of(run.audit)]
        assert sorted(outcomes) == sorted(["answered", "answered", outcome, "answered"])
        assert run.units()["b.py"].attempt == 2


def test_a_request_error_is_not_sent_again_and_says_what_to_mend(tmp_path: Path) -> None:
    fault = Fault("errored", type="invalid_request_error", message="max_tokens: 9 > 8")
    with night(tmp_path, item_outcome=once(fault)) as run:
        run.plan(*FILES)
        run.submit()
        assert run.collect_all().kept == Kept(answered=2, failed=1)
        assert run.submit().requests == 0
        [failed] = run.state.requests.units(run.audit, states=["failed"])
        assert failed.reason.startswith("The API refused the request (invalid_request_error: max_tokens: 9 > 8). Mend")
        assert run.state.requests.reopen(run.audit, [run.units()["b.py"].identity]) == 1
        assert run.submit().requests == 1


def test_after_three_attempts_it_is_given_up_by_name(tmp_path: Path) -> None:
    with night(tmp_path, item_outcome=lambda *_: Fault("expired")) as run:
        run.plan("a.py")
        for _ in range(3):
            assert run.submit().requests == 1
            run.collect_all()
        assert run.submit().requests == 0
        unit = run.units()["a.py"]
    assert (unit.state, unit.attempt, unit.reply) == ("given-up", 3, None)
    assert unit.reason == "The batch expired before the request was processed."


def test_a_refusal_is_final(tmp_path: Path) -> None:
    with night(tmp_path, item_outcome=lambda *_: Fault("refusal", category="cyber")) as run:
        run.plan("a.py")
        run.submit()
        assert run.collect_all().kept == Kept(given_up=1)
        assert run.units()["a.py"].reason.startswith("The model declined (cyber).")


def test_collecting_twice_counts_once(tmp_path: Path) -> None:
    """The first collect dies after the rows were kept, before the batch was closed."""
    with night(tmp_path) as run:
        run.plan(*FILES)
        run.submit()
        run.state.intents.close = lambda *_: None  # type: ignore[method-assign]
        assert run.collect_all().kept == Kept(answered=3)
        del run.state.intents.close  # type: ignore[method-assign]
        assert run.collect().kept == Kept(known=3)
        assert sum(spend.requests for spend in run.state.figures.spent(run.audit)) == 3


@pytest.mark.parametrize("fault", [Fault("blank_line"), Fault("drip", chunk=700, interval=0.0)])
def test_results_are_read_whatever_their_form(tmp_path: Path, fault: Fault) -> None:
    with night(tmp_path, faults=lambda _, endpoint, __: fault if endpoint == "batches.results" else None) as run:
        run.plan(*FILES)
        run.submit()
        assert run.collect_all().kept == Kept(answered=3)


@pytest.mark.parametrize("fault", [Fault("partial_line"), Fault("reset_before"), Fault("status", status=503)])
def test_a_broken_stream_of_results_is_read_again_at_once(tmp_path: Path, fault: Fault) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return fault if (number, endpoint) == (0, "batches.results") else None

    with night(tmp_path, faults=faults) as run:
        run.plan(*FILES)
        run.submit()
        assert until(lambda: (seen := run.collect()).ended and seen) == Collected(ended=1, kept=Kept(answered=3))
        assert run.bought() == 3


@pytest.mark.parametrize(
    ("fault", "streams"), [(Fault("partial_line"), 2), (Fault("reset_before"), 3), (Fault("status", status=503), 3)]
)
def test_a_stream_that_stays_broken_is_resumed_by_collecting_again(tmp_path: Path, fault: Fault, streams: int) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return fault if endpoint == "batches.results" and number < streams else None

    with night(tmp_path, faults=faults) as run:
        run.plan(*FILES)
        run.submit()
        first = until(lambda: (seen := run.collect()).cut and seen)
        assert (first.open, first.kept.answered) == (1, 2 if fault.kind == "partial_line" else 0)
        assert run.collect().kept.answered == 3 - first.kept.answered
        assert run.states() == {"answered": 3}


def test_a_stream_that_breaks_off_ever_again_buys_nothing_again(tmp_path: Path) -> None:
    """What a cut stream did not show is still there, other than what a whole one leaves out."""
    collects = 5

    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return Fault("partial_line") if endpoint == "batches.results" and number < 2 * collects else None

    with night(tmp_path, faults=faults) as run:
        run.plan(*FILES)
        run.submit()
        for _ in range(collects):
            assert until(lambda: (seen := run.collect()).cut and seen).open == 1
            assert run.submit().requests == 0
        assert run.collect().kept.answered == 1
        assert run.bought() == 3


def test_unknown_keys_and_shouted_enums_are_no_obstacle(tmp_path: Path) -> None:
    with night(tmp_path, item_outcome=once(Fault("extra_keys"))) as run:
        run.plan(*FILES)
        run.submit()
        assert run.collect_all().kept == Kept(answered=3)


class Forgetful(BatchApi):
    """An API whose results leave out one file."""

    left_out = ""

    def results(self, batch: BatchInfo) -> Iterator[BatchRow]:
        return (row for row in super().results(batch) if self.left_out not in row.custom_id)


def test_what_the_results_do_not_name_is_read_thrice_and_then_sent_again(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*FILES)
        run.submit()
        whole, run.api = run.api, Forgetful(run.api._client)
        run.api.left_out = run.units()["b.py"].identity[:20]
        seen = [until(lambda: (c := run.collect()).kept != Kept() and c), run.collect(), run.collect()]
        assert [each.open for each in seen] == [1, 1, 0]
        assert seen[2].kept.again == 1
        run.api = whole
        run.submit()
        run.collect_all()
        assert attempts(run) == [["a.py", "b.py", "c.py"], ["b.py"]]


def test_results_that_are_gone_are_asked_again(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock) as run:
        run.plan("a.py")
        run.submit()
        clock.seconds += 30 * DAY
        assert run.collect_all().lost == 1
        assert run.states() == {"planned": 1}
        assert run.submit().requests == 1


def test_results_that_are_refused_for_good_are_asked_again(tmp_path: Path) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        gone = Fault("status", status=404, type="not_found_error")
        return gone if endpoint == "batches.results" else None

    clock = Clock()
    with night(tmp_path, clock, faults=faults) as run:
        run.plan("a.py")
        run.submit()
        until(lambda: (seen := run.collect()).cut and seen.open)
        with sqlite3.connect(tmp_path / "audit.db") as state:
            state.execute("UPDATE audit_batches SET created_at = '2020-01-01T00:00:00.000000+00:00'")
        assert run.collect().lost == 1
        assert run.states() == {"planned": 1}


def test_a_deleted_batch_is_asked_again(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock) as run:
        run.plan("a.py")
        run.submit()
        [batch] = run.state.intents.batches()
        until(lambda: run.api.retrieve(batch.id).ended)  # type: ignore[union-attr]
        run.api._client.messages.batches.delete(batch.id)
        assert run.collect() == Collected(open=1)
        clock.seconds += 3601
        assert run.collect().lost == 1
        assert run.states() == {"planned": 1}


def test_nothing_ready_costs_one_call(tmp_path: Path) -> None:
    with night(tmp_path, batch_delay=3600.0) as run:
        run.plan(*(f"{n}.py" for n in range(6)))
        run.submit(limits=small(2))
        before = len(run.simulator.calls)
        assert run.collect() == Collected(open=3)
        assert [call.endpoint for call in run.simulator.calls[before:]] == ["batches.list"]


def test_the_half_that_expired_after_a_day_is_sent_again(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, batch_delay=2.0 * DAY) as run:
        run.plan("a.py", "b.py", "c.py", "d.py")
        run.submit()
        clock.seconds += DAY
        assert run.collect_all().kept == Kept(answered=2, again=2)
        assert run.states() == {"answered": 2, "planned": 2}


def test_what_is_counted_is_what_was_billed(tmp_path: Path) -> None:
    with night(tmp_path, item_outcome=once(Fault("truncated")), batch_wave=1) as run:
        run.plan(*FILES)
        run.submit()
        run.collect_all()
        run.submit()
        run.collect_all()
        [spend] = run.state.figures.spent(run.audit)
        billed = run.simulator.billed[MODEL]["batch"]
        names = Usage.__dataclass_fields__
        assert {name: getattr(spend.usage, name) for name in names} == {name: getattr(billed, name) for name in names}
        assert (spend.requests, spend.answered) == (4, 3)
        [use] = run.state.figures.cache_use()
        assert (use.ttl, use.requests) == ("1h", 4)
        assert use.read == billed.cache_read_input_tokens > 0


def test_an_answer_says_where_it_came_from(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, batch_delay=60.0) as run:
        run.plan("a.py")
        run.submit()
        clock.seconds += 90
        run.collect_all()
        unit = run.units()["a.py"]
        [batch] = run.state.intents.batches()
    assert isinstance(unit.reply, Answered)
    assert unit.source is not None
    assert unit.reply.call.message_id.startswith("msg_")
    assert (unit.source.batch_id, unit.source.audit, unit.source.lane) == (batch.id, run.audit, "batch")
    assert unit.source.ended_at is not None
    assert unit.source.sent_at is not None
    assert (unit.source.ended_at - unit.source.sent_at).total_seconds() == 60


def test_the_next_night_buys_only_what_has_changed(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*FILES)
        run.submit()
        run.collect_all()
        first = run.audit
        run.state.audits.end(first, "complete", run.clock.now())
        run.state.prune(run.clock.now())
    with night(tmp_path) as run:
        run.plan(*FILES, "d.py")
        assert run.states() == {"answered": 3, "planned": 1}
        assert run.submit().requests == 1
        unit = run.units()["a.py"]
        assert unit.reply is not None
        assert unit.source is not None
        assert (unit.carried, unit.source.audit, unit.reply.call.memo, unit.reply.call.usage) == (
            True,
            first,
            True,
            Usage(),
        )


def test_polling_begins_at_half_the_median(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, batch_delay=600.0) as run:
        assert next_look(run.state, run.audit, clock.now(), 0.5) is None
        run.plan("a.py")
        run.submit()
        assert next_look(run.state, run.audit, clock.now(), 0.0) == 5.0
        clock.seconds += 601
        run.collect_all()
        run.plan("b.py")
        run.submit()
        clock.seconds += 100
        assert next_look(run.state, run.audit, clock.now(), 0.5) == 200.0


def test_answers_may_say_anything(tmp_path: Path) -> None:
    odd = 'é"\n\u2028\U0001f600'
    with night(tmp_path, brain=lambda body: Answer(odd) if asked(body) == "a.py" else reply(body)) as run:
        run.plan("a.py", "b.py")
        run.submit()
        run.collect_all()
        said = run.units()["a.py"].reply
        assert isinstance(said, Answered)
        assert said.text == odd
