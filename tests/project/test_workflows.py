"""Workflows, action and examples: what the linters say, and the rules of the house that they do not know."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reviewer.config.loading import load
from tests.project.act import PROJECT

WORKFLOWS = [
    *sorted((PROJECT / ".github/workflows").glob("*.yml")),
    PROJECT / "examples/review.yml",
    PROJECT / "examples/audit.yml",
]
ACTION = PROJECT / "action.yml"
AS_WORKFLOW = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: f"{file.parent.name}/{file.name}")
AS_ANY = pytest.mark.parametrize("file", [*WORKFLOWS, ACTION], ids=lambda file: f"{file.parent.name}/{file.name}")


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def steps(file: Path) -> Iterator[dict[str, Any]]:
    data = read(file)
    for job in data.get("jobs", {"action": data.get("runs")}).values():
        yield from job["steps"]


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--no-progress", "--persona=auditor", ACTION, *WORKFLOWS],
        ["actionlint", *WORKFLOWS],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION],
        ["check-jsonschema", "--builtin-schema", "vendor.dependabot", PROJECT / ".github/dependabot.yml"],
    ],
    ids=["zizmor", "actionlint", "workflow schema", "action schema", "dependabot schema"],
)
def test_linters_have_nothing_to_say(command: list[str | Path]) -> None:
    tool = Path(sys.executable).with_name(str(command[0]))
    if not tool.exists():
        pytest.skip(f"{tool.name} is not installed in this environment; `make test` installs it from locks/dev.txt")

    done = subprocess.run([tool, *command[1:]], cwd=PROJECT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_all_workflows_are_looked_at() -> None:
    assert [file.stem for file in WORKFLOWS] == ["audit", "ci", "release", "review", "review", "audit"]


@AS_ANY
def test_every_action_is_pinned_to_a_commit_with_its_version_beside(file: Path) -> None:
    lines = re.findall(r"^\s*(?:- )?uses: (.*)$", file.read_text(), re.MULTILINE)
    loose = [
        line
        for line in lines
        if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) and not line.startswith("./ ")
    ]

    assert lines or file.name == "ci.yml"
    assert loose == []


@AS_WORKFLOW
def test_nothing_is_granted_by_default_and_jobs_end(file: Path) -> None:
    workflow = read(file)

    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"].startswith("${{ github.workflow }}")
    assert [name for name, job in workflow["jobs"].items() if not 0 < job["timeout-minutes"] <= 60] == []


@AS_ANY
def test_no_expression_stands_in_a_script(file: Path) -> None:
    scripts = [step["run"] for step in steps(file) if "run" in step]

    assert [script for script in scripts if "${{" in script] == []


@AS_WORKFLOW
def test_checkouts_leave_no_credentials(file: Path) -> None:
    checkouts = [step for step in steps(file) if step.get("uses", "").startswith("actions/checkout@")]

    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


@pytest.mark.parametrize("file", [PROJECT / ".github/workflows/review.yml", PROJECT / "examples/review.yml"])
def test_a_review_is_always_reported_and_never_cancelled_by_another_event(file: Path) -> None:
    workflow = read(file)
    events = workflow[True]  # YAML reads the key `on` as a boolean

    assert set(events) == {"pull_request", "merge_group", "workflow_dispatch"}
    assert events["pull_request"] == {"types": ["opened", "synchronize", "reopened", "ready_for_review"]}
    assert "github.event_name" in workflow["concurrency"]["group"]
    assert workflow["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert "if" not in workflow["jobs"]["review"]


@pytest.mark.parametrize("file", [PROJECT / ".github/workflows/audit.yml", PROJECT / "examples/audit.yml"])
def test_audits_of_all_events_wait_for_each_other_off_the_full_hour(file: Path) -> None:
    workflow = read(file)
    minutes = [entry["cron"].split()[0] for entry in workflow[True]["schedule"]]
    command = workflow["jobs"]["audit"]["steps"][1]["with"]["command"]

    assert workflow["concurrency"] == {"group": "${{ github.workflow }}", "cancel-in-progress": False, "queue": "max"}
    assert minutes == ["23", "41"]
    assert f"github.event.schedule == '{workflow[True]['schedule'][0]['cron']}' && 'audit-submit'" in command


def test_the_required_check_needs_every_other_job() -> None:
    jobs = read(PROJECT / ".github/workflows/ci.yml")["jobs"]
    required = jobs.pop("required")

    assert required["if"] == "always()"
    assert sorted(required["needs"]) == sorted(jobs)
    assert required["steps"][0]["run"] == 'test "$RESULTS" = ' + "-".join(["success"] * len(jobs))


def test_the_example_configuration_is_accepted_and_says_true_defaults() -> None:
    text = (PROJECT / "examples/reviewer.yml").read_text()
    defaults = load(None, "defaults", {}, {}).settings
    shown = load(text, "reviewer.yml", {}, {}).settings
    differing = {name for name in type(shown).model_fields if getattr(shown, name) != getattr(defaults, name)}

    assert differing == {"on_incomplete", "budget_usd", "ignore", "instructions", "limits"}
