"""`python -m tests.fuzz --seconds N [target ...]`: fuzz each target for its share of the time; exit 1 on a crash.

Coverage leads the way, so this needs atheris (`make fuzz` installs it). What was found interesting stays in
build/fuzz/TARGET, from which the next run goes on; an input that fails is written to build/fuzz/crash-TARGET-*.
"""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.fuzz.seeds import SEEDS

_STATUS = re.compile(r"cov: (\d+) .*?corp: (\d+)/")
_EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")
_LONGEST = 4096
_HANG = 30
"""Seconds that one input may take, instrumented."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What became of one target."""

    target: str
    executions: int
    coverage: tuple[int, int]
    corpus: tuple[int, int]
    crashes: tuple[Path, ...]
    log: str

    def __str__(self) -> str:
        (first, last), (few, many) = self.coverage, self.corpus
        state = f"CRASHED: {', '.join(map(str, self.crashes))}" if self.crashes else "no crash"
        grown = f"coverage {first} -> {last}  corpus {few} -> {many}"
        return f"{self.target:<14} {self.executions:>9,} executions  {grown}  {state}"


def fuzz(target: str, seconds: int, folder: Path) -> Fuzzed:
    """Run one target in a process of its own for `seconds`."""
    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS[target]:
        (corpus / f"seed-{sha256(seed).hexdigest()[:12]}").write_bytes(seed)
    before = set(folder.glob(f"crash-{target}-*"))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.one", target, str(corpus)),
            *(f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={_HANG}", "-rss_limit_mb=2048"),
            *("-print_final_stats=1", f"-artifact_prefix={folder}/crash-{target}-"),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    log = done.stdout + done.stderr
    found = [(int(coverage), int(size)) for coverage, size in _STATUS.findall(log)] or [(0, 0)]
    executed = _EXECUTED.search(log)
    crashes = tuple(sorted(set(folder.glob(f"crash-{target}-*")) - before))
    if done.returncode and not crashes:
        crashes = (corpus,)  # it did not even start, or fell over a seed that libFuzzer does not copy
    return Fuzzed(
        target,
        int(executed[1]) if executed else 0,
        (found[0][0], found[-1][0]),
        (found[0][1], found[-1][1]),
        crashes,
        log,
    )


def main() -> int:
    """Fuzz what was asked for, print a line each, and say how it ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(SEEDS))
    given = parser.parse_args()
    unknown = set(given.targets) - set(SEEDS)
    if unknown:
        parser.error(f"unknown target {min(unknown)}; there are {', '.join(SEEDS)}")
    targets = given.targets or list(SEEDS)
    ended = []
    for target in targets:
        ended.append(fuzz(target, max(1, given.seconds // len(targets)), given.folder))
        print(ended[-1], flush=True)
        if ended[-1].crashes:
            print("\n".join(ended[-1].log.splitlines()[-40:]), flush=True)
    executions, crashed = sum(each.executions for each in ended), sum(bool(each.crashes) for each in ended)
    print(f"{executions:,} executions over {len(ended)} targets, {crashed} with a crash")
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
