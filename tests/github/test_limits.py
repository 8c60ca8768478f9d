"""GitHub's limits and failures: waited out where that may help, and never at the price of a paid review."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.commands.runner import Ran
from tests.fakes.github import Fault
from tests.github.stage import Stage, code

Opened = Callable[..., Stage]
REVIEWS, COMMENTS = "/pulls/7/reviews$", "/issues/7/comments$"


@pytest.mark.parametrize("status", [403, 429, 422])
@pytest.mark.parametrize(("retry_after", "waits"), [(7, 7.0), (None, 60.0)], ids=["retry-after", "bare"])
@pytest.mark.parametrize("path", [REVIEWS, COMMENTS], ids=["review", "summary"])
def test_secondary_limit_is_waited_out_in_each_shape(
    opened: Opened, status: Literal[403, 429, 422], retry_after: int | None, waits: float, path: str
) -> None:
    stage = opened()
    stage.job.hub.fail(Fault.secondary_limit(status, retry_after, method="POST", path=path))

    ran = stage.run()

    assert (ran.code, len(stage.posted), len(stage.pull.issue_comments)) == (1, 2, 1)
    assert [pause for pause in stage.sleeps if pause >= 1] == [waits]
    assert stage.job.hub.faults.left == []


@pytest.mark.parametrize(
    "fault",
    [Fault.reset_after, Fault.reset_before, lambda **on: Fault.timeout(0.05, **on),
     lambda **on: Fault.bad_gateway(acts=True, **on)],
    ids=["reset after", "reset before", "timeout", "502 after"],
)  # fmt: skip
def test_lost_answer_is_looked_up_before_anything_is_sent_again(opened: Opened, fault: Callable[..., Fault]) -> None:
    stage = opened()
    for path in (REVIEWS, COMMENTS):
        stage.job.hub.fail(fault(method="POST", path=path))

    assert stage.run().code == 1
    assert (sorted(stage.posted), len(stage.pull.reviews)) == (["Odd name", "Wrong sum"], 1)
    assert len(stage.pull.issue_comments) == 1
    posts = [
        number for number, one in enumerate(stage.job.hub.requests) if one.method == "POST" and one.path != "/graphql"
    ]
    between = [stage.job.hub.requests[first + 1 : then] for first, then in pairwise(posts)]
    assert all(any(one.method == "GET" for one in looks) for looks in between)


def failed_posting(stage: Stage, **fault: Any) -> tuple[Ran, Path]:
    """A run whose review GitHub does not take, and the report that it leaves."""
    stage.job.hub.fail(Fault(method="POST", path=REVIEWS, times=99, **{"status": 503, **fault}))
    ran = stage.run()
    saved = stage.git.parent / "saved.json"
    saved.write_text(json.dumps(ran.report))
    stage.job.hub.faults._armed.clear()
    assert stage.spent
    return ran, saved


def test_paid_review_that_cannot_be_posted_is_kept_and_posted_later(opened: Opened) -> None:
    stage = opened()
    ran, saved = failed_posting(stage)
    assert (ran.code, ran.report["verdict"], stage.posted) == (3, "incomplete", [])
    assert "`reviewer pr --post-only FILE` posts it later" in ran.because
    assert Path(ran.outputs["report"]).name == "report.json"

    later = stage.run("--post-only", str(saved))

    assert (later.code, later.report["verdict"]) == (1, "findings")
    assert stage.spent[0] == 0
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]
    assert "Reviewer: Findings" in stage.summary
    assert stage.run("--post-only", str(saved)).code == stage.run().code == 1
    assert stage.spent == (0, 0)


@pytest.mark.parametrize(
    ("fault", "inline"),
    [({"status": 503}, 0), ({"status": 403}, 0), ({"status": 422}, 0), ({"status": 503, "times": 1}, 2)],
    ids=["failed", "read-only", "refused places", "in the end"],
)
def test_only_what_stands_on_its_line_is_said_to_be_posted(opened: Opened, fault: dict[str, Any], inline: int) -> None:
    stage = opened()
    stage.job.hub.fail(Fault(method="POST", path=REVIEWS, **{"times": 1 if fault["status"] == 422 else 99, **fault}))

    ran = stage.run()

    fates = [finding["disposition"] for finding in ran.report["findings"]]
    assert (fates, len(stage.posted)) == (["posted"] * inline + ["summary"] * (2 - inline), inline)


def test_limit_that_outlasts_the_run_keeps_the_review_too(opened: Opened) -> None:
    ran, _ = failed_posting(opened(), status=429, headers={"Retry-After": "3600"})

    assert (ran.code, len(ran.report["findings"])) == (3, 2)
    assert "A new try is 3600 s away" in ran.because


def test_posting_failure_is_neutral_only_where_the_configuration_says_so(opened: Opened) -> None:
    stage = opened(after={"a.py": code("low: Odd name"), "b.py": code()})
    stage.job.hub.fail(Fault(method="POST", path=REVIEWS, times=99))

    ran = stage.run(REVIEWER_ON_INCOMPLETE="posting=neutral")

    assert (ran.code, ran.report["verdict"]) == (0, "incomplete")


def other(number: int = 7, **change: Any) -> Callable[[dict[str, Any]], str]:
    return lambda report: json.dumps(report | {"pull_request": number} | change)


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (other(8), "is a report on octo/shop #8."),
        (other(repository="octo/other"), "is a report on octo/other #7."),
        (other(head_sha="0" * 40), "the head is"),
        (other(schema_version=2), "is no report of schema version 1"),
        (lambda _: "{", "could not be read"),
    ],
    ids=["number", "repository", "head", "schema", "damaged"],
)
def test_report_that_is_not_this_heads_is_not_posted(
    opened: Opened, alter: Callable[[dict[str, Any]], str], words: str
) -> None:
    stage = opened()
    ran, saved = failed_posting(stage)
    saved.write_text(alter(dict(ran.report)))

    later = stage.run("--post-only", str(saved))

    assert (later.code, stage.spent, stage.posted) == (2, (0, 0), [])
    assert words in later.err


def test_saved_report_of_an_incomplete_review_stays_incomplete(opened: Opened) -> None:
    stage = opened()
    saved = stage.git.parent / "saved.json"
    saved.write_text(json.dumps(stage.run(ANTHROPIC_API_KEY="").report))

    assert stage.run("--post-only", str(saved)).code == 3


def test_saved_report_of_the_offline_rules_never_stands_for_a_review_by_the_model(opened: Opened) -> None:
    stage = opened()
    saved = stage.git.parent / "saved.json"
    saved.write_text(json.dumps(stage.run("--engine", "offline", REVIEWER_FAIL_ON="never").report))
    stage.run("--post-only", str(saved))
    assert stage.spent[0] == 0

    assert stage.run().code == 1
    assert stage.spent[0] > 0


def test_writes_keep_a_second_apart_in_real_time(opened: Opened) -> None:
    bugs = [f"high: Bug {n}" for n in range(32)]
    stage = opened({"a.py": code(lines=90)}, {"a.py": code(*bugs, lines=90, at=5)})

    process = stage.reviewer.start("pr", "--max-inline-comments", "32", **{**stage.job.env(), **stage.api_env})
    ran = stage.reviewer.ended(process, *process.communicate(timeout=60))

    assert (ran.code, len(stage.posted), len(stage.pull.reviews)) == (1, 32, 2)
    assert len(stage.job.writes) == 3
    assert stage.job.hub.too_quick_writes == 0


def test_first_run_rerun_and_push_of_60_files_take_few_requests(opened: Opened) -> None:
    names = [f"part{n:02}.py" for n in range(60)]
    before, after = code(lines=3), code("high: Wrong sum", lines=3, at=2)
    stage = opened(dict.fromkeys(names, before), dict.fromkeys(names, after))
    counts = []
    for act in (lambda: None, lambda: None, lambda: stage.push({"part07.py": before})):
        act()
        already = len(stage.job.hub.requests)
        stage.run("--cache-dir", str(stage.git.parent / "cache"))
        counts.append(len(stage.job.hub.requests) - already)

    assert counts == [12, 8, 11]
    assert len(stage.posted) == 20


def test_saved_report_is_posted_where_the_repository_is_spelt_another_way(opened: Opened) -> None:
    stage = opened()
    _, saved = failed_posting(stage)

    later = stage.run("--post-only", str(saved), "--repository", "Octo/SHOP", "--number", "7")

    assert (later.code, sorted(stage.posted)) == (1, ["Odd name", "Wrong sum"])


def test_saved_report_made_under_another_policy_is_posted_but_never_carried(opened: Opened) -> None:
    stage = opened()
    ran, saved = failed_posting(stage)
    saved.write_text(json.dumps(ran.report | {"policy_sha256": "0" * 32}))
    assert stage.run("--post-only", str(saved)).code == 1
    assert stage.spent[0] == 0

    assert stage.run().code == 1
    assert stage.spent[0] > 0
