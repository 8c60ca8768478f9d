"""`reviewer audit` as a job calls it, against the simulator."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reviewer import cli
from reviewer.guard.outgoing import protecting
from reviewer.simulator import Behaviour, Simulator
from tests.audit.whole_night import Auditor, module
from tests.commands.runner import parse_outputs
from tests.forge.local_repository import Repository

FILES = {f"shop/m{n}.py": module(f"n{n}") for n in range(4)} | {"README.md": b"A shop.\n"}


@dataclass(frozen=True)
class Ran:
    code: int
    err: str
    out: str
    outputs: Mapping[str, str]
    json: Mapping[str, Any]


class Command:
    """Runs `reviewer audit` in this process, with a job's environment."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], env: Mapping[str, str]) -> None:
        self.folder, self.env, self._capsys = folder, env, capsys
        self.interim: Mapping[str, Any] = {}

    def __call__(self, name: str, *arguments: str, **env: str) -> Ran:
        report, outputs = self.folder / "report.json", self.folder / "outputs"
        for path in (report, outputs):
            path.unlink(missing_ok=True)
        more = [*arguments, "--repo", str(self.folder / "shop"), "--state", str(self.folder / "audit.db")]
        with pytest.MonkeyPatch.context() as patch, protecting():
            for key, value in {"GITHUB_OUTPUT": str(outputs), **self.env, **env}.items():
                patch.setenv(key, value)
            words = ["audit", name, *more, "--json", str(report)]
            code = cli.guarded(lambda: cli._dispatch(words), verbose=True)
        out, err = self._capsys.readouterr()
        written = json.loads(report.read_text()) if report.exists() else {}
        return Ran(code, err, out, parse_outputs(outputs.read_text()) if outputs.exists() else {}, written)

    def collected(self, *arguments: str, **env: str) -> Ran:
        """Collect until the audit has ended."""
        until = time.monotonic() + 60
        while (ran := self("collect", *arguments, **env)).outputs["state"] == "in-progress":
            self.interim = ran.json or self.interim
            assert time.monotonic() < until, ran.err
            time.sleep(0.02)
        return ran


@contextmanager
def commands(folder: Path, capsys: pytest.CaptureFixture[str], **behaviour: Any) -> Iterator[Command]:
    with Simulator(Behaviour(**{"brain": Auditor(), **behaviour})) as simulator:
        yield Command(folder, capsys, {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": "sk-test"})


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(FILES)
    return made
