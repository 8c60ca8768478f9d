"""Every command in the pages works: it is run as it stands, in a shell, or its reason not to be is given here.

Commands are the `$ ` lines of blocks marked `console`; lines below one are what it prints, `…` standing for anything.
They run in a small repository, against the simulated API and a GitHub on loopback. A review may end with 0 or 1.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from reviewer.commands.app import build_app
from reviewer.simulator import Simulator
from tests import warm
from tests.fakes.github import FakeGitHub
from tests.project.act import PROJECT
from tests.project.pages import PAGES, blocks, read, spans

NOT_RUN = {
    "git clone ": "needs the network",
    "pip install ": "needs the network",
    "docker ": "needs a container engine; ci.yml builds the image and runs the demo in it",
    "gh ": "needs an account on GitHub",
    "make ": "takes minutes, or would start these tests again; shown to make instead, which must know it",
    "python -m benchmarks": "takes a minute and an idle machine; its names are checked",
    "export ": "changes the reader's own shell",
}
_SHELLS = {"sh", "bash", "shell", ""}
_LOOKS_RUN = re.compile(r"^\s*(?:\$ )?(?:reviewer|make|git|gh|docker|pip|python|\.venv/bin/\w+) [\w-]", re.MULTILINE)
SHOP = {
    "shop/cart.py": "def total(prices):\n    return sum(prices)\n",
    "shop/pay.py": "from shop.cart import total\n\n\ndef charge(prices):\n    return total(prices)\n",
}
CHANGE = {"shop/pay.py": "import requests\n\n\ndef charge(prices):\n    requests.post('https://pay.example', prices)\n"}


@dataclass(frozen=True)
class Command:
    """One command of a page, and what the page says that it prints."""

    text: str
    printed: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why it is not run; empty where it is."""
        return next((why for start, why in NOT_RUN.items() if self.text.startswith(start)), "")


def commands(page: Path) -> list[Command]:
    found: list[Command] = []
    for block in blocks(page):
        if block.language == "console":
            parts = re.split(r"^\$ ", block.text.replace("\\\n", ""), flags=re.MULTILINE)
            assert not parts[0].strip(), f"{page.name}: a console block begins with a command"
            for command, *printed in (part.splitlines() for part in parts[1:]):
                found.append(Command(command.strip(), tuple(line for line in printed if line.strip())))
    return found


WITH_COMMANDS = pytest.mark.parametrize(
    "page", [page for page in PAGES if commands(page)], ids=lambda page: page.relative_to(PROJECT).as_posix()
)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a reader: `reviewer` on the path, keys set, in a repository with an open pull request."""
    program = tmp_path / "bin/reviewer"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(warm.program())} "$@"\n')
    program.chmod(0o755)
    repository = tmp_path / "shop"
    base, head = make_shop(repository)
    with Simulator() as simulator, FakeGitHub() as hub:
        hub.repository("octo/shop").pull_request(
            git_dir=repository, base_sha=base, head_sha=head, number=7, title="Pay", author="mona"
        )
        yield {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "ANTHROPIC_API_KEY": "sk-test",
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "GITHUB_TOKEN": hub.token,
            "GITHUB_API_URL": hub.api_url,
            "GITHUB_GRAPHQL_URL": hub.graphql_url,
            "GITHUB_REPOSITORY": "octo/shop",
        }


def make_shop(folder: Path) -> tuple[str, str]:
    """main with the audit's workflow, and the branch `feature`, checked out."""
    workflow = {".github/workflows/audit.yml": read(PROJECT / "examples/audit.yml")}

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        return subprocess.run(
            ["git", *identity, *arguments], cwd=folder, capture_output=True, check=True, text=True
        ).stdout.strip()

    def commit(files: dict[str, str]) -> str:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--message=A change")
        return git("rev-parse", "HEAD")

    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    base = commit({**SHOP, **workflow})
    git("tag", "v1.2")
    git("checkout", "--quiet", "-b", "feature")
    head = commit(CHANGE)
    git("tag", "v1.3")
    return base, head


@WITH_COMMANDS
def test_commands_work_as_they_stand(page: Path, shell: dict[str, str], tmp_path: Path) -> None:
    for command in commands(page):
        if not command.reason:
            run(command, shell, tmp_path / "shop")


def run(command: Command, env: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.text],
        cwd=folder, env=env, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = f"$ {command.text}\n{done.stdout}{done.stderr}"
    assert done.returncode in ((0, 1) if "reviewer" in command.text else (0,)), said
    missing = [line for line in command.printed if not _as_pattern(line).search(done.stdout + done.stderr)]
    assert missing == [], said


def _as_pattern(line: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word).replace("…", ".*") for word in line.split()))


@WITH_COMMANDS
def test_make_and_the_benchmarks_know_what_they_are_asked_for(page: Path) -> None:
    benchmarks = set(re.findall(r'"(\w+)": ', read(PROJECT / "benchmarks/__main__.py")))
    for command in commands(page):
        if command.text.startswith("make "):
            words = [*command.text.partition("#")[0].split(), "--dry-run"]
            done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        if command.text.startswith("python -m benchmarks"):
            assert set(command.text.partition("#")[0].split()[3:]) <= benchmarks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_no_command_hides_in_another_kind_of_block(page: Path) -> None:
    others = [block for block in blocks(page) if block.language in _SHELLS]

    assert [block.text for block in others if _LOOKS_RUN.search(block.text)] == []


def test_each_reason_not_to_run_is_needed() -> None:
    texts = [command.text for page in PAGES for command in commands(page)]

    assert [start for start in NOT_RUN if not any(text.startswith(start) for text in texts)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_commands_within_sentences_exist(page: Path) -> None:
    unknown = [problem for span in spans(page) if span.startswith("reviewer ") for problem in problems_of(span)]

    assert unknown == []


def problems_of(span: str) -> list[str]:
    """Sub-commands and options of `reviewer …` that there are none of."""
    words = [word for word in span.split()[1:] if not word.startswith(("…", "·"))]
    command = typer.main.get_command(build_app(0.0, {}))
    problems: list[str] = []
    for word in words:
        name = word.partition("=")[0]
        children = getattr(command, "commands", None)
        if children is not None and not word.startswith("-"):
            if name not in children:
                return [f"{span}: {name}"]
            command = children[name]
        elif word.startswith("--") and name != "--help":
            known = {option for parameter in command.params for option in parameter.opts}
            problems += [] if name in known else [f"{span}: {name}"]
    return problems
