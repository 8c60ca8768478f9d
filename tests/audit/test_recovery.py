"""The state is lost: the audit is planned anew, and what was paid for is found again from the API."""

from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.recovery import Recovered, recover
from reviewer.model.batches import make_batch_client
from reviewer.simulator import Fault
from reviewer.store.audit_values import Kept
from tests.audit.night import MODEL, Night, asked, judge, night, small, until
from tests.simulator.test_wire_cache import Clock

DAY = 24 * 3600
FILES = ("a.py", "b.py", "c.py")


def find(run: Night) -> Recovered:
    return recover(run.state, run.api, run.clock, run.audit, judge)


def neighbour(run: Night) -> None:
    body = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "say hello"}]}
    with make_batch_client({"ANTHROPIC_API_KEY": "other", "ANTHROPIC_BASE_URL": run.simulator.base_url}) as client:
        client.messages.batches.create(requests=[{"custom_id": "theirs", "params": body}])


def test_everything_is_found_again_and_nothing_bought_again(tmp_path: Path) -> None:
    with night(tmp_path) as lost:
        lost.plan(*FILES)
        lost.submit(limits=small(2))
        lost.collect_all()
        neighbour(lost)
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            found = until(lambda: (seen := find(run)).waiting == 0 and seen)
            assert (found.batches, found.kept) == (2, Kept(answered=3))
            assert run.submit().requests == 0
            assert run.units()["b.py"].reply == lost.units()["b.py"].reply
            assert run.bought() == 3 + 1  # the neighbour's own


def test_a_batch_still_running_is_waited_for_and_nothing_is_sent_meanwhile(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock, batch_delay=600.0) as lost:
        lost.plan(*FILES)
        lost.submit()
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert find(run) == Recovered(waiting=1)
            assert "Older batches" in run.submit().blocked
            clock.seconds += 601
            found = until(lambda: (seen := find(run)).waiting == 0 and seen)
            assert found.kept == Kept(answered=3)
            assert not run.state.audits.get(run.audit).recovering
            assert len(run.creates()) == 1


def test_what_failed_before_the_loss_is_sent_again_alone(tmp_path: Path) -> None:
    def outcome(custom_id: str, params: Any) -> Fault | None:
        return Fault("expired") if asked(params) == "b.py" and custom_id.endswith("-1") else None

    with night(tmp_path, item_outcome=outcome) as lost:
        lost.plan(*FILES)
        lost.submit()
        lost.collect_all()
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert until(lambda: (seen := find(run)).waiting == 0 and seen).kept == Kept(answered=2, again=1)
            assert run.submit().requests == 1
            run.collect_all()
            assert run.states() == {"answered": 3}


def test_files_changed_since_are_bought_and_old_answers_to_them_passed_over(tmp_path: Path) -> None:
    with night(tmp_path) as lost:
        lost.plan("a.py", "old.py")
        lost.submit()
        lost.collect_all()
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan("a.py", "new.py")
            assert find(run).kept == Kept(answered=1)
            assert run.submit().requests == 1


def test_recovering_twice_counts_once(tmp_path: Path) -> None:
    with night(tmp_path) as lost:
        lost.plan(*FILES)
        lost.submit()
        lost.collect_all()
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert find(run).kept == Kept(answered=3)
            assert find(run) == Recovered()
            assert sum(spend.requests for spend in run.state.figures.spent(run.audit)) == 3


@pytest.mark.parametrize("fault", [Fault("partial_line")])
def test_a_cut_stream_is_read_again_before_anything_is_sent(tmp_path: Path, fault: Fault) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return fault if (number, endpoint) == (0, "batches.results") else None

    with night(tmp_path, faults=faults) as lost:
        lost.plan(*FILES)
        lost.submit()
        [batch] = lost.state.intents.batches()
        until(lambda: (shown := lost.api.retrieve(batch.id)) and shown.ended)
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert find(run).waiting == 1
            assert run.submit().requests == 0
            assert find(run).waiting == 0
            assert run.states() == {"answered": 3}


def test_results_that_are_refused_do_not_block_the_recovery(tmp_path: Path) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        gone = Fault("status", status=404, type="not_found_error")
        return gone if endpoint == "batches.results" else None

    clock = Clock()
    with night(tmp_path, clock, faults=faults) as lost:
        lost.plan(*FILES)
        lost.submit()
        [batch] = lost.state.intents.batches()
        until(lambda: (shown := lost.api.retrieve(batch.id)) and shown.ended)
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert find(run).waiting == 1
            clock.seconds += 3600
            assert find(run) == Recovered()
            assert run.submit().requests == 3


def test_results_older_than_the_api_keeps_are_bought_again(tmp_path: Path) -> None:
    clock = Clock()
    with night(tmp_path, clock) as lost:
        lost.plan(*FILES)
        lost.submit()
        lost.collect_all()
        clock.seconds += 29 * DAY
        with lost.again(tmp_path / "new.db", recovering=True) as run:
            run.plan(*FILES)
            assert find(run) == Recovered()
            assert run.submit().requests == 3
