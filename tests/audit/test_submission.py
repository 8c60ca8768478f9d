"""What waits goes out in batches: whole, once, and written down before it is sent."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.submission import Submitted
from reviewer.core.request import Block, Turn
from reviewer.errors import ConfigError
from reviewer.model.batch_body import BatchLimits
from reviewer.model.batch_values import BatchInfo
from reviewer.model.batches import BatchApi, BatchError, make_batch_client
from reviewer.simulator import Answer, Fault
from reviewer.store.audit import AuditState
from tests.audit.night import MODEL, Night, asked, night, small, unit
from tests.simulator.test_wire_cache import Clock

MINUTE = 60
FILES = ("a.py", "b.py", "c.py")


LOST = Fault("reset_after")


def first_create(fault: Fault) -> Any:
    """The first create goes wrong, the others do not."""
    return lambda number, endpoint, _: fault if (number, endpoint) == (0, "batches.create") else None


def say_hello(run: Night) -> None:
    """A neighbour in the workspace makes a batch of one request."""
    body = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "say hello"}]}
    with make_batch_client({"ANTHROPIC_API_KEY": "other", "ANTHROPIC_BASE_URL": run.simulator.base_url}) as client:
        client.messages.batches.create(requests=[{"custom_id": "theirs", "params": body}])


def test_a_round_goes_out_and_comes_back_unit_by_unit(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*FILES)
        assert run.submit() == Submitted(batches=1, requests=3)
        assert run.states() == {"submitted": 3}
        assert run.collect_all().kept.answered == 3
        said = {name: record.reply.text for name, record in run.units().items() if record.reply}
        assert said == {"a.py": "reviewed a.py", "b.py": "reviewed b.py", "c.py": "reviewed c.py"}
        assert run.units()["a.py"].payload == b"about a.py"


def test_nothing_waits_and_nothing_is_sent(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        assert run.submit() == Submitted()
        assert run.collect().ended == 0
        assert run.simulator.calls == []


def test_a_round_is_cut_into_batches_by_model_count_and_size(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*(f"{n}.py" for n in range(5)))
        run.state.requests.plan(
            run.audit, [unit("cheap.py", model="claude-haiku-5-5")], carry_over=True, now=run.clock.now()
        )
        assert run.submit(limits=small(2)) == Submitted(batches=4, requests=6)
        sizes = [len(call.body["requests"]) for call in run.creates()]
        models = [{item["params"]["model"] for item in call.body["requests"]} for call in run.creates()]
    assert sizes == [1, 2, 2, 1]
    assert models == [{"claude-haiku-5-5"}, {MODEL}, {MODEL}, {MODEL}]


def test_a_batch_stays_below_its_bytes(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*(f"{n}.py" for n in range(6)))
        run.submit(limits=BatchLimits(bytes=5000))
        assert max(call.body_bytes for call in run.creates()) <= 5000
        assert sum(len(call.body["requests"]) for call in run.creates()) == 6


def test_every_custom_id_begins_with_the_intent_and_names_audit_question_and_attempt(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan("a.py")
        run.submit()
        [item] = run.creates()[0].body["requests"]
        [batch] = run.state.intents.batches()
        identity = unit("a.py").request.identity
        assert item["custom_id"] == f"{batch.intent}-{identity[:20]}-1"
        assert batch.intent.startswith(f"{run.audit}-")


def test_equal_questions_are_asked_once_and_answer_every_unit(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        twins = [unit("a.py"), unit("copy", turns=unit("a.py").request.turns)]
        counts = run.state.requests.plan(run.audit, twins, carry_over=True, now=run.clock.now())
        assert (counts.new, counts.shared) == (1, 1)
        assert run.submit().requests == 1
        run.collect_all()
        assert [record.reply is not None for record in run.units().values()] == [True, True]
        assert run.bought() == 1


@pytest.mark.parametrize("fault", [Fault("reset_after"), Fault("timeout", acted=True, seconds=0.02)])
def test_a_create_whose_answer_is_lost_is_found_in_the_list_not_sent_again(tmp_path: Path, fault: Fault) -> None:
    with night(tmp_path, faults=first_create(fault)) as run:
        run.plan(*FILES)
        assert run.submit().blocked.startswith("It is not known whether a batch was made.")
        assert run.submit() == Submitted()  # adopted, so nothing waits
        assert run.collect_all().kept.answered == 3
        assert (len(run.creates()), run.bought()) == (1, 3)


@pytest.mark.parametrize("fault", [Fault("reset_before"), Fault("status", status=500), Fault("html", status=502)])
def test_a_create_that_was_not_made_is_sent_again_after_the_grace_only(tmp_path: Path, fault: Fault) -> None:
    clock = Clock()
    with night(tmp_path, clock, faults=first_create(fault)) as run:
        run.plan(*FILES)
        assert run.submit().blocked
        clock.seconds += 4 * MINUTE
        assert "was not confirmed" in run.submit().blocked
        assert len(run.creates()) <= 1
        clock.seconds += 2 * MINUTE
        assert run.submit() == Submitted(batches=1, requests=3)
        run.collect_all()
        assert run.bought() == 3


def test_a_batch_that_is_listed_late_is_still_found(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, list_lag=3 * MINUTE, faults=first_create(LOST)) as run:
        run.plan(*FILES)
        run.submit()
        clock.seconds += 2 * MINUTE
        assert run.submit().blocked
        clock.seconds += 2 * MINUTE
        assert run.submit() == Submitted()
        run.collect_all()
        assert (len(run.creates()), run.bought()) == (1, 3)


@pytest.mark.parametrize("lag", [0.5, 2.5, 6.5])
def test_a_list_that_lags_is_given_seven_seconds_however_late_it_is_asked(tmp_path: Path, lag: float) -> None:
    clock = Clock()
    with night(tmp_path, clock, faults=first_create(LOST)) as run:
        run.plan(*FILES)
        run.submit()
        clock.seconds += 60 * MINUTE
        run.api = LaggingList(run.api._client, clock)
        run.api.current_from = clock.seconds + lag
        run.collect()
        assert run.submit() == Submitted()
        run.collect_all()
        assert (len(run.creates()), run.bought()) == (1, 3)


class LaggingList(BatchApi):
    """Until `current_from` the list that answers is an old one."""

    current_from = 0.0

    def list_all(self, since: datetime | None = None) -> list[BatchInfo]:
        return super().list_all(since) if self._clock.monotonic() >= self.current_from else []


@pytest.mark.parametrize(
    "fault",
    [Fault("status", status=429, type="rate_limit_error", retry_after=7), Fault("status", status=401)],
    ids=["rate limit", "key"],
)
def test_a_refused_create_made_nothing_and_its_requests_wait_again(tmp_path: Path, fault: Fault) -> None:
    with night(tmp_path, faults=first_create(fault)) as run:
        run.plan(*FILES)
        if fault.details["status"] == 429:
            assert run.submit().wait == 7
        else:
            with pytest.raises(BatchError, match="refused the API key"):
                run.submit()
        assert run.states() == {"planned": 3}
        assert run.submit().requests == 3


def test_a_body_too_large_for_the_api_goes_out_in_halves(tmp_path: Path) -> None:
    large = Fault("status", status=413, type="request_too_large")
    with night(tmp_path, faults=first_create(large)) as run:
        run.plan(*FILES)
        assert run.submit() == Submitted(batches=2, requests=3)


def test_another_ones_batch_of_the_same_size_is_disowned_when_it_has_ended(tmp_path: Path) -> None:
    """Nothing of ours was made, and a neighbour's batch looks just like it."""
    clock = Clock()
    with night(tmp_path, clock, faults=first_create(Fault("reset_before"))) as run:
        run.plan("a.py")
        run.submit()
        say_hello(run)
        assert run.submit() == Submitted()  # adopted for now
        assert "other requests than ours" in run.collect_all().doubts[0]
        clock.seconds += 20 * MINUTE
        assert run.submit() == Submitted(batches=1, requests=1)
        run.collect_all()
        assert run.units()["a.py"].state == "answered"


@pytest.mark.parametrize(("before", "ours"), [(True, ("a.py",)), (False, ("a.py", "b.py"))], ids=["older", "smaller"])
def test_a_neighbours_batch_that_cannot_be_ours_is_no_candidate(
    tmp_path: Path, before: bool, ours: tuple[str, ...]
) -> None:
    clock = Clock()
    with night(
        tmp_path,
        clock,
        faults=lambda number, end, _: (
            Fault("reset_before") if (number, end) == (1 if before else 0, "batches.create") else None
        ),
    ) as run:
        run.plan(*ours)
        if before:
            say_hello(run)
        assert run.submit().blocked
        if not before:
            say_hello(run)
        assert "was not confirmed" in run.submit().blocked
        clock.seconds += 6 * MINUTE
        assert run.submit() == Submitted(batches=1, requests=len(ours))


def test_several_candidates_are_told_apart_once_they_have_ended(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, batch_delay=600.0, faults=first_create(LOST)) as run:
        run.plan("a.py")
        run.submit()
        say_hello(run)
        assert "Of 2 batches of 1 request," in run.submit().blocked
        clock.seconds += 11 * MINUTE
        run.collect_all()
        assert run.units()["a.py"].state == "answered"
        assert len(run.creates()) == 2  # ours and theirs


def test_a_truncated_answer_is_asked_again_with_twice_the_room(tmp_path: Path) -> None:
    room: list[int] = []

    def outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:
        room.append(params["max_tokens"])
        return Fault("truncated") if len(room) < 3 else None

    with night(tmp_path, item_outcome=outcome) as run:
        run.plan("a.py")
        for _ in range(3):
            run.submit()
            run.collect_all()
        assert room == [1000, 2000, 4000]
        assert run.states() == {"answered": 1}


def test_only_some_go_out_first_to_prime_a_prefix(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        run.plan(*FILES)
        assert run.submit(only={unit("b.py").request.identity}).requests == 1
        assert run.submit(only=set()).requests == 0
        assert [asked(item["params"]) for item in run.creates()[0].body["requests"]] == ["b.py"]


def test_half_a_surrogate_pair_in_a_file_does_not_stop_the_batch(tmp_path: Path) -> None:
    with night(tmp_path, brain=lambda body: Answer("read")) as run:
        half = (Turn("user", (Block("Review \ud800"),)),)
        run.state.requests.plan(run.audit, [unit("a.py", turns=half)], carry_over=True, now=run.clock.now())
        run.submit()
        assert run.collect_all().kept.answered == 1


def test_two_runs_cannot_work_on_one_state(tmp_path: Path) -> None:
    with night(tmp_path) as run:
        second = AuditState.open(str(tmp_path / "audit.db"), run.clock.now())
        assert second.audits.latest() is not None
        with pytest.raises(ConfigError, match="Another run is at work"), second.exclusive():
            pass
        second.close()
    second = AuditState.open(str(tmp_path / "audit.db"), run.clock.now())
    with second.exclusive():
        pass
    second.close()
