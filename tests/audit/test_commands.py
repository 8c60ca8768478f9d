"""`reviewer audit` as it is called: exit codes, outputs, files, the issue, the schedule."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewer import cli
from reviewer.guard.outgoing import protecting
from reviewer.simulator import Answer, Behaviour, Simulator
from tests.audit.whole_night import Auditor, module
from tests.commands.runner import SCHEMA, parse_outputs
from tests.fakes.github import FakeGitHub
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


def test_submit_leaves_and_collect_ends_it(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        submitted = audit("submit")
        ended = audit.collected("--html", str(tmp_path / "report.html"))
        after = audit("collect")

    assert (submitted.code, submitted.outputs["state"], submitted.outputs["verdict"]) == (
        0,
        "in-progress",
        "incomplete",
    )
    assert submitted.json == {}
    jsonschema.validate(ended.json, SCHEMA)
    assert (ended.code, ended.json["verdict"], ended.json["strategy"]) == (1, "findings", "audit")
    assert ended.json["coverage"] == {"files_total": 5, "files_reviewed": 5, "files_skipped": 0, "units_failed": 0}
    assert (ended.outputs["state"], ended.outputs["findings"], ended.outputs["verdict"]) == (
        "complete",
        "4",
        "findings",
    )
    assert ended.outputs["cost-usd"] == ended.json["cost"]["usd"] != "0.000000"
    assert "return rows[9]  # bug n0" in (tmp_path / "report.html").read_text()
    assert (after.code, after.outputs["state"]) == (0, "complete")


def test_the_file_round_is_published_before_the_rounds_that_may_be_late(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        audit.collected()

    assert audit.interim["verdict"] == "incomplete"
    assert "findings, unverified" in audit.interim["incomplete_because"][0]
    assert [finding["verified"] for finding in audit.interim["findings"]] == [None] * 4


def test_nothing_ready_costs_one_list_call(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys, batch_delay=3600.0) as audit:
        audit("submit")
        ran = audit("collect")
        status = audit("status")

    assert (ran.code, ran.outputs["state"], ran.json) == (0, "in-progress", {})
    assert (status.code, status.json["state"], status.json["stage"]) == (0, "in-progress", "files")
    assert status.json["batches"]["claude-opus-5-5"]["running"] == 1


def test_run_sees_it_through_offline(tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    command = Command(tmp_path, capsys, {})
    ran = command(
        "run", "--engine", "offline", "--html", str(tmp_path / "r.html"), "--sarif", str(tmp_path / "r.sarif")
    )

    assert (ran.outputs["state"], ran.json["engine"], ran.json["cost"]["usd"]) == ("complete", "offline", "0.000000")
    assert all((tmp_path / name).exists() for name in ("r.html", "r.sarif"))
    assert "No model was used" in ran.out


def test_a_bad_sample_is_told_and_is_no_pass(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys, brain=lambda _: Answer("No.")) as audit:
        ran = audit("submit")

    assert (ran.code, ran.outputs["state"], ran.outputs["verdict"]) == (3, "sampled-out", "incomplete")
    assert "The audit stops after its sample, having spent only that. 0 of 1 answers" in ran.err


def test_provenance_names_the_call_behind_every_finding_and_file(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        audit.collected()
    lines = [json.loads(line) for line in (tmp_path / "report.provenance.jsonl").read_text().splitlines()]

    findings = [line for line in lines if line["type"] == "finding"]
    files = [line for line in lines if line["type"] == "file"]
    assert sorted(line["path"] for line in files) == sorted(FILES)
    assert all(line["origins"][0]["message_id"].startswith("msg_") for line in files)
    assert [[origin["kind"] for origin in line["origins"]] for line in findings] == [["file", "verify"]] * 4
    assert all(line["origins"][1]["batch_id"].startswith("msgbatch_") for line in findings)


def test_the_issue_is_updated_and_closed_not_refiled(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeGitHub() as hub, commands(tmp_path, capsys) as audit:
        repository = hub.repository("octo/shop")
        env = {"GITHUB_TOKEN": hub.token, "GITHUB_API_URL": hub.api_url, "GITHUB_REPOSITORY": "octo/shop"}
        env["GITHUB_GRAPHQL_URL"] = hub.graphql_url
        audit("submit", **env)
        audit.collected(**env)
        [issue] = repository.issues.values()
        first = issue.body
        shop.commit(FILES | {"shop/m0.py": module("n0", bug=False)}, parent=shop.git("rev-parse", "main"))
        audit("submit", **env)
        audit.collected(**env)
        second = issue.body
        shop.commit({path: module(path[-4:-3], bug=False) for path in FILES}, parent=shop.git("rev-parse", "main"))
        audit("submit", **env)
        audit.collected(**env)

    assert first.startswith("## 4 findings: 4 new, 0 persisting, 0 fixed")
    assert second.startswith("## 3 findings: 0 new, 3 persisting, 1 fixed")
    assert [issue.state for issue in repository.issues.values()] == ["closed"]


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


@pytest.mark.parametrize(
    ("submit", "collect", "code", "said"),
    [
        ("23 2 * * *", "41 3-11/2 * * *", 2, "The schedule does not meet the SLA of 30h: up to 24h until the next"),
        ("23 2,6,10,14,18,22 * * *", "41 * * * *", 0, "The schedule meets the SLA of 30h"),
    ],
)
def test_the_plan_checks_the_cron_lines_of_the_workflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], submit: str, collect: str, code: int, said: str
) -> None:
    workflow = f"""
on: {{schedule: [{{cron: '{submit}'}}, {{cron: '{collect}'}}]}}
jobs: {{audit: {{with: {{command: "github.event.schedule == '{submit}' && 'audit-submit' || 'audit-collect'"}}}}}}
"""
    Repository(tmp_path / "shop").commit(FILES | {".github/workflows/audit.yml": workflow.encode()})
    ran = Command(tmp_path, capsys, {})("plan")

    assert (ran.code, said in " ".join(ran.out.split())) == (code, True)


def test_without_a_key_nothing_is_audited(tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Command(tmp_path, capsys, {})("submit")

    assert (ran.code, "Set the secret ANTHROPIC_API_KEY" in ran.err) == (3, True)
    assert ran.outputs["verdict"] == "incomplete"


def test_submit_says_when_the_deadline_is_at_risk(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        first = audit("submit")
        audit.collected()
        with sqlite3.connect(tmp_path / "audit.db") as state:
            state.execute("UPDATE audits SET started_at = '2026-01-01T00:00:00.000000+00:00'")
        late = audit("submit")

    assert "at risk" not in first.err
    assert "at risk" in late.err
    assert "SLA" in late.err


def test_status_tells_durations_cost_and_cache(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        ended = audit.collected()
        status = audit("status")

    assert (status.code, status.json["state"]) == (0, "complete")
    assert status.json["cost"]["usd"] == ended.json["cost"]["usd"] < status.json["cost"]["sync_usd"]
    assert set(status.json["batches"]["claude-opus-5-5"]) == {"ended", "running", "median_seconds", "p95_seconds"}
    assert status.json["cache"] == []  # a repository this small marks nothing
    assert "on the synchronous API" in status.out + status.err


@pytest.mark.parametrize(("cap", "says"), [("0.01", "is below that"), ("50", "cannot be passed")])
def test_the_plan_tells_what_a_budget_does(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], cap: str, says: str
) -> None:
    with commands(tmp_path, capsys) as audit:
        ran = audit("plan", "--budget-usd", cap)

    assert says in ran.out + ran.err
    assert float(ran.json["budget_usd"]) == float(cap)
