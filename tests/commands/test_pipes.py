"""A reader that goes away early, or was never there, changes nothing about the verdict."""

import os
import shlex
import subprocess
import sys

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


def test_a_closed_standard_output_leaves_the_exit_code(tmp_path):
    base, head = materialise(tmp_path / "shop")
    command = (
        f"{shlex.quote(sys.executable)} -m reviewer diff --repo shop --base {base} --head {head} --engine offline >&-"
    )
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, "bug" in done.stderr) == (1, False)
