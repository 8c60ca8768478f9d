"""Start-up, against a bare interpreter in the same run."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.running import table
from reviewer.simulator.sample import materialise


def main() -> None:
    """The fastest of seven runs each: what the machine can do when nothing else disturbs it."""
    with tempfile.TemporaryDirectory() as folder:
        base, head = materialise(Path(folder))
        dry = ["diff", "--dry-run", "--repo", folder, "--base", base, "--head", head]
        bare = _fastest([sys.executable, "-c", "pass"])
        version = _fastest([sys.executable, "-m", "reviewer", "--version"])
        plan = _fastest([sys.executable, "-m", "reviewer", *dry])
    table(
        f"Start-up (a bare interpreter: {bare:.3f} s)",
        [
            ("reviewer --version (s)", f"{version:.3f}", "<= 0.3"),
            ("reviewer diff --dry-run, 16 files (s)", f"{plan:.3f}", "<= 0.6"),
        ],
    )


def _fastest(command: list[str]) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return min(times)
