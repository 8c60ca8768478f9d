"""`reviewer diff` end to end, against a model with known answers."""

import subprocess
from pathlib import Path

import pytest

from reviewer.simulator import Behaviour
from tests.commands.runner import Runner, diff_arguments, simulated
from tests.known_answers import Change, KnownAnswers, make_change


def test_small_change_is_reviewed_in_one_pass_with_every_bug_on_its_line(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        ran = reviewer(*diff_arguments(small), **env)

    assert (ran.code, ran.report["verdict"], ran.report["strategy"]) == (1, "findings", "single")
    assert ran.found == small.real
    assert ran.of("refuted") == ["safe_0 swallows zero", "safe_1 swallows zero"]
    assert {made["kind"] for made in ran.report["passes"]} == {"single", "verify"}
    assert [file["reviewed"] for file in ran.report["files"]] == [True] * 12
    assert all(call.status == 200 for call in simulator.calls)


def test_model_with_wrong_lines_and_malformed_paths_still_hits_every_line(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted, distorted=True))) as (_, env):
        ran = reviewer(*diff_arguments(small), **env)

    assert (ran.code, ran.found) == (1, small.real)
    assert {f["severity"] for f in ran.report["findings"]} <= {"critical", "high", "medium"}


def test_a_dry_run_writes_the_page_that_was_asked_for(reviewer: Runner, small: Change) -> None:
    page, sarif = reviewer.folder / "plan.html", reviewer.folder / "plan.sarif"
    ran = reviewer(*diff_arguments(small), "--dry-run", "--html", str(page), "--sarif", str(sarif))

    assert ran.code == 0
    assert "Nothing was sent to a model, so there is no review." in page.read_text("utf-8")
    assert not sarif.exists()  # code scanning would close its alerts


def test_a_report_that_cannot_be_written_takes_no_other_with_it(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer(*diff_arguments(small), "--html", str(reviewer.folder), **env)

    assert ran.code == 2
    assert "The report could not be written to" in ran.err
    assert "14 findings at or above high must be looked at" in ran.out
    assert all(bug.path in ran.summary for bug in small.planted)


def test_a_summary_that_cannot_be_written_takes_no_outputs_with_it(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer(*diff_arguments(small), **env, GITHUB_STEP_SUMMARY=str(reviewer.folder / "none" / "summary"))

    assert ran.code == 2
    assert "The job summary could not be written to" in ran.err
    assert (ran.outputs["verdict"], ran.outputs["findings"], ran.outputs["blocking"]) == ("findings", "14", "14")
    assert float(ran.outputs["cost-usd"]) == float(ran.report["cost"]["usd"]) > 0


def test_a_mistyped_variable_is_told(reviewer: Runner, small: Change) -> None:
    ran = reviewer(*diff_arguments(small), "--dry-run", REVIEWER_FAIL_ONN="low", REVIEWER_FAIL_ON="low")

    told = "the variable REVIEWER_FAIL_ONN is none of Reviewer's settings, so it has no effect. Did you mean"
    assert (ran.code, ran.err.count(told)) == (0, 1)


def test_outputs_and_summary_of_the_job_are_written(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer(*diff_arguments(small), **env)

    cost = ran.outputs.pop("cost-usd")
    report = str(reviewer.folder / "report.json")
    assert ran.outputs == {"verdict": "findings", "findings": "14", "blocking": "14", "report": report}
    assert float(cost) == float(ran.report["cost"]["usd"]) > 0
    assert all(bug.path in ran.summary for bug in small.planted)


@pytest.mark.parametrize("source", ["file", "stdin", "program"])
def test_a_unified_diff_has_the_same_findings(reviewer: Runner, small: Change, tmp_path: Path, source: str) -> None:
    command = ["git", "-C", str(small.folder), "diff", f"{small.base}...{small.head}"]
    patch = subprocess.run(command, capture_output=True, check=True).stdout
    (tmp_path / "change.diff").write_bytes(patch)
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        if source == "file":
            ran = reviewer("diff", "--diff-file", str(tmp_path / "change.diff"), **env)
        else:
            run = reviewer if source == "stdin" else reviewer.program
            ran = run("diff", "--diff-file", "-", stdin=patch, **env)

    assert (ran.code, ran.found) == (1, small.real)


@pytest.mark.parametrize(("files", "strategy"), [(13, "single"), (14, "multi")])
def test_from_14_files_on_there_are_several_passes(reviewer: Runner, tmp_path: Path, files: int, strategy: str) -> None:
    change = make_change(tmp_path / "shop", files)
    with simulated(Behaviour(brain=KnownAnswers(change.planted))) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert (ran.report["strategy"], ran.found) == (strategy, change.real)


def test_files_are_counted_before_filters(reviewer: Runner, tmp_path: Path) -> None:
    locks = {f"web{n}/package-lock.json": "{}\n" for n in range(11)}
    change = make_change(tmp_path / "shop", 3, more=locks)
    with simulated(Behaviour(brain=KnownAnswers(change.planted))) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert (ran.report["strategy"], ran.found) == ("multi", change.real)
    assert ran.report["coverage"] == {"files_total": 14, "files_reviewed": 3, "files_skipped": 11, "units_failed": 0}
    reasons = {file["reason"] for file in ran.report["files"] if not file["reviewed"]}
    assert reasons == {"lock file"}


def test_huge_file_is_reviewed_in_chunks(reviewer: Runner, tmp_path: Path) -> None:
    change = make_change(
        tmp_path / "shop", 14, more={"shop/huge.py": "".join(f"line_{n} = {n}\n" for n in range(9000))}
    )
    with simulated(Behaviour(brain=KnownAnswers(change.planted))) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert len(ran.passes("chunk")) > 1
    assert {made["files"][0] for made in ran.passes("chunk")} == {"shop/huge.py"}
    assert ran.found == change.real
    assert ran.report["coverage"]["files_reviewed"] == 15


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_an_empty_diff_passes_and_is_called_empty(reviewer: Runner, more: list[str]) -> None:
    ran = reviewer("diff", "--diff-file", "-", "--engine", "offline", *more, stdin=b"")

    assert (ran.code, ran.report["coverage"]["files_total"]) == (0, 0)
    assert "The diff is empty: nothing was reviewed. A `git diff` that failed leaves the same" in " ".join(
        ran.out.split()
    )
    assert ran.report["notes"][0].startswith("The diff is empty: nothing was reviewed.")


@pytest.mark.parametrize(
    "more", [{}, {"poetry.lock": "a\n", "vendor/x.py": "b\n", "app.min.js": "c\n"}], ids=["empty", "all skipped"]
)
def test_nothing_to_review_passes_without_a_call(reviewer: Runner, tmp_path: Path, more: dict[str, str]) -> None:
    change = make_change(tmp_path / "shop", 0, more=more)
    with simulated(Behaviour()) as (simulator, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert (ran.code, ran.report["verdict"], simulator.calls) == (0, "pass", [])
    assert ran.report["coverage"]["files_skipped"] == len(more)
    assert all(file["reason"] for file in ran.report["files"])


def test_unreadable_file_makes_it_incomplete_and_the_others_are_reviewed(reviewer: Runner, small: Change) -> None:
    command = ["git", "-C", str(small.folder), "diff", f"{small.base}...{small.head}"]
    patch = subprocess.run(command, capture_output=True, check=True).stdout
    broken = b"diff --git a/bad.py b/bad.py\n--- a/bad.py\n+++ b/bad.py\n@@ -1,3 +1,9 @@\n one\n+two\n"
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer("diff", "--diff-file", "-", stdin=broken + patch, **env)

    assert (ran.code, ran.report["verdict"], ran.found) == (3, "incomplete", small.real)
    assert "bad.py could not be reviewed" in ran.because
    assert [file["path"] for file in ran.report["files"] if not file["reviewed"]] == ["bad.py"]
