"""The targets without atheris: over their seeds, over what hypothesis makes of them, and the runner's words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import Fuzzed
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS
from tests.guard.hostile import hostile_text

EXAMPLES = {"linear": 4}
_SLOW_TARGET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def test_every_target_has_seeds():
    assert set(SEEDS) == set(TARGETS)
    assert all(SEEDS.values())


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds_over_its_seeds(target):
    for seed in [*SEEDS[target], b"", b"\0" * 100, b"\xff\xfe" * 50, b"[" * 5000, b"\n" * 1000]:
        TARGETS[target](seed)


def _mutated(target: str) -> st.SearchStrategy[bytes]:
    """A seed with a part of it taken out or written over."""
    anything = st.one_of(st.binary(max_size=20), hostile_text.map(lambda text: text.encode("utf-8", "replace")))
    return st.builds(
        lambda seed, at, length, put: seed[: at % (len(seed) + 1)] + put + seed[at % (len(seed) + 1) + length :],
        st.sampled_from([seed[:4000] for seed in SEEDS[target]]),
        st.integers(0, 4000),
        st.integers(0, 30),
        anything,
    )


@pytest.mark.hypothesis
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds_over_mutations(target):
    @settings(max_examples=EXAMPLES.get(target, 200), deadline=None, database=None, suppress_health_check=_SLOW_TARGET)
    @given(_mutated(target))
    def check(data: bytes) -> None:
        TARGETS[target](data)

    check()


def test_an_unknown_target_is_refused_with_the_known_ones(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--folder", str(tmp_path), "nonsense"],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "unknown target nonsense; there are patch, anchoring," in done.stderr


def test_a_line_tells_executions_growth_and_the_crashing_input():
    fine = Fuzzed("patch", 12345, (10, 20), (3, 9), (), "")
    assert str(fine) == "patch             12,345 executions  coverage 10 -> 20  corpus 3 -> 9  no crash"
    crashed = Fuzzed("patch", 7, (1, 1), (1, 1), (Path("build/fuzz/crash-patch-1"),), "")
    assert str(crashed).endswith("CRASHED: build/fuzz/crash-patch-1")
