"""Runs ruff and shellcheck on text from standard input: no configuration is read, nothing of the text is executed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

SECONDS = 20


@cache
def located(tool: str) -> str | None:
    """Path of the tool: beside the running interpreter, else on PATH; None when it is not installed."""
    # Relative folders on the PATH would mean folders of the repository.
    folders = [Path(sys.executable).parent, *map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))]
    return shutil.which(tool, path=os.pathsep.join(str(folder) for folder in folders if folder.is_absolute()))


def ruff(text: str, codes: Sequence[str], name: str = "module.py") -> list[dict[str, Any]] | None:
    """Ruff's findings for Python text, None when ruff is missing or failed."""
    flags = [
        "--isolated",
        "--no-cache",
        "--quiet",
        "--target-version=py313",
        "--output-format=json",
        f"--select={','.join(codes)}",
    ]
    return _findings("ruff", ["check", *flags, f"--stdin-filename={name}", "-"], text)


def shellcheck(text: str, dialect: str) -> list[dict[str, Any]] | None:
    """Shellcheck's comments for a script, None when shellcheck is missing or failed."""
    return _findings("shellcheck", ["--norc", "--format=json1", f"--shell={dialect}", "-"], text)


def _findings(tool: str, arguments: list[str], text: str) -> list[dict[str, Any]] | None:
    path = located(tool)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *arguments],
            input=text.encode(errors="replace"),
            capture_output=True,
            timeout=SECONDS,
            env={},
            cwd=Path(path).anchor,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    findings = answer["comments"] if isinstance(answer, dict) else answer
    return findings if done.returncode in (0, 1) else None
