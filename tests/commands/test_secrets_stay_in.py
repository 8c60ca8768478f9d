"""Keys of the environment leave the process in no form and by no way, whatever a model or a file says."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from reviewer.simulator.sample import materialise
from tests.commands.runner import Runner
from tests.github.stage import MarkedBugs, Stage, code, stage

KEY = "sk-ant-api03-q7Zp+Vx2/Lw9=Kd4-Tn8_Rb6mYc5Hj3gFs1"
PASSWORD = "Wq3/zT9+uX5=vB7nM2%tR8"
HOOK = "nightly-9f8e7d6c5b4a3210"
ENV = {
    "ANTHROPIC_API_KEY": KEY,
    "DEPLOY_PASSWORD": PASSWORD,
    "STATUS_PROXY": f"https://ci:{HOOK}@status.test/x",
}


def forms(secret: str) -> list[str]:
    data = secret.encode()
    return [
        secret,
        base64.b64encode(data).decode(),
        base64.b64encode(b"x" + data).decode(),
        data.hex(),
        quote(secret, safe=""),
        secret[::-1],
        " ".join(secret),
        secret.upper(),
    ]


ALL = [form for secret in (KEY, PASSWORD, HOOK) for form in forms(secret)]
WORDS = " and ".join(ALL)


def bare(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


RUNS = {form: {bare(form)[at : at + 14] for at in range(len(bare(form)) - 13)} for form in ALL}


def leaks(text: str) -> set[str]:
    """Forms of which any 14 letters and digits in a row are in a text, whatever signs, colours, line ends between."""
    seen = bare(text) + " " + bare(re.sub(r"\\[nrt]|\x1b\[[\d;]*m", "", text))
    return {form for form, runs in RUNS.items() if any(run in seen for run in runs)}


@pytest.mark.parametrize("form", ALL)
def test_the_search_finds_each_form(form: str) -> None:
    assert form in leaks(f"x{form}y")
    assert form in leaks(json.dumps("\n".join(form)))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "run").mkdir()
    runner = Runner(folder / "run", None)  # type: ignore[arg-type]  # only programs are run
    after = code(f"high: Leaks {KEY}", f"low: Also {WORDS}") + f"# {WORDS}\n"
    words = f"It holds {WORDS}.\n\n```\n{WORDS}\n```\n" + "x" * 1930 + KEY
    brain = MarkedBugs(words=words, proposals={f"Leaks {KEY}": (f"x = '{HOOK}'", 1)})
    with stage(runner, folder, {"a.py": code()}, {"a.py": after}, brain=brain, title=f"Use {KEY}", body=WORDS) as made:
        yield made


@pytest.fixture(scope="module")
def ways(opened: Stage) -> dict[str, str]:
    """Everything that left a whole run of `reviewer pr`, by the way it went."""
    runner, folder = opened.reviewer, opened.reviewer.folder
    env = {**opened.job.env("pull_request"), **opened.api_env, **ENV, "ANTHROPIC_LOG": "debug"}
    flags = ["--verbose", "--sarif", str(folder / "sarif"), "--html", str(folder / "html")]
    process = runner.start("pr", *flags, cold=True, **env)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err.decode()
    lines = out.decode().splitlines(keepends=True)
    return {
        "masks": "".join(line for line in lines if line.startswith("::add-mask::")),
        "standard output": "".join(line for line in lines if not line.startswith("::add-mask::")),
        "standard error": err.decode(),
        "json": (folder / "report.json").read_text(),
        "sarif": (folder / "sarif").read_text(),
        "html": (folder / "html").read_text(),
        "summary": (folder / "step-summary.md").read_text(),
        "outputs": (folder / "output").read_text(),
        "GitHub": "\n".join(f"{record.path} {json.dumps(record.body)}" for record in opened.job.hub.requests),
        "model": "\n".join(json.dumps(call.body) for call in opened.api.calls),
    }


@pytest.mark.parametrize(
    "way", ["standard output", "standard error", "json", "sarif", "html", "summary", "outputs", "GitHub", "model"]
)
def test_no_secret_leaves(ways: dict[str, str], way: str) -> None:
    assert leaks(ways[way]) == set()


def test_the_run_had_them_to_tell(ways: dict[str, str], opened: Stage) -> None:
    for way in ("standard output", "json", "sarif", "html", "summary", "GitHub", "model"):
        assert "redacted" in ways[way], way
    assert "DEBUG" in ways["standard error"]
    assert opened.posted
    assert json.loads(ways["json"])["verdict"] == "findings"
    json.loads(ways["sarif"])


def test_the_runner_is_told_to_hide_them_before_anything_else(ways: dict[str, str]) -> None:
    masked = {line.removeprefix("::add-mask::").replace("%25", "%") for line in ways["masks"].splitlines()}
    assert {KEY, PASSWORD, HOOK} <= masked


def test_nothing_is_masked_outside_of_actions(tmp_path: Path) -> None:
    done = program(["diff", "--repo", str(tmp_path)], ENV)
    assert (done.returncode, "add-mask" in done.stdout) == (2, False)


def program(arguments: list[str], env: dict[str, str], code: str = "") -> "subprocess.CompletedProcess[str]":
    started = ["-c", code] if code else ["-m", "reviewer"]
    return subprocess.run(
        [sys.executable, *started, *arguments], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def test_children_get_no_secret_and_nothing_else_of_the_environment(tmp_path: Path) -> None:
    """A git in front of the real one writes its environment down."""
    base, head = materialise(tmp_path / "shop")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\nenv >> {tmp_path}/seen\nexec {shutil.which("git")} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    given = {**ENV, "GIT_TRACE": "1", "GIT_EXTERNAL_DIFF": "/bin/false", "LD_LIBRARY_PATH": "/x", "MARK": "here"}
    path = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    arguments = ["--repo", str(tmp_path / "shop"), "--base", base, "--head", head, "--engine", "offline"]
    done = program(["diff", *arguments], given | path)

    assert done.returncode == 1, done.stderr
    seen = (tmp_path / "seen").read_text()
    names = {line.partition("=")[0] for line in seen.splitlines()}
    fixed = {name for name in names if name.startswith("GIT_")}
    assert names - fixed - {"PWD", "_", "SHLVL", "OLDPWD"} == {"PATH", "HOME", "LC_ALL"}
    assert not fixed & {"GIT_TRACE", "GIT_EXTERNAL_DIFF"}
    assert leaks(seen) == set()


CRASH = f"""
import sys, threading, warnings, logging
from reviewer import cli, wiring

def crash(arguments):
    key = wiring.environment()["ANTHROPIC_API_KEY"]
    thread = threading.Thread(target=lambda: int(key))
    thread.start()
    thread.join()
    warnings.warn("warned of " + key)
    logging.getLogger("any").error("logged %r", key)
    print("half " + key[:20], end="")
    print(key[20:])
    try:
        int(key[::-1])
    except ValueError as error:
        raise RuntimeError("a bug with {PASSWORD}") from error

cli._dispatch = crash
cli.main({{arguments}})
"""


@pytest.mark.parametrize("arguments", [["diff"], ["diff", "--verbose"]])
def test_a_crash_tells_no_secret(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text(CRASH.replace("{arguments}", repr(arguments)))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "crash.py")], env={**os.environ, **ENV}, capture_output=True, text=True
    )
    shown = done.stdout + done.stderr
    traceback = "Traceback (most recent call last)" in done.stderr.partition("a bug in Reviewer")[2]

    assert done.returncode == 70
    for told in ("a bug in Reviewer: RuntimeError", "invalid literal", "warned of [redacted]", "logged", "half [red"):
        assert told in shown
    assert traceback == ("--verbose" in arguments)
    assert leaks(shown) == set()
