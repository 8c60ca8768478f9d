"""A second run on the same head: nothing is asked or said again, unless something that matters has changed."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.github import IssueComment
from tests.github.stage import MarkedBugs, Stage, code

Opened = Callable[..., Stage]


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("event", ["pull_request", "workflow_dispatch"])
def test_second_run_asks_and_says_nothing(opened: Opened, cached: bool, event: str) -> None:
    stage = opened()
    more = ["--cache-dir", str(stage.git.parent / "cache")] if cached else []
    first = stage.run(*more)
    assert stage.spent[0] > 0

    again = stage.run(*more, event=event, payload={"inputs": {"pr-number": 7}} if event != "pull_request" else {})

    assert stage.spent == (0, 0)
    assert (again.code, again.report["verdict"]) == (first.code, first.report["verdict"]) == (1, "findings")
    same = ("verdict", "findings", "blocking")
    assert {name: again.outputs[name] for name in same} == {name: first.outputs[name] for name in same}
    assert again.outputs["cost-usd"] == "0.000000"


def test_second_run_reports_the_same_findings_in_the_same_places(opened: Opened) -> None:
    bugs = ("critical: Worst of `all`", "high: Second", "low: Third")
    stage = opened({"a.py": code()}, {"a.py": code(*bugs, at=5)}, brain=MarkedBugs(words="It is wrong."))
    first = stage.run("--max-inline-comments", "1")

    again = stage.run("--max-inline-comments", "1")

    told = ("fingerprint", "path", "start_line", "end_line", "side", "anchor", "severity", "category", "title", "quote")
    told = (*told, "explanation", "disposition")
    assert [[f[name] for name in told] for f in again.report["findings"]] == [
        [f[name] for name in told] for f in first.report["findings"]
    ]
    assert [f["start_line"] for f in again.report["findings"]] == [5, 7, 9]


def test_summary_follows_what_a_person_settled_also_where_the_verdict_stays(opened: Opened) -> None:
    stage = opened({"a.py": code()}, {"a.py": code("high: One", "high: Two", at=5)})
    stage.run()
    stage.pull.resolve(stage.thread("One"), by="mona")
    assert stage.spent

    again = stage.run()

    assert (again.code, again.outputs["findings"], stage.spent) == (1, "1", (0, 1))
    assert "1 finding " in stage.summary
    assert (stage.run().code, stage.spent) == (1, (0, 0))


@pytest.mark.parametrize("act", ["resolve", "dismiss"])
def test_what_a_person_settled_meanwhile_no_longer_blocks(opened: Opened, act: str) -> None:
    stage = opened()
    assert stage.run().code == 1
    thread = stage.thread("Wrong sum")
    if act == "resolve":
        stage.pull.resolve(thread, by="mona")
    else:
        thread.comments[0].minimized = "outdated"
    comments = len(stage.pull.comments)
    assert stage.spent

    again = stage.run()

    assert (again.code, again.report["verdict"], again.outputs["blocking"]) == (0, "pass", "0")
    assert [f["disposition"] for f in again.report["findings"]] == ["suppressed", "posted"]
    assert (stage.spent[0], len(stage.pull.comments)) == (0, comments)
    assert "suppressed" in again.summary
    assert "Reviewer: Pass" in stage.summary
    assert stage.run().code == 0
    assert stage.spent == (0, 0)


@pytest.mark.parametrize("pushed", [False, True], ids=["rerun", "push"])
def test_author_of_a_fork_does_not_unblock_the_check_by_resolving(opened: Opened, pushed: bool) -> None:
    stage = opened(fork=True)
    stage.run()
    stage.pull.resolve(stage.thread("Wrong sum"), by="mona")
    if pushed:
        stage.push({"b.py": code("low: Odd name") + "tail = 1\n"})

    again = stage.run()

    assert (again.code, again.of("suppressed"), sorted(stage.posted)) == (1, [], ["Odd name", "Wrong sum"])
    assert "author resolved and that still count: 1." in again.summary
    stage.pull.resolve(stage.thread("Wrong sum"), by="octocat")
    assert stage.run().code == 0


def test_settling_is_taken_back_with_the_thread(opened: Opened) -> None:
    stage = opened()
    stage.run()
    thread = stage.thread("Wrong sum")
    stage.pull.resolve(thread, by="mona")
    assert stage.run().code == 0
    thread.is_resolved, thread.resolved_by = False, None
    assert stage.spent

    assert stage.run().code == 1
    assert stage.spent[0] == 0
    assert "Reviewer: Findings" in stage.summary


def altered(key: str, value: str) -> Callable[[str], str]:
    return lambda body: re.sub(rf" {key}=\S*", f" {key}={value}", body)


@pytest.mark.parametrize(
    "forge",
    [
        altered("found", ""),
        altered("found", "0~low"),
        altered("patch", "0" * 32),
        altered("policy", "0" * 32),
        altered("seal", "0" * 32),
        lambda body: re.sub(r" seal=\S*", "", body),
        lambda body: body.replace("~high", "~low"),
    ],
    ids=["emptied", "another finding", "patch", "policy", "seal", "no seal", "less severe"],
)
def test_altered_state_is_not_believed(opened: Opened, forge: Callable[[str], str]) -> None:
    stage = opened()
    stage.run()
    (comment,) = stage.pull.issue_comments
    before = comment.body
    comment.body = forge(before)
    assert comment.body != before
    assert stage.spent

    assert stage.run().code == 1
    assert stage.spent[0] > 0
    assert len(stage.posted) == 2


def test_another_heads_state_is_not_believed(opened: Opened) -> None:
    stage = opened(after={"a.py": code(), "b.py": code("low: Odd name")})
    assert stage.run().code == 0
    old = stage.pull.head_sha
    stage.push({"a.py": code("high: Wrong sum")})
    (comment,) = stage.pull.issue_comments
    comment.body = comment.body.replace(old, stage.pull.head_sha)

    assert stage.run().code == 1


def test_another_authors_summary_is_not_believed(opened: Opened) -> None:
    stage = opened()
    stage.run()
    theirs = stage.pull.issue_comments.pop()
    stage.pull.issue_comments.append(IssueComment("mallory", theirs.body, 7))
    assert stage.spent

    assert stage.run().code == 1
    assert stage.spent[0] > 0
    assert [comment.user for comment in stage.pull.issue_comments] == ["mallory", "github-actions[bot]"]


@pytest.mark.parametrize(
    "env",
    [
        {"ANTHROPIC_API_KEY": "sk-other"},
        {"REVIEWER_MODELS": "review=claude-opus-5-5"},
        {"REVIEWER_IGNORE": "*.txt"},
        {"REVIEWER_MULTI_PASS_AT": "2"},
    ],
    ids=["key", "models", "ignore", "passes"],
)
def test_other_key_or_other_ways_of_reviewing_review_anew(opened: Opened, env: dict[str, str]) -> None:
    stage = opened()
    stage.run()
    assert stage.spent

    again = stage.run(**env)

    assert stage.spent[0] > 0
    assert (again.code, len(stage.posted)) == (1, 2)


def test_guidelines_that_changed_on_the_base_review_anew(opened: Opened) -> None:
    stage = opened()
    stage.run()
    stage.pull.base_sha = stage.commit({"REVIEW.md": "Mind the sums.\n"}, onto=stage.pull.base_sha)
    assert stage.spent

    assert stage.run().code == 1
    assert stage.spent[0] > 0


def test_what_only_decides_the_verdict_decides_it_without_asking(opened: Opened) -> None:
    stage = opened()
    assert stage.run().code == 1
    assert stage.spent

    again = stage.run("--fail-on", "never")

    assert (again.code, again.report["verdict"], stage.spent[0]) == (0, "pass", 0)
    assert "Reviewer: Pass" in stage.summary


@pytest.mark.parametrize(
    ("arguments", "event", "payload"),
    [
        (["--force"], "pull_request", {}),
        ([], "workflow_dispatch", {"inputs": {"pr-number": "7", "force": "true"}}),
    ],
    ids=["flag", "input"],
)
def test_force_ignores_memo_state_and_suppression(
    opened: Opened, arguments: list[str], event: str, payload: dict[str, Any]
) -> None:
    stage = opened()
    cache = ["--cache-dir", str(stage.git.parent / "cache")]
    stage.run(*cache)
    calls, _ = stage.spent
    stage.pull.resolve(stage.thread("Wrong sum"), by="mona")

    again = stage.run(*cache, *arguments, event=event, payload=payload)

    assert stage.spent[0] == calls
    assert (again.code, again.of("suppressed")) == (1, [])
    assert sorted(stage.posted) == ["Odd name", "Wrong sum", "Wrong sum"]


def test_force_says_again_what_was_dismissed(opened: Opened) -> None:
    stage = opened()
    stage.run()
    stage.thread("Wrong sum").comments[0].minimized = "outdated"

    again = stage.run("--force")

    assert (again.code, sorted(stage.posted)) == (1, ["Odd name", "Wrong sum", "Wrong sum"])


def test_attributes_that_changed_on_the_base_review_anew(opened: Opened) -> None:
    stage = opened({"a.py": code(), ".gitattributes": "a.py linguist-generated\n"}, {"a.py": code("high: Wrong sum")})
    assert stage.run().code == 0
    stage.pull.base_sha = stage.commit({".gitattributes": "\n"}, onto=stage.pull.base_sha)

    assert stage.run().code == 1
    assert stage.posted == ["Wrong sum"]


def test_incomplete_review_is_not_carried_over(opened: Opened) -> None:
    stage = opened()
    first = stage.run("--budget-usd", "0.000001")
    assert (first.code, first.report["verdict"]) == (3, "incomplete")

    assert stage.run().code == 1
    assert len(stage.posted) == 2
