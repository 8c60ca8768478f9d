"""A push to a reviewed pull request: nothing is said twice, what is gone is closed, and a person has the last word."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Answer
from tests.commands.runner import Ran, Runner
from tests.github.stage import MarkedBugs, Stage, code

Opened = Callable[..., Stage]
MAY_RESOLVE = {"contents_write": True}
SETTLED = ["resolve", "dismiss"]


def settle(stage: Stage, title: str, how: str) -> None:
    thread = stage.thread(title)
    if how == "resolve":
        stage.pull.resolve(thread, by="mona")
    else:
        thread.comments[0].minimized = "off-topic"


def test_finding_that_moves_down_by_40_lines_is_not_posted_again(opened: Opened) -> None:
    stage = opened(hub=MAY_RESOLVE)
    stage.run()
    stage.push({"a.py": "".join(f"above_{n} = {n}\n" for n in range(40)) + code("high: Wrong sum")})

    again = stage.run()

    assert (again.code, again.found) == (1, [("a.py", 60, "Wrong sum"), ("b.py", 20, "Odd name")])
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]
    assert (stage.thread("Wrong sum").line, stage.thread("Wrong sum").is_resolved) == (60, False)


def test_equal_line_above_is_told_and_the_one_below_not_again(opened: Opened) -> None:
    stage = opened({"a.py": code()}, {"a.py": code() + "swallow()  # bug high: One\n"})
    stage.run()
    stage.push({"a.py": "swallow()  # bug high: One\n" + code() + "swallow()  # bug high: One\n"})

    again = stage.run()

    assert again.found == [("a.py", 1, "One"), ("a.py", 32, "One")]
    assert stage.job.lines == [("a.py", 1), ("a.py", 32)]
    assert (stage.run().code, stage.job.lines) == (1, [("a.py", 1), ("a.py", 32)])


def test_mending_the_first_of_two_equal_lines_resolves_its_own_thread(opened: Opened) -> None:
    both = ["swallow()  # bug high: One\n", code(), "swallow()  # bug high: One\n"]
    stage = opened({"a.py": code()}, {"a.py": "".join(both)}, hub=MAY_RESOLVE)
    stage.run()
    stage.push({"a.py": "".join(both[1:])})

    assert stage.run().found == [("a.py", 31, "One")]
    assert sorted((thread.line or 0, thread.is_resolved) for thread in stage.pull.threads) == [(0, True), (31, False)]


def test_finding_that_a_push_mends_is_resolved(opened: Opened) -> None:
    stage = opened(hub=MAY_RESOLVE)
    stage.run()
    stage.push({"a.py": code().replace("value_20 = 20", "value_20 = 21")})

    again = stage.run()

    assert (again.code, again.report["verdict"]) == (0, "pass")
    assert (stage.thread("Wrong sum").is_resolved, stage.thread("Odd name").is_resolved) == (True, False)
    assert "Reviewer: Pass" in stage.summary


def test_problem_that_comes_back_after_reviewer_resolved_it_is_posted_anew(opened: Opened) -> None:
    stage = opened(hub=MAY_RESOLVE)
    stage.run()
    stage.push({"a.py": code().replace("value_20 = 20", "value_20 = 21")})
    stage.run()
    stage.push({"a.py": code("high: Wrong sum")})

    assert stage.run().code == 1
    assert sorted(stage.posted) == ["Odd name", "Wrong sum", "Wrong sum"]


def test_thread_with_a_persons_answer_is_left_alone(opened: Opened) -> None:
    stage = opened(hub=MAY_RESOLVE)
    stage.run()
    stage.pull.reply(stage.thread("Wrong sum"), "Let us talk about it.", "mona")
    stage.push({"a.py": code().replace("value_20 = 20", "value_20 = 21")})

    assert stage.run().code == 0
    assert not stage.thread("Wrong sum").is_resolved


def test_token_that_may_not_resolve_threads_is_told_and_changes_no_verdict(opened: Opened) -> None:
    stage = opened()
    stage.run()
    stage.push({"a.py": code().replace("value_20 = 20", "value_20 = 21")})

    again = stage.run()

    assert (again.code, again.report["verdict"]) == (0, "pass")
    assert "threads: skipped: the token lacks `contents: write` and `pull-requests: write`" in " ".join(
        again.err.split()
    )
    assert "threads skipped" in again.summary
    assert not stage.thread("Wrong sum").is_resolved


@pytest.mark.parametrize("how", SETTLED)
def test_finding_that_a_person_settled_stays_silent(opened: Opened, how: str) -> None:
    stage = opened()
    stage.run()
    settle(stage, "Wrong sum", how)
    stage.push({"b.py": code("low: Odd name") + "tail = 1\n"})

    again = stage.run()

    assert (again.code, again.report["verdict"]) == (0, "pass")
    assert (again.of("suppressed"), again.of("posted")) == (["Wrong sum"], ["Odd name"])
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]
    assert "Wrong sum" in again.summary
    assert "suppressed" in again.summary


def test_finding_whose_words_change_a_little_is_not_posted_again(opened: Opened) -> None:
    words = iter(["It is wrong.", "This is not right.", "Wrong, as before."])
    stage = opened(brain=lambda body: MarkedBugs(words=next(words, "Wrong."))(body))
    stage.run()
    stage.push({"b.py": code("low: Odd name") + "tail = 1\n"})
    stage.run()

    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]


def test_unchanged_files_come_from_the_memo(opened: Opened) -> None:
    names = [f"part{n:02}.py" for n in range(14)]
    before = dict.fromkeys(names, code())
    stage = opened(before, {name: code(f"high: Bug in {name[4:6]}") for name in names})
    cache = str(stage.git.parent / "cache")
    first = stage.run("--cache-dir", cache)
    assert len(first.passes("file")) == 14
    assert stage.spent[0] >= 15

    stage.push({"part03.py": code("high: Bug in 03", "low: Another")})
    again = stage.run("--cache-dir", cache)

    bought = [row["files"] for row in again.passes("file") if not row["memo"]]
    assert (bought, len(again.passes("file"))) == ([["part03.py"]], 14)
    assert len(again.of("posted")) == 15
    assert again.report["cost"]["usd"] < first.report["cost"]["usd"]


def test_push_during_the_run_gets_no_comments_for_the_old_head(opened: Opened) -> None:
    made: list[Stage] = []

    def brain(body: dict[str, Any]) -> Answer:
        if made[0].pull.head_sha == old:
            made[0].push({"c.py": "new = 1\n"})
        return MarkedBugs()(body)

    made.append(opened(brain=brain))
    stage, old = made[0], made[0].pull.head_sha

    late = stage.run()

    assert (late.code, stage.spent[1], stage.pull.issue_comments) == (1, 0, [])
    assert "the head meanwhile" in late.summary
    assert stage.run().code == 1
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]


def test_two_runs_at_once_post_nothing_twice(opened: Opened, tmp_path: Path) -> None:
    stage = opened()
    (tmp_path / "gate").mkdir()
    runs = [begin(stage, tmp_path / name, tmp_path / "gate") for name in ("one", "two")]
    ran = [end() for end in runs]

    assert [one.code for one in ran] == [1, 1]
    assert len([write for write in stage.job.writes if write.startswith("POST ")]) == 4
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]
    assert "Reviewer: Findings" in stage.summary


def begin(stage: Stage, folder: Path, gate: Path) -> Callable[[], Ran]:
    """Start a run whose POSTs meet another run's; call what is returned to wait for its end."""
    folder.mkdir()
    runner = Runner(folder, stage.reviewer._capsys)
    more = {"GITHUB_RUN_ID": folder.name, "GATE": str(gate)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.github.gated", *runner._with_json(["pr"])],
        env={**os.environ, **runner.env, **stage.job.env(), **stage.api_env, **more},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    def end() -> Ran:
        out, err = process.communicate(timeout=60)
        return runner.ended(process, out, err)

    return end
