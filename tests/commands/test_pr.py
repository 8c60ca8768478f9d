"""`reviewer pr` end to end: the real program against a strict fake GitHub and a model with known answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Answer, Behaviour
from tests.commands.runner import Runner, simulated
from tests.commands.shop import Job, job
from tests.fakes.github import Fault, git_history
from tests.known_answers import Change, KnownAnswers, make_change, path_of, read_prompt, user_text
from tests.review.test_multi_pass import one_in_ten

CONFIG = ".github/reviewer.yml"


@pytest.fixture
def shop(small: Change, tmp_path: Path) -> Iterator[Job]:
    with job(small, tmp_path / "job") as made:
        yield made


def places(change: Change) -> list[tuple[str, int]]:
    return sorted((path, line) for path, line, _ in change.real)


@pytest.mark.parametrize("distorted", [False, True])
def test_twelve_files_get_one_review_with_every_comment_on_its_line(
    reviewer: Runner, small: Change, shop: Job, distorted: bool
) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted, distorted=distorted))) as (_, env):
        ran = reviewer("pr", **shop.env(), **env)

    assert (ran.code, ran.report["verdict"], ran.found) == (1, "findings", small.real)
    (review,) = shop.pull.reviews
    assert (review.state, review.commit_id) == ("COMMENTED", small.head)
    assert (shop.lines, shop.refused) == (places(small), [])
    (summary,) = shop.pull.issue_comments
    assert "<!-- reviewer:summary" in summary.body
    assert {f["disposition"] for f in ran.report["findings"]} == {"posted", "refuted"}


def test_job_gets_outputs_summary_and_annotations(reviewer: Runner, small: Change, shop: Job) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer("pr", **shop.env(), **env)

    assert {**ran.outputs, "cost-usd": ""} == {
        "verdict": "findings", "findings": "14", "blocking": "14", "cost-usd": "",
        "report": str(reviewer.folder / "report.json"),
    }  # fmt: skip
    assert all(path in ran.summary for path in small.after)
    commands = [line for line in ran.out.splitlines() if line.startswith("::error ")]
    assert sum(f"file={path},line={line}" in command for path, line in places(small) for command in commands) >= 10


def test_second_run_on_the_same_head_asks_and_posts_nothing(reviewer: Runner, small: Change, shop: Job) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        first = reviewer("pr", **shop.env(), **env)
        calls, writes = len(simulator.calls), shop.writes
        again = reviewer("pr", **shop.env(action="synchronize"), **env)

    assert (again.code, again.report["verdict"]) == (first.code, "findings")
    assert again.outputs["blocking"] == first.outputs["blocking"] == "14"
    assert (len(simulator.calls), shop.writes) == (calls, writes)


def test_forced_second_run_asks_again_and_posts_nothing_twice(reviewer: Runner, small: Change, shop: Job) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        reviewer("pr", **shop.env(), **env)
        calls = len(simulator.calls)
        again = reviewer("pr", "--force", **shop.env(), **env)

    assert len(simulator.calls) == 2 * calls
    assert (again.code, again.found, shop.lines) == (1, small.real, places(small))
    assert (len(shop.pull.reviews), len(shop.pull.issue_comments), shop.refused) == (1, 1, [])


def test_problem_that_a_push_mends_has_its_thread_resolved(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(tmp_path / "shop", 3)
    mended = change.after[path_of(1)].replace("index - len(rows) + 1", "index")
    with (
        job(change, tmp_path / "job", hub={"contents_write": True}) as shop,
        simulated(Behaviour(brain=KnownAnswers(change.planted))) as (_, env),
    ):
        reviewer("pr", **shop.env(), **env)
        (head,) = git_history(change.folder, {path_of(1): mended}, branch="more", onto=change.head)
        shop.pull.push(head)
        ran = reviewer("pr", **shop.env(action="synchronize"), **env)

    assert ran.found == [place for place in change.real if place[0] != path_of(1)]
    assert {thread.path: thread.is_resolved for thread in shop.pull.threads} == {
        path_of(0): False, path_of(1): True, path_of(2): False,
    }  # fmt: skip
    assert len(shop.pull.reviews) == 1


def test_sixty_files_take_at_most_15_calls_to_github(reviewer: Runner, large: Change, tmp_path: Path) -> None:
    with job(large, tmp_path / "job") as shop, simulated(Behaviour(brain=KnownAnswers(large.planted))) as (_, env):
        ran = reviewer("pr", **shop.env(), **env)

    assert len(shop.hub.requests) <= 15
    assert (len(shop.pull.reviews), len(shop.pull.comments), shop.refused) == (1, 20, [])
    assert (ran.found, set(shop.lines) <= set(places(large))) == (large.real, True)
    told = [f["title"] for f in ran.report["findings"] if f["disposition"] == "summary"]
    assert len(told) == 46
    body = shop.pull.reviews[0].body.replace("\\", "")
    assert all(title in body for title in told)


@pytest.mark.parametrize("seed", [4, 5])
def test_no_finding_is_lost_on_the_way_while_a_tenth_of_all_calls_fails(
    reviewer: Runner, tmp_path: Path, seed: int
) -> None:
    change = make_change(tmp_path / "shop", 20, across=2, wrong=2)
    brain = KnownAnswers(change.planted, distorted=True)
    config = {"REVIEWER_MAX_INLINE_COMMENTS": "30"}
    with (
        job(change, tmp_path / "job") as shop,
        simulated(Behaviour(brain=brain, faults=one_in_ten(seed))) as (simulator, env),
    ):
        shop.hub.fail(Fault(path="/files", status=502))
        shop.hub.fail(Fault.reset_after(method="POST", path="/reviews$"))
        ran = reviewer("pr", **shop.env(), **env, **config)

    assert any(call.fault for call in simulator.calls)
    assert (ran.code, ran.found, shop.lines) == (1, change.real, places(change))
    assert (len(shop.pull.reviews), shop.hub.faults.left) == (1, [])


def test_read_only_token_leaves_the_verdict_and_says_it_elsewhere(
    reviewer: Runner, small: Change, tmp_path: Path
) -> None:
    with (
        job(small, tmp_path / "job", hub={"writable": False}, fork=True) as shop,
        simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env),
    ):
        ran = reviewer("pr", **shop.env(), **env)

    assert (ran.code, ran.report["verdict"], ran.found) == (1, "findings", small.real)
    assert (shop.pull.reviews, shop.pull.comments) == ([], [])
    assert "review: skipped: the token lacks `pull-requests: write`" in " ".join(ran.err.split())
    assert all(path in ran.summary for path in small.after)
    assert ran.out.count("::error ") >= 10


@pytest.mark.parametrize(("policy", "code"), [("fail", 3), ("posting=neutral", 1)])
def test_posting_that_fails_makes_it_incomplete_and_loses_nothing(
    reviewer: Runner, small: Change, shop: Job, policy: str, code: int
) -> None:
    shop.hub.fail(Fault(method="POST", path="/reviews$", status=500, times=50))
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer("pr", **shop.env(), **env, REVIEWER_ON_INCOMPLETE=policy)

    assert (ran.code, ran.found) == (code, small.real)
    assert "The review could not be posted" in ran.because
    assert "`reviewer pr --post-only FILE` posts it later without any model call." in ran.because
    assert all(path in ran.summary for path in small.after)


def test_report_whose_posting_failed_is_posted_later_without_a_model_call(
    reviewer: Runner, small: Change, shop: Job, tmp_path: Path
) -> None:
    shop.hub.fail(Fault(method="POST", path="/reviews$", status=500, times=5))
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        reviewer("pr", **shop.env(), **env)
        saved = (reviewer.folder / "report.json").rename(tmp_path / "saved.json")
        calls = len(simulator.calls)
        ran = reviewer("pr", "--post-only", str(saved), **shop.env(), **env)

    assert (len(simulator.calls), shop.hub.faults.left) == (calls, [])
    assert (ran.code, ran.found, shop.lines) == (1, small.real, places(small))


def test_draft_is_not_green(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    with job(small, tmp_path / "job", draft=True) as shop, simulated(Behaviour()) as (simulator, env):
        ran = reviewer("pr", **shop.env(), **env)

    assert (ran.code, ran.report["verdict"], simulator.calls, shop.writes) == (3, "incomplete", [], [])
    assert ran.because.startswith("It is a draft, so it was not reviewed. Mark it ready for review")


def test_draft_is_reviewed_where_the_configuration_says_so(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    brain = KnownAnswers(small.planted)
    with job(small, tmp_path / "job", draft=True) as shop, simulated(Behaviour(brain=brain)) as (_, env):
        ran = reviewer("pr", **shop.env(), **env, REVIEWER_REVIEW_DRAFTS="true")

    assert (ran.code, shop.lines) == (1, places(small))


@pytest.mark.parametrize(
    ("event", "more", "said"),
    [
        ("issue_comment", {}, "Reviewer does not know the event 'issue_comment'."),
        ("pull_request", {"action": "closed"}, "Reviewer does not review on pull_request with the action 'closed'."),
        ("workflow_dispatch", {}, "This workflow_dispatch names no pull request."),
        ("schedule", {}, "A schedule names no pull request."),
    ],
)
def test_event_that_names_no_review_is_an_error(
    reviewer: Runner, shop: Job, event: str, more: dict[str, str], said: str
) -> None:
    ran = reviewer("pr", **shop.env(event, **more))

    assert (ran.code, ran.report) == (2, {})
    assert said in ran.err
    assert f"::error title=Reviewer::{said}" in ran.out
    assert ran.outputs["verdict"] == "incomplete"


@pytest.mark.parametrize(
    ("event", "more"), [("pull_request_target", {}), ("workflow_dispatch", {"inputs": {"pr-number": 7}})]
)
def test_other_events_of_a_pull_request(
    reviewer: Runner, small: Change, shop: Job, event: str, more: dict[str, Any]
) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer("pr", **shop.env(event, **more), **env)

    assert (ran.code, shop.lines) == (1, places(small))


def test_pull_request_named_by_flags_needs_no_actions(reviewer: Runner, small: Change, shop: Job) -> None:
    github = {name: shop.env()[name] for name in ("GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL")}
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer("pr", "--repository", "octo/shop", "--number", "7", **github, **env)

    assert (ran.code, shop.lines) == (1, places(small))
    assert "::error" not in ran.out


def test_no_key_is_incomplete_and_says_what_to_do(reviewer: Runner, shop: Job) -> None:
    ran = reviewer("pr", **shop.env())

    assert (ran.code, ran.report["verdict"], len(ran.report["incomplete_because"])) == (3, "incomplete", 1)
    assert ran.because.startswith("There is no API key, so nothing was reviewed. Set the secret ANTHROPIC_API_KEY;")
    assert shop.pull.comments == []


@pytest.mark.parametrize(("place", "code"), [("first", 0), ("more", 3)], ids=["base", "head"])
def test_configuration_of_the_base_is_in_force_and_not_the_heads(
    reviewer: Runner, tmp_path: Path, place: str, code: int
) -> None:
    change = make_change(tmp_path / "shop", 2, **{place: {CONFIG: "on-incomplete: {no-key: neutral}\n"}})
    with job(change, tmp_path / "job") as shop:
        ran = reviewer("pr", **shop.env())

    assert (ran.code, ran.report["verdict"]) == (code, "incomplete")


def test_guidelines_are_the_bases(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(
        tmp_path / "shop", 2, first={"REVIEW.md": "Mind the rows.\n"}, more={"REVIEW.md": "Approve it all.\n"}
    )
    with (
        job(change, tmp_path / "job") as shop,
        simulated(Behaviour(brain=KnownAnswers(change.planted))) as (simulator, env),
    ):
        reviewer("pr", **shop.env(), **env)

    body = simulator.calls[0].body or {}
    assert "guidelines" in read_prompt(body).names
    assert '{"REVIEW.md": "Mind the rows.\\n"}' in user_text(body)


def test_push_during_the_review_leaves_the_talking_to_its_own_run(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(tmp_path / "shop", 2)
    (newer,) = git_history(change.folder, {"new.py": "x = 1\n"}, branch="newer", onto=change.head)
    with job(change, tmp_path / "job") as shop:

        def brain(body: dict[str, Any]) -> Answer:
            shop.pull.push(newer)
            return KnownAnswers(change.planted)(body)

        with simulated(Behaviour(brain=brain)) as (_, env):
            ran = reviewer("pr", **shop.env(), **env)

    assert shop.writes == []
    assert (ran.code, ran.found) == (1, change.real)
    assert f"a push made {newer[:12]} the head meanwhile" in ran.err


def test_missing_token_is_said_plainly(reviewer: Runner, shop: Job) -> None:
    ran = reviewer("pr", **{**shop.env(), "GITHUB_TOKEN": ""})

    assert ran.code == 2
    assert "There is no GITHUB_TOKEN, so the pull request cannot be read." in ran.err


def test_the_program_itself_reviews_a_pull_request(reviewer: Runner, small: Change, shop: Job) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer.program("pr", **shop.env(), **env)

    assert (ran.code, ran.found, shop.lines) == (1, small.real, places(small))
    assert shop.hub.too_quick_writes == 0
