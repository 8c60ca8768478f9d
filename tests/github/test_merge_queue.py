"""The merge queue: the same change takes its verdict along, another one is reviewed, and there is always an answer."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.commands.runner import Ran
from tests.github.stage import Stage, code

Opened = Callable[..., Stage]
LOCK = "package-lock.json"


def queued(
    stage: Stage, base: Mapping[str, str | None], change: Mapping[str, str | None], *arguments: str, **env: str
) -> Ran:
    """Run as the check of a merge group: `base` is what was merged meanwhile, `change` what the group brings."""
    base_sha = stage.commit(base, onto=stage.pull.base_sha)
    head_sha = stage.commit(change, onto=base_sha)
    group: dict[str, Any] = {
        "base_sha": base_sha,
        "head_sha": head_sha,
        "base_ref": "refs/heads/main",
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-7-{base_sha}",
    }
    return stage.run(*arguments, event="merge_group", payload={"merge_group": group}, **env)


CHANGE = {"a.py": code("high: Wrong sum"), "b.py": code("low: Odd name")}
CLEAN = {"a.py": code().replace("_20 = 20", "_20 = 21"), "b.py": code("low: Odd name")}


@pytest.mark.parametrize(
    ("change", "code_", "verdict"), [(CHANGE, 1, "findings"), (CLEAN, 0, "pass")], ids=["blocked", "passed"]
)
@pytest.mark.parametrize(
    "base", [{}, {"other.py": "merged = 1\n"}, {"a.py": "above = 1\n" * 9 + code()}], ids=["same", "moved", "shifted"]
)
def test_same_change_takes_its_verdict_along(
    opened: Opened, base: dict[str, str], change: dict[str, str], code_: int, verdict: str
) -> None:
    stage = opened(after=change)
    assert stage.run().code == code_
    assert stage.spent

    ran = queued(stage, base, {**change, **({"a.py": base["a.py"][:90] + change["a.py"]} if "a.py" in base else {})})

    assert stage.spent == (0, 0)
    assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (code_, verdict, verdict)
    assert ran.outputs["blocking"] == str(code_)
    assert "its verdict holds" in ran.summary


def test_only_the_file_that_differs_is_reviewed(opened: Opened) -> None:
    lock = {LOCK: "{}\n"}
    stage = opened(after=CHANGE | lock)
    stage.run()
    assert stage.spent

    ran = queued(stage, {}, CHANGE | lock | {"b.py": code("low: Odd name", "critical: New break")})

    assert stage.spent[0] > 0
    assert {path for made in ran.report["passes"] for path in made["files"]} == {"b.py"}
    assert (ran.code, ran.outputs["blocking"], ran.outputs["findings"]) == (1, "2", "3")
    rows = {row["path"]: row["reviewed"] for row in ran.report["files"]}
    assert rows == {"a.py": True, "b.py": True, LOCK: False}
    assert "2 files are as they were reviewed at" in ran.summary


def test_finding_that_a_differing_file_no_longer_has_is_not_carried(opened: Opened) -> None:
    stage = opened()
    stage.run()

    ran = queued(stage, {}, CHANGE | {"a.py": code().replace("_20 = 20", "_20 = 21")})

    assert (ran.code, ran.outputs["findings"]) == (0, "1")
    assert "1 file is as it was reviewed at" in ran.summary


@pytest.mark.parametrize("act", ["resolve", "dismiss"])
@pytest.mark.parametrize("way", ["carried", "differs", "anew"])
def test_what_a_person_settled_does_not_stop_the_queue(opened: Opened, act: str, way: str) -> None:
    stage = opened()
    stage.run()
    thread = stage.thread("Wrong sum")
    if act == "resolve":
        stage.pull.resolve(thread, by="mona")
    else:
        thread.comments[0].minimized = "outdated"
    change = CHANGE if way == "carried" else CHANGE | {"a.py": CHANGE["a.py"] + "tail = 1\n"}
    env = {"ANTHROPIC_API_KEY": "sk-rotated"} if way == "anew" else {}

    ran = queued(stage, {}, change, **env)

    assert (ran.code, ran.report["verdict"], ran.outputs["blocking"]) == (0, "pass", "0")
    assert "suppressed" in [f["disposition"] for f in ran.report["findings"]]


def test_force_in_the_queue_takes_nothing_along(opened: Opened) -> None:
    stage = opened()
    stage.run()
    stage.pull.resolve(stage.thread("Wrong sum"), by="mona")
    assert stage.spent

    assert queued(stage, {}, CHANGE, "--force").code == 1
    assert stage.spent[0] > 0


def test_without_an_earlier_review_all_is_reviewed(opened: Opened) -> None:
    stage = opened()

    ran = queued(stage, {"other.py": "merged = 1\n"}, CHANGE)

    assert (ran.code, ran.outputs["blocking"]) == (1, "1")
    assert {row["path"]: row["reviewed"] for row in ran.report["files"]} == {"a.py": True, "b.py": True}
    assert stage.spent[1] == 0


def test_policy_that_was_merged_meanwhile_reviews_anew(opened: Opened) -> None:
    stage = opened()
    stage.run()
    assert stage.spent

    assert queued(stage, {"REVIEW.md": "Mind the sums.\n"}, CHANGE).code == 1
    assert stage.spent[0] > 0


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"ANTHROPIC_API_KEY": ""}, (3, "incomplete")),
        ({"ANTHROPIC_API_KEY": "", "REVIEWER_ON_INCOMPLETE": "no-key=neutral"}, (0, "incomplete")),
    ],
    ids=["fail", "neutral"],
)
def test_without_a_key_the_queue_gets_an_answer_too(
    opened: Opened, env: dict[str, str], expected: tuple[int, str]
) -> None:
    ran = queued(opened(), {}, CHANGE, **env)

    assert (ran.code, ran.outputs["verdict"]) == expected


def test_group_without_a_number_is_refused_with_outputs(opened: Opened) -> None:
    stage = opened()
    group = {"base_sha": stage.pull.base_sha, "head_sha": stage.pull.head_sha, "head_ref": "refs/heads/odd"}

    ran = stage.run(event="merge_group", payload={"merge_group": group})

    assert (ran.code, ran.outputs["verdict"]) == (2, "incomplete")
    assert "The merge group names no pull request." in ran.err
