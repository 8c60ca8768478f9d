"""Runs the real command line: in this process, or as the program that users start."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewer import cli
from reviewer.guard.outgoing import protecting
from reviewer.simulator import Behaviour, Simulator
from tests import warm
from tests.known_answers import Change

SCHEMA = json.loads((Path(cli.__file__).parent / "publish" / "report.schema.json").read_text())
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@dataclass(frozen=True)
class Ran:
    """What came of one run. `report` is the JSON, checked against its schema; empty where none was written."""

    code: int
    out: str
    err: str
    report: Mapping[str, Any]
    outputs: dict[str, str]
    summary: str

    @property
    def found(self) -> list[tuple[str, int, str]]:
        """Path, line and title of the findings that count and stand on a line of their own, sorted."""
        counting = [f for f in self.report["findings"] if f["disposition"] in ("summary", "posted")]
        return sorted((f["path"], f["start_line"], f["title"]) for f in counting if f["anchor"] == "line")

    def of(self, disposition: str) -> list[str]:
        """Titles of the findings with this disposition, sorted."""
        return sorted(f["title"] for f in self.report["findings"] if f["disposition"] == disposition)

    def passes(self, *kinds: str) -> list[Mapping[str, Any]]:
        """The passes of these kinds."""
        return [made for made in self.report["passes"] if made["kind"] in kinds]

    @property
    def because(self) -> str:
        """Why the review is incomplete, all reasons in one text."""
        return "\n".join(self.report["incomplete_because"])


class Runner:
    """Runs `reviewer` with a job's environment in `folder`, where all outputs go."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.env = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "step-summary.md")}

    def __call__(self, *arguments: str, stdin: bytes = b"", **env: str) -> Ran:
        """In this process, which has the SDK loaded already."""
        self._clear()
        with pytest.MonkeyPatch.context() as patch, protecting():
            for name, value in {**self.env, **env}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(cli, "_STARTED", time.monotonic())
            words = self._with_json(arguments)
            code = cli.guarded(lambda: cli._dispatch(words), verbose=True)
        out, err = self._capsys.readouterr()
        return self._ran(code, out, err)

    def program(self, *arguments: str, stdin: bytes = b"", **env: str) -> Ran:
        """As a process of its own."""
        self._clear()
        process = self.start(*arguments, cold=True, **env)
        out, err = process.communicate(stdin, timeout=60)
        return self.ended(process, out, err)

    def start(self, *arguments: str, cold: bool = False, **env: str) -> "subprocess.Popen[bytes]":
        """Start a process of its own. `cold`: with all its imports before it."""
        program = (sys.executable, "-m", "reviewer") if cold else warm.program()
        command = [*program, *self._with_json(arguments)]
        environment = {**os.environ, **self.env, **env}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)

    def ended(self, process: "subprocess.Popen[bytes]", out: bytes, err: bytes) -> Ran:
        return self._ran(process.returncode, out.decode(), err.decode())

    def _with_json(self, arguments: Sequence[str]) -> list[str]:
        return [*arguments, "--json", str(self.folder / "report.json")]

    def _clear(self) -> None:
        for name in ("report.json", "output", "step-summary.md"):
            (self.folder / name).unlink(missing_ok=True)

    def _ran(self, code: int, out: str, err: str) -> Ran:
        out = _as_logged(out)
        report = json.loads(self._read("report.json") or "{}")
        if report:
            _VALIDATOR.validate(report)
        return Ran(code, out, err, report, parse_outputs(self._read("output")), self._read("step-summary.md"))

    def _read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


def _as_logged(out: str) -> str:
    """What the log shows: the runner takes the commands that name secrets for itself."""
    return "".join(line for line in out.splitlines(keepends=True) if not line.startswith("::add-mask::"))


def parse_outputs(text: str) -> dict[str, str]:
    """A GITHUB_OUTPUT file, read as the runner reads it."""
    lines, values = iter(text.splitlines()), dict[str, str]()
    for line in lines:
        name, _, delimiter = line.partition("<<")
        if delimiter:
            values[name] = "\n".join(iter(lambda: next(lines), delimiter))
        else:
            name, _, values[name] = line.partition("=")
    return values


@contextmanager
def simulated(behaviour: Behaviour) -> Iterator[tuple[Simulator, dict[str, str]]]:
    """A simulated API, and the environment that leads to it."""
    with Simulator(behaviour) as simulator:
        yield simulator, {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": "sk-test"}
        assert simulator.failures == []


def diff_arguments(change: Change) -> list[str]:
    """`reviewer diff` on a change."""
    return ["diff", "--repo", str(change.folder), "--base", change.base, "--head", change.head]
