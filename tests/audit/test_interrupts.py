"""SIGINT and SIGTERM in an audit: the state is left so that the next run goes on, and nothing is bought twice."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Fault
from tests import warm
from tests.audit.commands import Command, commands
from tests.audit.whole_night import module
from tests.commands.runner import parse_outputs
from tests.forge.local_repository import Repository

OUTPUTS = {"verdict", "findings", "blocking", "cost-usd", "report", "state"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("endpoint", ["messages", "batches.create", "batches.results"])
def test_the_next_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], endpoint: str, number: signal.Signals
) -> None:
    Repository(tmp_path / "shop").commit({"m.py": module("m")})
    reached, armed = threading.Event(), True

    def silent(count: int, name: str, body: dict[str, Any]) -> Fault | None:
        if name != endpoint or not armed:
            return None
        reached.set()
        return Fault("timeout", seconds=20.0)

    with commands(tmp_path, capsys, faults=silent) as audit:
        command = "collect" if endpoint == "batches.results" else "submit"
        if command == "collect":
            assert audit("submit").code == 0
        process, outputs = start(audit, command)
        assert reached.wait(20)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
        armed = False
        written = parse_outputs(outputs.read_text())
        audit("submit")

    assert (process.returncode, set(written), written["state"]) == (130, OUTPUTS, "in-progress")
    assert b"Traceback" not in err


def start(audit: Command, command: str) -> "tuple[subprocess.Popen[bytes], Path]":
    outputs = audit.folder / "interrupted"
    words = ["--repo", str(audit.folder / "shop"), "--state", str(audit.folder / "audit.db")]
    env = {**os.environ, **audit.env, "GITHUB_OUTPUT": str(outputs)}
    line = [*warm.program(), "audit", command, *words]
    return subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE), outputs
