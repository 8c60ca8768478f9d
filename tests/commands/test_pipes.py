"""Standard streams that are closed, full or no longer read: the verdict stands, and what is missing is said."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from reviewer.simulator.sample import materialise


def test_a_reader_that_goes_away_leaves_the_exit_code(tmp_path):
    base, head = materialise(tmp_path / "shop")
    reading, writing = os.pipe()
    os.close(reading)
    range_ = ["--repo", str(tmp_path / "shop"), "--base", base, "--head", head]
    done = subprocess.run(
        [sys.executable, "-m", "reviewer", "diff", *range_, "--engine", "offline"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, "bug" in done.stderr) == (1, False)


def diff(folder: Path, redirection: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "reviewer", "diff", "--engine", "offline", *arguments]
    command = f"{shlex.join(words)} {redirection}"
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


PASSING = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n"


def test_a_reader_that_goes_away_does_not_fail_what_passes(tmp_path):
    (tmp_path / "a.diff").write_text(PASSING)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "reviewer", "diff", "--diff-file", "a.diff", "--engine", "offline"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_standard_output_is_told_and_takes_no_other_output_with_it(tmp_path):
    (tmp_path / "a.diff").write_text(PASSING)
    done = diff(tmp_path, ">/dev/full", "--diff-file", "a.diff", "--json", "r.json")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("reviewer: standard output could not be written: No space left")
    assert (tmp_path / "r.json").exists()


def test_a_closed_standard_input_is_no_diff(tmp_path):
    done = diff(tmp_path, "<&-", "--diff-file", "-")

    assert done.returncode == 2
    assert done.stderr == "reviewer: The diff - cannot be read: standard input is closed. Check --diff-file.\n"


def test_a_closed_standard_output_leaves_the_exit_code(tmp_path):
    base, head = materialise(tmp_path / "shop")
    command = (
        f"{shlex.quote(sys.executable)} -m reviewer diff --repo shop --base {base} --head {head} --engine offline >&-"
    )
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, "bug" in done.stderr) == (1, False)
