"""Pull requests whose own run has no key: a maintainer's run reviews them, their own check takes the verdict over."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.commands.runner import Ran
from tests.fakes.github import Fault
from tests.github.stage import Stage, code

Opened = Callable[..., Stage]
CLEAN = {"a.py": code().replace("_20 = 20", "_20 = 21"), "b.py": code("low: Odd name")}
WITHOUT: list[dict[str, Any]] = [{"fork": True}, {"fork": "deleted"}, {"author": "dependabot[bot]"}]
NAMES = ["fork", "deleted fork", "Dependabot"]


def own_run(stage: Stage) -> Ran:
    """The pull request's own run: it can read, and that is all."""
    stage.job.hub.rights = replace(stage.job.hub.rights, writable=False)
    return stage.run(ANTHROPIC_API_KEY="")


def dispatched(stage: Stage, **inputs: str) -> Ran:
    """A maintainer's run, from the default branch."""
    stage.job.hub.rights = replace(stage.job.hub.rights, writable=True)
    return stage.run(event="workflow_dispatch", payload={"inputs": {"pr-number": "7", **inputs}})


@pytest.mark.parametrize("pull", WITHOUT, ids=NAMES)
@pytest.mark.parametrize(
    ("after", "expected"), [(CLEAN, (0, "pass", "0")), (None, (1, "findings", "1"))], ids=["passed", "blocked"]
)
def test_own_check_takes_over_what_a_maintainers_run_found(
    opened: Opened, pull: dict[str, Any], after: dict[str, str] | None, expected: tuple[int, str, str]
) -> None:
    stage = opened(after=after, **pull)
    assert own_run(stage).code == 3
    dispatched(stage)
    assert stage.spent[0] > 0

    again = own_run(stage)

    assert (again.code, again.report["verdict"], again.outputs["blocking"]) == expected
    assert "its verdict holds" in again.summary
    assert "Odd name" in again.summary
    assert stage.spent == (0, 0)
    (status,) = stage.pull.repository.statuses
    assert (status["sha"], status["state"]) == (stage.pull.head_sha, "failure" if expected[0] else "success")
    assert status["context"] == "Reviewer verdict"
    assert status["target_url"] == "https://github.com/octo/shop/actions/runs/1001"


def test_both_runs_name_the_steps(opened: Opened) -> None:
    stage = opened(fork=True)

    assert "When that run has ended, run this job again (Re-run failed jobs)" in own_run(stage).because
    assert "Re-run failed jobs" in dispatched(stage).summary


def test_verdict_is_of_one_head_alone(opened: Opened) -> None:
    stage = opened(after=CLEAN, fork=True)
    assert dispatched(stage).code == 0
    stage.push({"b.py": code("high: New")})

    assert (own_run(stage).code, own_run(stage).report["verdict"]) == (3, "incomplete")


def test_verdict_is_of_one_change_and_one_policy_alone(opened: Opened) -> None:
    stage = opened(after=CLEAN, fork=True)
    stage.push({"c.py": "new = 1\n"})
    assert dispatched(stage).code == 0
    base, first = stage.pull.base_sha, stage.pull.heads[0]
    codes = []
    for base_sha in (base, first, stage.commit({"REVIEW.md": "Mind the sums.\n"}, onto=base)):
        stage.pull.base_sha = base_sha
        codes.append(own_run(stage).code)

    assert codes == [0, 3, 3]


def by_a_person(stage: Stage) -> None:
    stage.pull.repository.statuses[0]["creator"] = {"login": "mona", "type": "User"}


def by_a_namesake(stage: Stage) -> None:
    stage.pull.repository.statuses[0]["creator"] = {"login": "github-actions", "type": "User"}


def of_another_name(stage: Stage) -> None:
    stage.pull.repository.statuses[0]["context"] = "Review"


def with_other_words(stage: Stage) -> None:
    stage.pull.repository.statuses[0]["description"] = "Pass: no findings. " + "0" * 32


def without_status(stage: Stage) -> None:
    stage.pull.repository.statuses.clear()


def altered_summary(stage: Stage) -> None:
    (comment,) = stage.pull.issue_comments
    comment.body = comment.body.replace("~high", "~low")


def summary_of_another(stage: Stage) -> None:
    stage.pull.issue_comments[0].user = "mona"


def withdrawn(stage: Stage) -> None:
    first = stage.pull.repository.statuses[0]
    stage.pull.repository.statuses.append(first | {"state": "error", "description": "Incomplete."})


@pytest.mark.parametrize(
    "forge",
    [by_a_person, by_a_namesake, of_another_name, with_other_words, without_status, altered_summary,
     summary_of_another, withdrawn],
)  # fmt: skip
def test_nobody_else_can_vouch(opened: Opened, forge: Callable[[Stage], None]) -> None:
    stage = opened(fork=True)
    dispatched(stage)
    assert own_run(stage).code == 1

    forge(stage)

    assert (own_run(stage).code, own_run(stage).report["verdict"]) == (3, "incomplete")


def test_fork_cannot_vouch_for_itself(opened: Opened) -> None:
    stage = opened(fork=True)
    stage.job.hub.rights = replace(stage.job.hub.rights, writable=False)

    ran = stage.run(event="workflow_dispatch", payload={"inputs": {"pr-number": "7"}})

    assert stage.pull.repository.statuses == []
    assert "status skipped: the token lacks" in ran.summary


def test_token_that_may_not_post_statuses_is_told_what_it_costs(opened: Opened) -> None:
    stage = opened(after=CLEAN, fork=True)
    stage.job.hub.fail(Fault.forbidden(method="POST", path="/statuses/", times=9))

    ran = dispatched(stage)

    assert (ran.code, ran.report["verdict"]) == (0, "pass")
    assert "statuses: write" in ran.summary
    assert own_run(stage).code == 3


def test_second_dispatch_says_nothing_again(opened: Opened) -> None:
    stage = opened(fork=True)
    dispatched(stage)
    assert stage.spent

    assert dispatched(stage).code == 1
    assert stage.spent == (0, 0)
    assert dispatched(stage, force="true").code == 1
    assert own_run(stage).code == 1


def test_what_somebody_with_the_right_settles_unblocks_the_forks_own_check(opened: Opened) -> None:
    stage = opened(fork=True)
    dispatched(stage)
    stage.pull.resolve(stage.thread("Wrong sum"), by="octocat")

    again = own_run(stage)

    assert (again.code, again.report["verdict"]) == (0, "pass")
    assert [row["disposition"] for row in again.report["findings"]] == ["suppressed", "posted"]


def test_incomplete_review_vouches_for_nothing(opened: Opened) -> None:
    stage = opened(fork=True)
    ran = stage.run("--budget-usd", "0.000001", event="workflow_dispatch", payload={"inputs": {"pr-number": "7"}})

    assert ran.code == 3
    assert stage.pull.repository.statuses[0]["state"] == "error"
    assert own_run(stage).code == 3


def test_pull_request_with_a_key_of_its_own_gets_no_status(opened: Opened) -> None:
    stage = opened()

    assert dispatched(stage).code == 1
    assert stage.pull.repository.statuses == []
