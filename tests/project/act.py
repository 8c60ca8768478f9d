"""Runs workflows on this machine, without containers: `act` is the runner, stand-ins replace GitHub's own actions."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "stand_ins"
ACT = Path(sys.executable).with_name("act")
_USES = re.compile(r"uses:\s*([\w.-]+/([\w.-]+))[\w./-]*@([\w.-]+)")
_OUTPUT = re.compile(r"::set-output:: ([\w-]+)=(.*)")
_IDENTITY = ("-c", "user.name=Tests", "-c", "user.email=tests@example.invalid")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: the exit code (1 when a job failed), the log, and every output that a step set (the last one wins)."""

    code: int
    log: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Runner:
    """A git repository (`origin`) and the machine that runs its workflows; caches live from run to run."""

    root: Path

    @property
    def origin(self) -> Path:
        """The repository whose workflows run; write files here, then commit()."""
        return self.root / "origin"

    @property
    def artifacts(self) -> Path:
        """Uploaded artifacts, one folder each."""
        return self.root / "artifacts"

    @property
    def caches(self) -> Path:
        """What cache/save kept, one archive a key."""
        return self.root / "caches"

    def commit(self) -> str:
        """Commit all of `origin`; the sha is what `github.sha` will be."""
        if not (self.origin / ".git").exists():
            self._git("init", "--quiet", "--initial-branch=main")
        self._git("add", "--all")
        self._git(*_IDENTITY, "commit", "--quiet", "--allow-empty", "--message=commit")
        return self._git("rev-parse", "HEAD")

    def add_project(self) -> None:
        """Put this project's action and workflows into `origin`, its dependencies into the runner's tool cache."""
        for name in ("action.yml", "locks", "reviewer", ".github"):
            source, target = PROJECT / name, self.origin / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        for lock in ("runtime", "offline"):
            digest = hashlib.sha256((PROJECT / f"locks/{lock}.txt").read_bytes()).hexdigest()[:20]
            installed = self.root / "act/tool_cache/reviewer" / f"{platform.python_version()}-{digest}"
            installed.parent.mkdir(parents=True, exist_ok=True)
            installed.symlink_to(sys.prefix, target_is_directory=True)

    def run(
        self,
        workflow: str,
        event: str,
        payload: Mapping[str, Any],
        *,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run one workflow of `origin`. Inputs of a workflow_dispatch belong into the payload, as on GitHub."""
        for left in self.root.glob("act/*/tmp"):  # GitHub's machines are new for every run; only caches last
            shutil.rmtree(left)
        (self.root / "event.json").write_text(json.dumps(payload))
        given = {
            "STAND_IN_ORIGIN": str(self.origin),
            "STAND_IN_PYTHON": sys.executable,
            "STAND_IN_CACHES": str(self.caches),
            "STAND_IN_ARTIFACTS": str(self.artifacts),
            **(env or {}),
        }
        command = [ACT, event, "--workflows", f".github/workflows/{workflow}", "--eventpath", self.root / "event.json"]
        command += ["--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server"]
        command += ["--action-cache-path", self.root / "act"]
        command += [part for name, value in given.items() for part in ("--env", f"{name}={value}")]
        command += [part for name, value in (secrets or {}).items() for part in ("--secret", f"{name}={value}")]
        command += [part for replaced in self._stand_ins() for part in ("--local-repository", replaced)]
        # A home of its own: neither settings nor credentials of the person who runs the tests come in.
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=self.origin, env=clean, stdout=-1, stderr=subprocess.STDOUT, text=True, timeout=120
        )
        return Outcome(done.returncode, done.stdout, dict(_OUTPUT.findall(done.stdout)))

    def _stand_ins(self) -> list[str]:
        files = [*self.origin.glob(".github/workflows/*.yml"), *self.origin.glob("action.yml")]
        used = {match for file in files for match in _USES.findall(file.read_text())}
        return sorted(
            f"{repository}@{ref}={STAND_INS / name}" for repository, name, ref in used if (STAND_INS / name).is_dir()
        )

    def _git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=self.origin, check=True, capture_output=True, text=True).stdout.strip()
