"""`reviewer audit plan`: what is counted and priced, and the schedule against the SLA."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.audit.commands import FILES, Command, commands, shop
from tests.forge.local_repository import Repository

__all__ = ["shop"]


@pytest.mark.parametrize("command", ["submit", "run"])
def test_a_dry_run_is_the_plan(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    call = Command(tmp_path, capsys, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    plan, dry = call("plan", "--full"), call(command, "--full", "--dry-run")

    assert (dry.code, dry.out, dry.json) == (plan.code, plan.out, plan.json)
    assert not (tmp_path / "audit.db").exists()


@pytest.mark.parametrize(
    ("sla", "code", "said"),
    [
        ("24h", 2, "A batch may take 24h, so 24h − 24h leaves no time to submit in."),
        ("30h", 0, "submit at most every 6h. Recommended: every 4h, which leaves 2h"),
        ("48h", 0, "submit at most every 24h. Recommended: every 16h"),
    ],
)
def test_the_plan_shows_the_schedule_or_refuses_the_sla(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], sla: str, code: int, said: str
) -> None:
    ran = Command(tmp_path, capsys, {})("plan", "--sla", sla)

    assert (ran.code, said in " ".join((ran.out + ran.err).split())) == (code, True)


def test_the_plan_counts_and_prices_without_a_call(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Command(tmp_path, capsys, {})("plan")

    assert ran.json["repositories"][0]["files"] == 5
    assert (ran.json["sample"], ran.json["rounds"]["files"]["requests"]) == (1, 2)
    assert 0 < float(ran.json["estimate"]["usd"]) < float(ran.json["estimate"]["sync_usd"])


SIX_HOURLY, HOURLY = "23 2,8,14,20 * * *", "41 * * * *"


@pytest.mark.parametrize(
    ("sla", "submit", "collect", "code", "said", "warned"),
    [
        (
            "30h",
            "23 2 * * *",
            "41 3-11/2 * * *",
            2,
            "The schedule does not meet the SLA of 30h: up to 24h until",
            False,
        ),
        ("30h", "23 2,6,10,14,18,22 * * *", HOURLY, 0, "leaves 2h in reserve. ", False),
        ("30h", SIX_HOURLY, HOURLY, 0, "The schedule meets the SLA of 30h: up to 6h until the next submission", True),
        ("30h", "23 0,7,14,21 * * *", HOURLY, 2, "submissions may be at most 30h − 24h = 6h apart", False),
        ("48h", "23 2 * * *", HOURLY, 0, "The schedule meets the SLA of 2d: up to 24h until the next submission", True),
        ("7d", "23 2 * * 1", HOURLY, 2, "The schedule does not meet the SLA of 7d", False),
        ("25h", SIX_HOURLY, HOURLY, 2, "submissions may be at most 25h − 24h = 1h apart", False),
    ],
)
def test_the_plan_checks_the_cron_lines_of_the_workflow(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sla: str,
    submit: str,
    collect: str,
    code: int,
    said: str,
    warned: bool,
) -> None:
    workflow = f"""
on: {{schedule: [{{cron: '{submit}'}}, {{cron: '{collect}'}}]}}
jobs: {{audit: {{with: {{command: "github.event.schedule == '{submit}' && 'audit-submit' || 'audit-collect'"}}}}}}
"""
    Repository(tmp_path / "shop").commit(FILES | {".github/workflows/audit.yml": workflow.encode()})
    ran = Command(tmp_path, capsys, {})("plan", "--sla", sla)
    told = " ".join(ran.out.split()) + " "

    assert (ran.code, said in told, "Warning: findings are published by the `collect`" in told) == (code, True, warned)
    assert bool(ran.json["schedule"]["checks"][0]["warning"]) is warned


_EARLY, _LATE = "23 2,10,18 * * *", "23 6,14,22 * * *"


@pytest.mark.parametrize(
    ("crons", "command", "gap"),
    [
        ([_EARLY, _LATE, HOURLY], f"(S == '{_EARLY}' || S == '{_LATE}') && 'audit-submit' || 'audit-collect'", "4h"),
        ([_EARLY, _LATE, HOURLY], f"S == '{HOURLY}' && 'audit-collect' || 'audit-submit'", "4h"),
        ([_EARLY, _LATE], "'audit-submit'", "4h"),
        ([_LATE, HOURLY], "inputs.command || 'audit-collect'", "8h"),
    ],
)
def test_the_plan_knows_which_cron_lines_submit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], crons: Sequence[str], command: str, gap: str
) -> None:
    steps = {"command": f"${{{{ {command.replace('S ==', 'github.event.schedule ==')} }}}}"}
    workflow = json.dumps({"on": {"schedule": [{"cron": line} for line in crons]}, "jobs": {"audit": {"with": steps}}})
    Repository(tmp_path / "shop").commit(FILES | {".github/workflows/audit.yml": workflow.encode()})
    ran = Command(tmp_path, capsys, {})("plan", "--sla", "48h")

    assert f"up to {gap} until the next submission" in ran.json["schedule"]["checks"][0]["message"]


def test_the_plan_reckons_with_clocks_that_are_put_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = b"on: {schedule: [{cron: '23 0,6,12,18 * * *', timezone: Europe/Berlin}]}\njobs: {}\n"
    Repository(tmp_path / "shop").commit(FILES | {".github/workflows/audit.yml": workflow})
    ran = Command(tmp_path, capsys, {})("plan", "--sla", "30h")

    assert (ran.code, "up to 7h until the next submission" in " ".join(ran.out.split())) == (2, True)


@pytest.mark.parametrize("workflow", [{}, {".github/workflows/audit.yml": b"on: push\n"}])
def test_the_plan_says_that_there_was_no_cron_line_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], workflow: Mapping[str, bytes]
) -> None:
    Repository(tmp_path / "shop").commit(FILES | dict(workflow))
    ran = Command(tmp_path, capsys, {})("plan")

    assert (ran.code, ran.json["schedule"]["checks"]) == (0, [])
    assert "No cron line was checked: there is none in .github/workflows/audit.yml." in " ".join(ran.out.split())


def test_what_waits_for_an_unfinished_audit_is_told(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys, batch_delay=3600.0) as audit:
        before = audit("plan")
        audit("submit")
        soon = audit("submit")
        with sqlite3.connect(tmp_path / "audit.db") as state:
            state.execute("UPDATE audits SET started_at = '2026-01-01T00:00:00.000000+00:00'")
        late, plan = audit("submit"), audit("plan")

    told = "ago has not ended: what has changed since waits for its end."
    assert [told in " ".join(ran.err.split()) for ran in (soon, late)] == [True, True]
    assert ["The deadline is at risk" in ran.err for ran in (soon, late)] == [False, True]
    assert before.json["waits"] == ""
    assert "The deadline is at risk" in plan.json["waits"]
    assert told in " ".join(plan.out.split())


@pytest.mark.parametrize(("cap", "says"), [("0.01", "is below that"), ("50", "cannot be passed")])
def test_the_plan_tells_what_a_budget_does(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], cap: str, says: str
) -> None:
    with commands(tmp_path, capsys) as audit:
        ran = audit("plan", "--budget-usd", cap)

    assert says in ran.out + ran.err
    assert float(ran.json["budget_usd"]) == float(cap)
