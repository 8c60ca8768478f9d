"""The multi-pass review of 60 files: nothing lost whatever fails, contexts of their own, everything side by side."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer.model.client import load_sdk
from reviewer.simulator import Answer, Behaviour, Call, Fault, Simulator
from tests.commands.runner import Runner, diff_arguments, simulated
from tests.known_answers import Change, KnownAnswers, Prompt, make_change, path_of, read_prompt, user_text

_FAULTS = (
    Fault("status", status=529, type="overloaded_error"),
    Fault("reset_before"),
    Fault("reset_after"),
    Fault("status", status=500),
    Fault("truncated"),
    Fault("invalid_json"),
)


Faults = Callable[[int, str, dict[str, Any]], Fault | None]


def one_in_ten(seed: int) -> Faults:
    """Every tenth call fails, in one of six ways. Which ones depends on what is asked and how often it was asked
    before, not on the order in which calls happen to arrive."""
    asked_before: Counter[str] = Counter()

    def choose(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        prompt = read_prompt(body)
        question = f"{sorted(prompt.names)} {sorted(prompt.items)}"
        asked_before[question] += 1
        chance = random.Random(f"{seed} {question} {asked_before[question]}")
        return chance.choice(_FAULTS) if chance.random() < 0.1 else None

    return choose


def twice(kind: Any, block: str) -> Faults:
    """The first two calls whose prompt has such a block fail."""
    left = [Fault(kind)] * 2

    def choose(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        return left.pop() if left and block in read_prompt(body).names else None

    return choose


def asked(simulator: Simulator) -> list[tuple[Call, Prompt]]:
    """Every call with what its prompt showed."""
    return [(call, read_prompt(call.body)) for call in simulator.calls if call.body]


def file_calls(simulator: Simulator) -> list[tuple[Call, Prompt]]:
    return [row for row in asked(simulator) if not row[1].is_verification and not row[1].is_integration]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_finding_is_lost_while_a_tenth_of_the_calls_fails(reviewer: Runner, large: Change, seed: int) -> None:
    brain = KnownAnswers(large.planted, distorted=True)
    with simulated(Behaviour(brain=brain, faults=one_in_ten(seed))) as (simulator, env):
        ran = reviewer(*diff_arguments(large), **env)

    assert sum(call.fault is not None for call in simulator.calls) >= 5
    assert ran.found == large.real
    assert (ran.code, ran.report["verdict"], ran.report["coverage"]["files_reviewed"]) == (1, "findings", 60)


@pytest.mark.parametrize("kind", ["truncated", "invalid_json"])
@pytest.mark.parametrize("block", ["notes", "candidates"])
def test_integration_or_verification_that_fails_twice_is_asked_once_more(
    reviewer: Runner, tmp_path: Path, kind: str, block: str
) -> None:
    change = make_change(tmp_path / "shop", 14, across=1, every=14)
    brain = KnownAnswers(change.planted)
    with simulated(Behaviour(brain=brain, faults=twice(kind, block))) as (simulator, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert sum(call.fault == kind for call in simulator.calls) == 2
    assert (ran.code, ran.report["verdict"], ran.found) == (1, "findings", change.real)
    assert all(f["verified"] for f in ran.report["findings"])


def failing(paths: set[str]) -> Faults:
    """Answers on these files alone are never usable."""

    def choose(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        prompt = read_prompt(body)
        alone = not prompt.is_verification and not prompt.is_integration
        return Fault("invalid_json") if alone and paths & set(prompt.items) else None

    return choose


def asked_alone(simulator: Simulator, path: str) -> int:
    return sum(path in prompt.items for _, prompt in file_calls(simulator))


@pytest.mark.parametrize(("failed", "asked_for_each"), [(7, 4), (8, 2)])
def test_files_that_failed_are_asked_once_more_unless_most_did(
    reviewer: Runner, tmp_path: Path, failed: int, asked_for_each: int
) -> None:
    change = make_change(tmp_path / "shop", 14)
    paths = {path_of(number) for number in range(failed)}
    behaviour = Behaviour(brain=KnownAnswers(change.planted), faults=failing(paths))
    with simulated(behaviour) as (simulator, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert {asked_alone(simulator, path) for path in paths} == {asked_for_each}
    assert ran.report["coverage"]["units_failed"] == failed


@pytest.mark.parametrize(("room", "asked_for_it"), [(1.2, 2), (3.0, 4)], ids=["near the cap", "far from it"])
def test_near_the_budget_a_file_that_failed_is_not_asked_once_more(
    reviewer: Runner, tmp_path: Path, room: float, asked_for_it: int
) -> None:
    change = make_change(tmp_path / "shop", 14)
    config = _config(tmp_path, review="3", verify="0.000001", integration="0.000001")
    brain = KnownAnswers(change.planted)
    with simulated(Behaviour(brain=brain)) as (_, env):
        full = reviewer(*diff_arguments(change), *config, **env)
    cap = f"{room * float(full.report['cost']['usd']):.4f}"
    with simulated(Behaviour(brain=brain, faults=failing({path_of(3)}))) as (simulator, env):
        reviewer(*diff_arguments(change), *config, "--budget-usd", cap, **env)

    assert asked_alone(simulator, path_of(3)) == asked_for_it


def test_passes_and_their_contexts(reviewer: Runner, large: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (_, env):
        ran = reviewer(*diff_arguments(large), **env)

    assert (ran.report["strategy"], ran.found, len(ran.of("refuted"))) == ("multi", large.real, 6)
    assert sorted(made["files"][0] for made in ran.passes("file")) == sorted(large.after)
    assert len(ran.passes("integration")) == 1
    assert {f["provenance"]["kind"] for f in ran.report["findings"] if "lacks an argument" in f["title"]} == {
        "integration"
    }


def test_file_passes_see_no_other_file(reviewer: Runner, large: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (simulator, env):
        reviewer(*diff_arguments(large), **env)

    calls = file_calls(simulator)
    assert len(calls) == 60
    for call, prompt in calls:
        (path,) = prompt.items
        others = [f"def pick_{n}(" for n in range(60) if path_of(n) != path]
        assert not [code for code in others if code in user_text(call.body or {})]


def test_integration_sees_the_notes_of_every_file(reviewer: Runner, large: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (simulator, env):
        reviewer(*diff_arguments(large), **env)

    (prompt,) = [prompt for _, prompt in asked(simulator) if prompt.is_integration]
    assert sorted(prompt.notes) == sorted(large.after)
    assert all(prompt.notes.values())


def test_verification_is_fresh_and_never_sees_the_reviewing_conversation(reviewer: Runner, large: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (simulator, env):
        reviewer(*diff_arguments(large), **env)

    calls = [(call.body or {}, prompt) for call, prompt in asked(simulator) if prompt.is_verification]
    assert sum(len(prompt.candidates) for _, prompt in calls) == len(large.planted)
    for body, prompt in calls:
        assert [message["role"] for message in body["messages"]] == ["user"]
        assert prompt.names == {"pull_request", "item", "candidates"}
        assert "keeps its promises" not in user_text(body)
        assert len({row["path"] for row in prompt.candidates}) == 1


def test_verification_starts_before_all_files_are_through(reviewer: Runner, large: Change) -> None:
    verified, slow, early = threading.Semaphore(0), path_of(20), []

    def brain(body: dict[str, Any]) -> Answer:
        prompt = read_prompt(body)
        if prompt.is_verification:
            verified.release()
        elif slow in prompt.items and not prompt.is_integration:
            early.extend(verified.acquire(timeout=5) for _ in range(40))
        return KnownAnswers(large.planted)(body)

    with simulated(Behaviour(brain=brain)) as (_, env):
        reviewer(*diff_arguments(large), **env)

    assert early == [True] * 40


def test_same_problem_from_two_passes_is_one_finding(reviewer: Runner, large: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted, repeats=True))) as (_, env):
        ran = reviewer(*diff_arguments(large), **env)

    assert ran.found == large.real
    twice = [bug.title for bug in large.planted if bug.holds and not bug.needs]
    assert ran.of("duplicate") == sorted(twice)
    kept = [f for f in ran.report["findings"] if f["disposition"] == "summary" and f["title"] in twice]
    assert all(len(f["provenance"]["also"]) == 1 for f in kept)


def test_deadline_ends_the_run_with_what_is_there(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(tmp_path / "shop", 20)
    slow = {path_of(n) for n in range(15, 18)}

    def latency(body: dict[str, Any]) -> float:
        return 30.0 if slow & set(read_prompt(body).items) else 0.0

    load_sdk()  # not within the deadline
    with simulated(Behaviour(brain=KnownAnswers(change.planted), latency=latency)) as (_, env):
        ran = reviewer(*diff_arguments(change), "--deadline", "3s", **env)

    assert (ran.code, ran.report["verdict"]) == (3, "incomplete")
    assert ran.found == [place for place in change.real if place[0] not in slow]
    assert {file["path"] for file in ran.report["files"] if not file["reviewed"]} == slow
    assert "The deadline came before" in ran.because
    assert "Raise `deadline`, or split the change." in ran.because
    assert f"integration across 17 files around {path_of(0)}" in ran.report["shed"]
    assert ran.report["seconds"] < 6


@pytest.mark.parametrize("cap", ["0.02", "0.1", "0.2"])
def test_budget_is_a_hard_cap_and_files_left_out_are_named(reviewer: Runner, large: Change, cap: str) -> None:
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (simulator, env):
        ran = reviewer(*diff_arguments(large), "--budget-usd", cap, **env)

    billed = sum(float(totals.usd) for lanes in simulator.billed.values() for totals in lanes.values())
    dearest = max([float(made["usd"]) for made in ran.report["passes"]], default=0.0)
    assert billed == pytest.approx(float(ran.report["cost"]["usd"]), rel=1e-3)
    assert billed <= float(cap) + dearest
    assert (ran.code, ran.report["verdict"]) == (3, "incomplete")
    assert f"The budget of ${cap} has no room" in ran.because
    left = [file for file in ran.report["files"] if not file["reviewed"]]
    assert left
    assert all("The budget of" in file["reason"] for file in left)
    assert len(left) + ran.report["coverage"]["files_reviewed"] == 60


def test_near_the_budget_low_findings_are_not_verified_and_the_report_says_so(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(tmp_path / "shop", 20)
    planted = [replace(bug, severity="low") for bug in change.planted]
    config = _config(tmp_path, review="3", verify="0.000001", integration="0.000001")
    with simulated(Behaviour(brain=KnownAnswers(planted))) as (_, env):
        full = reviewer(*diff_arguments(change), *config, **env)
        cap = f"{1.1 * float(full.report['cost']['usd']):.4f}"
        ran = reviewer(*diff_arguments(change), *config, "--budget-usd", cap, **env)

    shed = [line for line in ran.report["shed"] if line.startswith("verification of 1 low finding")]
    unverified = [f for f in ran.report["findings"] if f["verified"] is None]
    assert full.report["shed"] == []
    assert 0 < len(shed) == len(unverified) < 20
    assert ran.report["coverage"]["files_reviewed"] == 20
    assert shed[0] in ran.out
    assert shed[0].replace("_", "") in ran.summary.replace("\\", "").replace("_", "")


def test_integration_that_the_budget_leaves_out_is_named(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(tmp_path / "shop", 14)
    config = _config(tmp_path, review="3", verify="3", integration="90000")
    with simulated(Behaviour(brain=KnownAnswers(change.planted))) as (_, env):
        ran = reviewer(*diff_arguments(change), *config, "--budget-usd", "5", **env)

    assert (ran.code, ran.passes("integration"), ran.found) == (3, [], change.real)
    assert ran.because.startswith("The budget of $5 has no room")
    assert ran.report["shed"] == [f"integration across 14 files around {path_of(0)}"]


def test_verification_that_the_budget_leaves_out_is_named(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        config = _config(reviewer.folder, review="3", verify="90000", integration="3")
        ran = reviewer(*diff_arguments(small), *config, "--budget-usd", "5", **env)

    assert (ran.code, ran.found) == (3, sorted(bug.place for bug in small.planted))
    assert f"verification of 3 findings on {path_of(0)}" in ran.report["shed"]
    assert f"verification of 1 finding on {path_of(2)}" in ran.report["shed"]
    assert len(ran.report["shed"]) == 12


def _config(folder: Path, **prices: str) -> list[str]:
    """A configuration in which each pass has a model, and so a price, of its own; the cache makes no difference."""
    models = {"review": "claude-sonnet-5-5", "integration": "claude-opus-5-5", "verify": "claude-haiku-5-5"}
    keys = ("input", "cache-write-5m", "cache-read")
    listed = {models[kind]: dict.fromkeys(keys, usd) | {"output": "0.000001"} for kind, usd in prices.items()}
    (folder / "reviewer.yml").write_text(json.dumps({"models": models, "prices": listed}))
    return ["--config", str(folder / "reviewer.yml")]


def test_more_notes_than_one_context_holds_are_integrated_in_clusters(reviewer: Runner, large: Change) -> None:
    brain = KnownAnswers(large.planted, notes_each=40)
    with simulated(Behaviour(brain=brain)) as (simulator, env):
        ran = reviewer(*diff_arguments(large), **env)

    prompts = [prompt for _, prompt in asked(simulator) if prompt.is_integration]
    clusters = [prompt for prompt in prompts if set(prompt.notes) <= set(large.after)]
    (across,) = [prompt for prompt in prompts if prompt not in clusters]
    assert len(clusters) > 1
    assert sorted(path for prompt in clusters for path in prompt.notes) == sorted(large.after)
    assert len(across.notes) == len(clusters)
    assert ran.report["verdict"] == "findings"


def test_every_one_of_500_files_is_reviewed_or_named(reviewer: Runner, tmp_path: Path) -> None:
    more = {f"vendor/lib{n}.go": "package lib\n" for n in range(20)}
    change = make_change(tmp_path / "shop", 480, across=3, every=5, more=more, length=3)
    with simulated(Behaviour(brain=KnownAnswers(change.planted), keep_bodies=False)) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert ran.report["coverage"] == {"files_total": 500, "files_reviewed": 480, "files_skipped": 20, "units_failed": 0}
    assert {file["path"] for file in ran.report["files"] if file["reason"] == "vendored"} == set(more)
    assert ran.found == change.real
