"""SIGINT and SIGTERM as Actions sends them: the run ends at once, says what it cost, and the next one goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Answer, Behaviour, Simulator
from tests.commands.runner import Ran, Runner
from tests.commands.shop import NUMBER, Job
from tests.fakes.github import FakeGitHub, Fault, git_history
from tests.github.stage import MarkedBugs, code
from tests.known_answers import read_prompt

SILENT = 30.0
PATIENCE = 20.0
SIGNALS = [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGTERM], [signal.SIGINT, signal.SIGINT]]
OUTPUTS = {"verdict", "findings", "blocking", "cost-usd", "report"}


class Gate:
    """A brain that answers until the questions of one kind come; there it waits until the run has ended."""

    def __init__(self, kind: str) -> None:
        self.kind, self.reached, self.open = kind, threading.Event(), threading.Event()
        self.asked = 0

    def __call__(self, body: dict[str, Any]) -> Answer:
        prompt = read_prompt(body)
        kind = "verify" if prompt.is_verification else "integration" if prompt.is_integration else "review"
        self.asked += kind == self.kind
        if kind == self.kind and (kind != "review" or self.asked == 2):
            time.sleep(0.1)  # the first file's answer arrives
            self.reached.set()
            self.open.wait(PATIENCE)
        return MarkedBugs()(body)


@contextmanager
def pull(folder: Path, brain: Any) -> Iterator[tuple[Job, Simulator, dict[str, str]]]:
    files = {"a.py": code("high: Wrong sum"), "b.py": code("low: Odd name")}
    base, head = git_history(folder / "git", {"a.py": code(), "b.py": code()}, files)
    with FakeGitHub() as hub, Simulator(Behaviour(brain=brain)) as api:
        made = hub.repository("octo/shop").pull_request(
            number=NUMBER, git_dir=folder / "git", base_sha=base, head_sha=head
        )
        (folder / "job").mkdir()
        job = Job(hub, made, folder / "job")
        yield job, api, {**job.env(), "ANTHROPIC_BASE_URL": api.base_url, "ANTHROPIC_API_KEY": "sk-test"}


def interrupted(
    reviewer: Runner, signals: Sequence[int], reached: Any, env: dict[str, str], cache: Path, *, cold: bool = False
) -> Ran:
    """Start the program, wait until it is there, send the signals, and see it end within seconds."""
    process = reviewer.start("pr", "--multi-pass-at", "2", "--cache-dir", str(cache), cold=cold, **env)
    until = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    began = time.monotonic()
    for number in signals:
        process.send_signal(number)
        time.sleep(0.03)
    ran = reviewer.ended(process, *process.communicate(timeout=PATIENCE))
    assert time.monotonic() - began < 7.0 + _slowness()
    assert ran.code == 130
    assert "Traceback" not in ran.out + ran.err
    assert set(ran.outputs) == OUTPUTS
    assert ran.outputs["verdict"] == "incomplete"
    return ran


def _slowness() -> float:
    """Seconds that a busy machine may take longer."""
    return max(0.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1.0)


@pytest.mark.parametrize("signals", SIGNALS, ids=lambda each: "-".join(one.name for one in each))
@pytest.mark.parametrize("kind", ["review", "integration", "verify"])
def test_in_the_passes(reviewer: Runner, tmp_path: Path, kind: str, signals: Sequence[signal.Signals]) -> None:
    gate = Gate(kind)
    with pull(tmp_path, gate) as (job, _, env):
        ran = interrupted(reviewer, signals, gate.reached.is_set, env, tmp_path / "cache")
        gate.open.set()
        paid = sum(made["outcome"] == "answered" for made in ran.report["passes"])
        again = reviewer("pr", "--multi-pass-at", "2", "--cache-dir", str(tmp_path / "cache"), **env)

    assert paid >= 1
    assert float(ran.outputs["cost-usd"]) == float(ran.report["cost"]["usd"]) > 0
    assert "The run was interrupted" in ran.because
    assert job.pull.reviews != []
    assert again.code == 1
    assert sum(made["outcome"] == "memo" for made in again.report["passes"]) >= paid
    assert (len(job.pull.reviews), len(job.pull.comments), len(job.pull.issue_comments)) == (1, 2, 1)


@pytest.mark.parametrize("kind", ["review", "integration"])
def test_in_a_merge_group(reviewer: Runner, tmp_path: Path, kind: str) -> None:
    gate = Gate(kind)
    with pull(tmp_path, gate) as (job, _, env):
        group = job.hub.event("merge_group", pr=job.pull)["merge_group"] | {"head_sha": job.pull.head_sha}
        env |= job.env("merge_group", merge_group=group)
        ran = interrupted(reviewer, [signal.SIGTERM], gate.reached.is_set, env, tmp_path / "cache")
        gate.open.set()

    assert "The run was interrupted" in ran.because
    assert [file["reviewed"] for file in ran.report["files"]].count(False) == (1 if kind == "review" else 0)


EARLY = """
import os, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), int(sys.argv[2]))

sys.meta_path.insert(0, Interrupting())
from reviewer.cli import main
main(["diff", "--diff-file", "-"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["reviewer.publish.streams", "typer", "reviewer.commands.app"])
def test_while_the_program_is_loaded(module: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", EARLY, module, str(int(number))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (130, "reviewer: interrupted; nothing more was sent or posted.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("method", "path", "stands"),
    [("POST", "/pulls/7/reviews$", 0), ("POST", "/issues/7/comments$", 1)],
    ids=["before the review", "between review and summary"],
)
def test_in_posting(
    reviewer: Runner, tmp_path: Path, method: str, path: str, stands: int, number: signal.Signals
) -> None:
    with pull(tmp_path, MarkedBugs()) as (job, api, env):
        job.hub.fail(Fault.timeout(SILENT, method=method, path=path, times=1))
        ran = interrupted(reviewer, [number], lambda: job.hub.sent(method, path.rstrip("$")), env, tmp_path / "cache")
        assert (len(job.pull.reviews), job.pull.issue_comments) == (stands, [])
        asked = len(api.calls)
        saved = tmp_path / "saved.json"
        saved.write_text(json.dumps(ran.report))
        posted = reviewer("pr", "--post-only", str(saved), "--multi-pass-at", "2", **env)
        again = reviewer("pr", "--multi-pass-at", "2", **env)

        assert (posted.code, again.code, len(api.calls)) == (1, 1, asked)
        assert (len(job.pull.reviews), len(job.pull.comments), len(job.pull.issue_comments)) == (1, 2, 1)
    assert float(ran.outputs["cost-usd"]) > 0
    assert ran.report["incomplete_because"][0].startswith("The review could not be posted: the run was interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_reading_from_github(reviewer: Runner, tmp_path: Path, number: signal.Signals) -> None:
    with pull(tmp_path, MarkedBugs()) as (job, _, env):
        job.hub.fail(Fault.timeout(SILENT, method="GET", path="/files$", times=1))
        # Imports may still be running then.
        reached = partial(job.hub.sent, "GET", "/files")
        ran = interrupted(reviewer, [number], reached, env, tmp_path / "cache", cold=True)
        assert reviewer("pr", **env).code == 1

    assert (ran.report, ran.outputs["cost-usd"]) == ({}, "0.000000")
    assert "interrupted" in ran.err
