"""3,000 files and 300,000 lines: peak memory, and the time that is not the API's; 500 files: coverage."""

import json
import resource
import subprocess
import sys
import time

from benchmarks.running import table


def main() -> None:
    """The review runs in a process of its own, so that its peak is its own; so does the simulator."""
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.fast_server"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        large, small = _measure(base_url, 3_000), _measure(base_url, 500)
    finally:
        server.terminate()
    table(
        "Large pull requests",
        [
            ("peak memory, 3,000 files and 300,000 lines (MB)", f"{large['peak_mb']:.0f}", "< 600"),
            ("seconds of our own CPU, 3,000 files, a finding in every fifth", f"{large['cpu']:.1f}", "< 20"),
            ("files reviewed or named as skipped, 500 files", f"{small['accounted']:.0%}", "100 %"),
            ("known findings on their exact line, 3,000 files", f"{large['found']:.0%}", "100 %"),
        ],
    )


def _measure(base_url: str, files: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", base_url, str(files)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _child(base_url: str, files: int) -> None:
    from benchmarks.material import change_set, planted
    from benchmarks.running import review
    from reviewer.model.client import load_sdk

    changes = change_set(files, 100, every=5)
    wanted = set(planted(changes))
    load_sdk()
    started = time.process_time()
    run = review(changes, base_url)
    found = {(finding.anchor.path, finding.anchor.start_line) for finding in run.outcome.findings if finding.counts}
    print(
        json.dumps(
            {
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                # What is not the API's can take no longer than this process works. The simulator, on the same two
                # cores, takes as much again, which on a wall clock would pass for ours.
                "cpu": time.process_time() - started,
                "accounted": 1 - len(run.outcome.failed_paths) / files,
                "found": len(found & wanted) / len(wanted),
            }
        )
    )


if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2]))
