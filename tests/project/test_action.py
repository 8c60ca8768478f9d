"""The action: its inputs are the configuration's keys, and what it runs is never taken from the workspace."""

import re
from typing import Any

import yaml

from reviewer.config.loading import SECTIONS, known_keys, variable
from tests.project.act import PROJECT, Runner

ACTION: dict[str, Any] = yaml.safe_load((PROJECT / "action.yml").read_text())
RUN = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "reviewer")

OWN_INPUTS = {"command", "anthropic-api-key", "github-token", "pr-number", "force", "engine", "config"}
FILE_ONLY = {"instructions", "prices"}
"""Keys with texts or tables in them: they belong into the configuration file."""
PAIRS = {"models", "limits"}
"""Sections given as one input of pairs; the other sections have an input for each of their keys."""

WORKFLOW = """
on: workflow_dispatch
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # v0
      - uses: ./
        with: {command: "pr; env"}
"""


def configurable() -> dict[str, str]:
    """Input to the key whose variable it sets."""
    keys = {key: key for key in known_keys() if key not in FILE_ONLY and key not in set(SECTIONS) - PAIRS}
    for section in set(SECTIONS) - PAIRS:
        names = (name.replace("_", "-") for name in SECTIONS[section].model_fields)
        keys |= {f"{section}-{name}": f"{section}.{name}" for name in names}
    return keys


def test_inputs_mirror_the_configuration() -> None:
    assert set(ACTION["inputs"]) == OWN_INPUTS | set(configurable())


def test_each_input_sets_its_keys_variable_or_leaves_the_jobs() -> None:
    passed = {name: value for name, value in RUN["env"].items() if name.startswith("REVIEWER_")}

    assert passed == {
        variable(key): f"${{{{ inputs.{name} || env.{variable(key)} }}}}" for name, key in configurable().items()
    }


def test_inputs_left_out_are_empty_but_for_command_and_token() -> None:
    given = {name: entry["default"] for name, entry in ACTION["inputs"].items() if entry["default"] != ""}

    assert given == {"command": "pr", "github-token": "${{ github.token }}"}


def test_outputs_are_the_commands_own() -> None:
    assert {name: entry["value"] for name, entry in ACTION["outputs"].items()} == {
        name: f"${{{{ steps.reviewer.outputs.{name} }}}}"
        for name in ("verdict", "findings", "blocking", "cost-usd", "report", "state")
    }


def test_python_never_looks_into_the_workspace() -> None:
    scripts = " ".join(step.get("run", "") for step in ACTION["runs"]["steps"])
    calls = re.findall(r'"\$(?:PYTHON|VENV/bin/python)" (\S+)', scripts)

    assert calls == ["-I", "-I", "-I", "-P"]


def test_secrets_reach_only_the_step_that_needs_them() -> None:
    others = [step for step in ACTION["runs"]["steps"] if step is not RUN]

    assert "anthropic-api-key" in str(RUN["env"])
    assert "anthropic-api-key" not in str(others)
    assert "github-token" not in str(others)


def test_an_unknown_command_is_refused_by_the_installed_action(runner: Runner) -> None:
    runner.add_project()
    (runner.origin / ".github/workflows/try.yml").write_text(WORKFLOW)
    (runner.origin / "platform.py").write_text("raise SystemExit('imported from the workspace')\n")
    runner.commit()

    done = runner.run("try.yml", "workflow_dispatch", {})

    assert done.code == 1, done.log
    assert done.outputs["installed"] == "true", done.log
    assert "The input command is none of pr, audit-submit" in done.log
    assert "exit status 2" in done.log or "exitcode '2'" in done.log
