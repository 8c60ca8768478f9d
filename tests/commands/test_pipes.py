"""A reader that goes away early changes nothing about the verdict."""

import os
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
