"""Runs that lack a key or a right: no crash and no pretence, and whatever still can be said is said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.github import Fault
from tests.github.stage import Stage

Opened = Callable[..., Stage]
READ_ONLY = {"writable": False}
FORKS: list[dict[str, Any]] = [{"fork": True}, {"fork": "deleted"}, {"author": "dependabot[bot]"}]
FORK_IDS = ["fork", "deleted fork", "Dependabot"]


@pytest.mark.parametrize("pull", FORKS, ids=FORK_IDS)
def test_without_a_key_it_is_incomplete_and_names_the_way_out(opened: Opened, pull: dict[str, Any]) -> None:
    stage = opened(hub=READ_ONLY, **pull)

    ran = stage.run(ANTHROPIC_API_KEY="")

    assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (3, "incomplete", "incomplete")
    assert "a maintainer can start the review by hand (Actions, Run workflow, with its number)" in ran.because
    assert "a maintainer can start the review by hand" in ran.summary.replace("\\", "")
    assert stage.spent[0] == 0
    assert {row["reviewed"] for row in ran.report["files"]} == {False}


def test_the_way_out_leads_out(opened: Opened) -> None:
    stage = opened(hub=READ_ONLY, fork=True)
    assert stage.run(ANTHROPIC_API_KEY="").code == 3
    stage.job.hub.rights = replace(stage.job.hub.rights, writable=True)

    ran = stage.run(event="workflow_dispatch", payload={"inputs": {"pr-number": "7"}})

    assert (ran.code, ran.report["verdict"]) == (1, "findings")
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]


def test_missing_key_is_neutral_only_where_the_configuration_says_so(opened: Opened) -> None:
    config = {".github/reviewer.yml": "on-incomplete: {no-key: neutral}\n"}
    code = {"a.py": "a = 1\n"}
    stage = opened(code | config, code | config | {"b.py": "b = 2\n"}, hub=READ_ONLY, fork=True)

    ran = stage.run(ANTHROPIC_API_KEY="")

    assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (0, "incomplete", "incomplete")
    assert "Reviewer: Incomplete" in ran.summary
    assert "There is no API key" in ran.summary


@pytest.mark.parametrize("pull", FORKS, ids=FORK_IDS)
def test_read_only_token_leaves_annotations_and_summary(opened: Opened, pull: dict[str, Any]) -> None:
    stage = opened(hub=READ_ONLY, **pull)

    ran = stage.run()

    assert (ran.code, ran.report["verdict"], ran.outputs["blocking"]) == (1, "findings", "1")
    assert (stage.pull.reviews, stage.pull.comments, stage.pull.issue_comments) == ([], [], [])
    assert "::error file=a.py,line=20" in ran.out
    assert "::notice file=b.py,line=20" in ran.out
    assert "Wrong sum" in ran.summary
    assert "review skipped" in ran.summary
    assert "summary skipped" in ran.summary


@pytest.mark.parametrize("path", ["/pulls/7/reviews$", "/issues/7/comments$"], ids=["reviews", "comments"])
def test_token_that_lacks_one_right_loses_that_channel_alone(opened: Opened, path: str) -> None:
    stage = opened()
    stage.job.hub.fail(Fault.forbidden(method="POST", path=path, times=9))

    ran = stage.run()

    assert (ran.code, ran.report["verdict"]) == (1, "findings")
    assert (len(stage.posted), len(stage.pull.issue_comments)) == ((0, 1) if "reviews" in path else (2, 0))


def test_token_that_may_not_even_read_is_told_with_the_permission(opened: Opened) -> None:
    stage = opened()
    stage.job.hub.fail(Fault.forbidden(path="/pulls/7$"))

    ran = stage.run()

    assert (ran.code, ran.outputs["verdict"], stage.spent[0]) == (3, "incomplete", 0)
    assert "Grant it under `permissions:` in the workflow" in ran.err


def test_refused_key_is_incomplete_and_named(opened: Opened) -> None:
    stage = opened(behaviour={"api_keys": frozenset({"sk-right"})})

    ran = stage.run()

    assert (ran.code, ran.report["verdict"]) == (3, "incomplete")
    assert "ANTHROPIC_API_KEY" in ran.because
    assert "Reviewer: Incomplete" in stage.summary
    assert "sk-test" not in ran.out + ran.err + ran.summary + stage.summary


def test_refused_token_is_named_and_not_shown(opened: Opened) -> None:
    ran = opened().run(GITHUB_TOKEN="ghs_expired_0123456789")

    assert (ran.code, ran.outputs["verdict"]) == (3, "incomplete")
    assert "Bad credentials" in ran.err
    assert "ghs_expired" not in ran.out + ran.err + ran.summary
