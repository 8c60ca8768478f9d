"""`reviewer audit` as it is called: exit codes, outputs, files, the issue, the schedule."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewer import cli
from reviewer.clock import SystemClock
from reviewer.guard.outgoing import protecting
from reviewer.simulator import Answer, Behaviour, Fault, Simulator
from reviewer.store.audit import AuditState
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
    assert (after.code, after.outputs["state"], after.json) == (0, "", {})
    assert "the last one ended as complete. There was nothing to collect" in " ".join(after.err.split())


def test_collecting_where_nothing_was_submitted_promises_no_report(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Command(tmp_path, capsys, {"ANTHROPIC_API_KEY": "sk-test"})("collect")

    assert (ran.code, ran.outputs["state"], ran.outputs["report"], ran.json) == (0, "", "", {})
    assert "No audit has been submitted yet. There was nothing to collect, so no report" in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("command", "code", "state", "said"),
    [
        ("collect", 0, "in-progress", "moves it on, so there is nothing to do now"),
        ("submit", 2, None, "Wait for it to end"),
    ],
)
def test_beside_a_run_that_is_at_work_collect_has_nothing_to_do(
    tmp_path: Path,
    shop: Repository,
    capsys: pytest.CaptureFixture[str],
    command: str,
    code: int,
    state: str | None,
    said: str,
) -> None:
    other = AuditState.open(str(tmp_path / "audit.db"), SystemClock().now())
    with other.exclusive():
        ran = Command(tmp_path, capsys, {"ANTHROPIC_API_KEY": "sk-test"})(command)
    other.close()

    assert (ran.code, ran.outputs.get("state"), ran.outputs.get("report", "")) == (code, state, "")
    assert said in " ".join(ran.err.split())


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


def test_one_failed_look_at_the_list_does_not_end_submit(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return Fault("status", status=429) if (number, endpoint) == (0, "batches.list") else None

    monkeypatch.setattr("reviewer.model.batches._PAUSES", (0.01, 0.01))
    with commands(tmp_path, capsys, faults=faults, batch_delay=3600.0) as audit:
        ran = audit("submit")
        status = audit("status")

    assert (ran.code, ran.outputs["state"]) == (0, "in-progress")
    assert status.json["batches"]["claude-opus-5-5"]["running"] == 1


def test_an_answer_of_the_sample_that_was_lost_is_told_with_what_it_may_have_cost(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    def faults(number: int, endpoint: str, _: Any) -> Fault | None:
        return Fault("reset_after") if (number, endpoint) == (0, "messages") else None

    with commands(tmp_path, capsys, faults=faults) as audit:
        begun = audit("submit")
        ended = audit.collected()
        status = audit("status")

    most = status.json["cost"]["possibly_lost_usd"]
    assert float(most) > 0
    sentence = f"Possibly paid and lost: attempts of the sample without an answer, at most ${most} beside the cost."
    assert sentence in ended.json["notes"]
    assert sentence in " ".join(begun.err.split())
    assert f"at most ${most}." in " ".join(status.out.split())


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


def test_what_came_in_is_published_before_the_rest_of_the_file_round_may_be_late(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    def outcome(custom_id: str, params: Any) -> Fault | None:
        return Fault("expired") if custom_id.endswith("-1") and "shop/m0.py" in json.dumps(params) else None

    shop.commit(FILES | {f"{folder}/a.py": module(folder) for folder in ("app", "web")})
    with commands(tmp_path, capsys, item_outcome=outcome) as audit:
        audit("submit", "--sla", "25h")
        until = time.monotonic() + 30
        while not (ran := audit("collect")).json:
            assert time.monotonic() < until
        ended = audit.collected()

    assert "What the file round has found so far is published" in " ".join(ran.err.split())
    waiting = {file["path"]: file["reason"] for file in ran.json["files"] if not file["reviewed"]}
    assert waiting == {path: "not reviewed: its request has not come to its end" for path in FILES if "shop/" in path}
    assert all(file["reviewed"] for file in ended.json["files"])


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


def test_a_setting_that_was_mended_is_used_by_the_next_submit(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.commit(FILES | {".github/reviewer.yml": b"models: {audit: claude-opus-9}\n"})
    with commands(tmp_path, capsys) as audit:
        refused = audit("submit")
        shop.commit(FILES | {".github/reviewer.yml": b"models: {audit: claude-opus-5-5}\n"})
        mended = audit("submit")
        ended = audit.collected()

    assert (refused.code, "claude-opus-9" in refused.err) == (3, True)
    assert (mended.code, mended.outputs["state"]) == (0, "in-progress")
    assert ended.outputs["state"] == "complete"
    with sqlite3.connect(tmp_path / "audit.db") as state:
        assert state.execute("SELECT count(*) FROM audits").fetchone() == (1,)


def test_what_was_spent_is_an_output_before_the_end_too(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys, batch_delay=3600.0) as audit:
        under_way = audit("submit")
        status = audit("status")
    with commands(tmp_path / "bad", capsys, brain=lambda _: Answer("no JSON")) as audit:
        (tmp_path / "bad").mkdir()
        Repository(tmp_path / "bad" / "shop").commit(FILES)
        sampled_out, told = audit("submit"), audit("status")

    assert under_way.outputs["cost-usd"] == status.json["cost"]["usd"] > "0.000000"
    assert sampled_out.outputs["cost-usd"] == told.json["cost"]["usd"] > "0.000000"


def test_the_state_alone_will_do_to_collect(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        shop.folder.rename(tmp_path / "elsewhere")
        Repository(tmp_path / "shop")  # no commit in it
        ended = audit.collected()

    assert (ended.outputs["state"], len(ended.json["files"])) == ("complete", len(FILES))


def test_two_repositories_of_one_name_are_refused_with_the_way_out(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    Repository(tmp_path / "other" / "shop").commit(FILES)
    ran = Command(tmp_path, capsys, {"ANTHROPIC_API_KEY": "sk-test"})("submit", "--repo", str(tmp_path / "other/shop"))

    told = " ".join(ran.err.split())
    assert ran.code == 2
    assert f"called 'shop': {tmp_path / 'other/shop'} and {tmp_path / 'shop'}." in told
    assert "rename one of the folders" in told


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


def test_status_says_where_hits_were_not_measured(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = "UPDATE audit_results SET ttl = '5m', cache_read_input_tokens = ? WHERE lane = 'sync'"
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        audit.collected()
        with sqlite3.connect(tmp_path / "audit.db") as state:
            state.execute(marked, (0,))
        before = audit("status")
        with sqlite3.connect(tmp_path / "audit.db") as state:
            state.execute(marked, (80,))
        after = audit("status")

    assert [use["hit_rate"] for use in before.json["cache"] + after.json["cache"]] == [None, 1.0]
    assert "5m: hits not measured, 1 request neither wrote nor read it" in " ".join(before.out.split())
    assert "5m: 100% hits of 1 request" in " ".join(after.out.split())


@pytest.mark.parametrize(("cap", "says"), [("0.01", "is below that"), ("50", "cannot be passed")])
def test_the_plan_tells_what_a_budget_does(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], cap: str, says: str
) -> None:
    with commands(tmp_path, capsys) as audit:
        ran = audit("plan", "--budget-usd", cap)

    assert says in ran.out + ran.err
    assert float(ran.json["budget_usd"]) == float(cap)
