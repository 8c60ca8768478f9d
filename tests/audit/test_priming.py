"""A primed night: one request goes ahead in a batch of its own, the others follow and read what it wrote."""

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.document import AuditDocument
from reviewer.audit.priming import Held, hold
from reviewer.config.settings import Settings
from reviewer.simulator import Fault
from reviewer.store.audit_values import CacheUse, Planned
from tests.audit.measured import measured
from tests.audit.night import night as questions
from tests.audit.night import question
from tests.audit.whole_night import Night, kind_of, module, night, on
from tests.forge.local_repository import Repository
from tests.simulator.test_wire_cache import Clock

FILES = {f"part{n:02}/m.py": module(f"n{n}") for n in range(12)}
LONG = timedelta(hours=72)


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """Twelve folders, so that there are twelve requests; one of them is the sample."""
    made = Repository(tmp_path / "shop")
    made.commit(FILES)
    return made


def settings(sla: str = "72h", **more: Any) -> Settings:
    return Settings.model_validate({"audit": {"sla": sla}, **more})


def begun(made: Night, shop: Repository, *, primed: int = 98) -> str:
    """An audit after nights that measured priming alone to pay."""
    measured(made.state, made.driver.clock.now() - timedelta(days=1), m5=0, h1=0, h1_primed=primed)
    made.repositories = made.repositories or [("octo/shop", shop)]
    return made.driver.start(made.document()).id


def sent(made: Night, round: str = "files") -> list[int]:
    """Requests in each batch of a round."""
    bodies = [call.body for call in made.simulator.calls if call.endpoint == "batches.create" and call.status == 200]
    kinds = [[kind_of(row["params"]) for row in body["requests"]] for body in bodies if body]
    return [len(names) for names in kinds if names[0] == round]


def reads(made: Night) -> dict[str, CacheUse]:
    """The uses of the cache that this night's batches have added, by way."""
    return {use.ttl: use for use in made.state.figures.cache_use() if use.lane == "batch" and use.requests < 50}


def test_the_others_follow_when_the_first_has_ended_and_read_its_prefix(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, settings()) as made:
        audit = begun(made, shop)
        first = made.driver.go_on(audit).notes
        alone = sent(made)
        [each] = made.finish(made.to_the_end(audit))

    assert (alone, sent(made)) == ([1], [1, 10])
    assert "10 requests wait for one sent ahead, so that its prefix is read from the cache." in first
    used = reads(made)
    assert (used["1h primer"].requests, used["1h primer"].read) == (1, 0)
    assert (used["1h primed"].requests, used["1h primed"].written) == (10, 0)
    assert used["1h primed"].read == 10 * used["1h primer"].written > 0
    assert [file.path for file in each.report.files if not file.reviewed] == []
    assert (
        "1h primed: 98% hits measured over 50 requests"
        in AuditDocument.read(made.state.audits.get(audit).document).marking
    )


def test_a_primed_night_costs_less_than_one_whose_sla_has_no_room_for_it(tmp_path: Path, shop: Repository) -> None:
    costs: dict[str, Decimal] = {}
    for sla in ("47h", "48h"):
        folder = tmp_path / sla
        folder.mkdir()
        with night(folder, settings(sla), clock=Clock()) as made:
            audit = begun(made, shop)
            made.finish(made.to_the_end(audit))
            costs[sla] = made.billed
            marking = AuditDocument.read(made.state.audits.get(audit).document).marking
            assert (sent(made), "priming has no room in the SLA" in marking) == (
                ([11], True) if sla == "47h" else ([1, 10], False)
            )
    assert costs["48h"] < costs["47h"]


def test_the_sla_runs_from_the_submission_before(tmp_path: Path, shop: Repository) -> None:
    clock = Clock()
    with night(tmp_path, settings("71h"), clock=clock) as made:
        made.finish(made.to_the_end(begun(made, shop)))
        clock.seconds += 24 * 3600
        shop.commit({path: text + b"\n" for path, text in FILES.items()}, parent=shop.git("rev-parse", "main"))
        made.finish(made.audit())

    assert sent(made) == [1, 10, 11]


def test_hits_below_the_break_even_prime_nothing(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, settings()) as made:
        made.finish(made.to_the_end(begun(made, shop, primed=50)))
    assert (sent(made), reads(made)) == ([11], {})


def test_each_repository_has_one_that_goes_ahead(tmp_path: Path, shop: Repository) -> None:
    twin = Repository(tmp_path / "twin")
    twin.commit({path: text + b"\n" for path, text in FILES.items()})
    with night(tmp_path, settings()) as made:
        made.repositories = [("octo/shop", shop), ("octo/twin", twin)]
        made.finish(made.to_the_end(begun(made, shop)))
    assert sorted(sent(made)) == [1, 1, 21]


@pytest.mark.parametrize("name", ["errored", "expired", "canceled", "truncated", "invalid_json"])
def test_one_that_goes_ahead_in_vain_is_sent_again_with_the_others(tmp_path: Path, shop: Repository, name: str) -> None:
    met: list[str] = []

    def outcome(custom_id: str, _: dict[str, Any]) -> Fault | None:
        met.append(custom_id)
        return Fault(name) if len(met) == 1 else None  # type: ignore[arg-type]

    with night(tmp_path, settings(), item_outcome=outcome) as made:
        [each] = made.finish(made.to_the_end(begun(made, shop)))

    assert sent(made) == [1, 11]
    assert [one.attempts for one in each.report.passes if one.kind == "file"].count(2) == 1
    assert [file.path for file in each.report.files if not file.reviewed] == []
    assert each.report.cost.usd == made.billed


def test_another_machine_goes_on_from_the_state_alone(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, settings()) as made:
        audit = begun(made, shop)
        made.driver.go_on(audit)
        shutil.rmtree(shop.folder)
        with on(made.simulator, tmp_path / "audit.db") as elsewhere:
            [each] = elsewhere.finish(elsewhere.to_the_end(audit))

    assert sent(made) == [1, 10]
    assert (len(each.report.findings), each.report.cost.usd) == (12, made.billed)


def test_when_the_state_is_lost_what_went_ahead_is_found_again(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, settings()) as made:
        made.driver.go_on(begun(made, shop))
        with on(made.simulator, tmp_path / "new" / "audit.db", settings()) as fresh:
            fresh.repositories = made.repositories
            started = fresh.driver.start(fresh.document(), recovering=True)
            [each] = fresh.finish(fresh.to_the_end(started.id))

    assert sent(made) == [1, 11]  # the sample's answer was in the state alone
    assert [file.path for file in each.report.files if not file.reviewed] == []


@pytest.mark.parametrize(("cap", "slices"), [("0.30", [1, 3, 3, 2, 2]), ("0.60", [1, 6, 4]), ("1.50", [1, 10])])
def test_a_tight_budget_sends_one_ahead_of_its_slices(
    tmp_path: Path, shop: Repository, cap: str, slices: list[int]
) -> None:
    with night(tmp_path, settings(**{"budget-usd": cap})) as made:
        [each] = made.finish(made.to_the_end(begun(made, shop)))

    assert sent(made) == slices
    assert [file.path for file in each.report.files if not file.reviewed] == []
    assert each.report.cost.usd == made.billed <= Decimal(cap)


def test_who_goes_ahead_is_remembered_and_nobody_waits_into_the_deadline(tmp_path: Path) -> None:
    with questions(tmp_path) as run:
        plan = [Planned(name, "files", "acme/shop", question(name), primed=True) for name in "abcde"]
        run.state.requests.plan(run.audit, plan, carry_over=True, now=run.clock.now())
        first, third = plan[0].request.identity, plan[2].request.identity
        prefix = plan[0].request.prefix

        assert hold(run.state, run.audit, "files", {third}, LONG) == Held((third,), frozenset({prefix}), 4)
        assert hold(run.state, run.audit, "files", None, LONG).ahead == (third,)
        assert hold(run.state, run.audit, "files", {first}, LONG).ahead == (first,)
        run.submit(only=[first])
        assert hold(run.state, run.audit, "files", None, LONG) == Held((), frozenset({prefix}), 4)
        run.collect_all()
        assert hold(run.state, run.audit, "files", None, LONG) == Held()


@pytest.mark.parametrize(("names", "left"), [("abc", LONG), ("abcde", timedelta(hours=24))], ids=["few", "late"])
def test_a_few_and_those_that_would_be_late_go_at_once_and_count_as_not_primed(
    tmp_path: Path, names: str, left: timedelta
) -> None:
    with questions(tmp_path) as run:
        plan = [Planned(name, "files", "acme/shop", question(name), primed=True) for name in names]
        run.state.requests.plan(run.audit, plan, carry_over=True, now=run.clock.now())
        assert hold(run.state, run.audit, "files", None, left) == Held()
        run.submit()
        run.collect_all()
        assert [(use.ttl, use.requests) for use in run.state.figures.cache_use()] == [("1h", len(names))]


def test_those_that_wait_for_a_late_batch_go_when_their_own_could_just_meet_the_deadline(tmp_path: Path) -> None:
    with questions(tmp_path, batch_delay=3600.0) as run:
        plan = [Planned(name, "files", "acme/shop", question(name), primed=True) for name in "abcde"]
        run.state.requests.plan(run.audit, plan, carry_over=True, now=run.clock.now())
        run.submit(only=hold(run.state, run.audit, "files", None, LONG).ahead)
        assert hold(run.state, run.audit, "files", None, timedelta(hours=25)).waiting == 4
        assert hold(run.state, run.audit, "files", None, timedelta(hours=24)) == Held()
        assert run.submit().requests == 4


def test_a_trial_keeps_only_those_waiting_that_take_part_in_it(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit({f"part{n:03}/m.py": module(f"n{n}", bug=False) for n in range(120)})
    with night(tmp_path, settings()) as made:
        measured(made.state, made.driver.clock.now() - timedelta(days=1), m5=0)
        made.repositories = [("octo/shop", shop)]
        made.finish(made.audit())

    used = reads(made)
    assert sum(sent(made)) == 114  # six are the sample
    assert sent(made)[0] == used["1h primer"].requests == 1
    assert sent(made)[2] == used["1h primed"].requests == 5
    assert used["1h primed"].written == 0
