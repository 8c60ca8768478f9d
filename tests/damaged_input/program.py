"""The program as a process of its own, with bounds on memory and time that end it."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60
"""Seconds after which a run counts as hung; each takes one or two on an idle machine."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    def refused(self, code: int = 2) -> str:
        """The message of a run that ended as it should: no traceback, no bug, one message."""
        assert self.code == code, self.err
        assert "Traceback" not in self.out + self.err
        assert "a bug in Reviewer" not in self.err
        return self.err


def reviewer(
    *arguments: str, env: Mapping[str, str] | None = None, given: bytes = b"", memory: int = 0, cwd: Path | None = None
) -> Ended:
    """Run `reviewer`; `memory` is a limit of its address space in MB."""

    def bound() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))

    done = subprocess.run(
        [sys.executable, "-m", "reviewer", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "PYTHONPATH": os.pathsep.join(sys.path),
            **(env or {}),
        },
        input=given,
        capture_output=True,
        cwd=cwd,
        timeout=PATIENCE,
        preexec_fn=bound,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
