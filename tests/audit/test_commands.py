"""`reviewer audit` as it is called: exit codes, settings, status."""

import sqlite3
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewer.clock import SystemClock
from reviewer.simulator import Fault
from reviewer.store.audit import AuditState
from tests.audit.commands import FILES, Command, commands, shop
from tests.commands.runner import SCHEMA
from tests.forge.local_repository import Repository

__all__ = ["shop"]


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


@pytest.mark.parametrize(
    ("origin", "environment", "name"),
    [
        ("https://github.com/octo/shop.git", "octo/central", "octo/shop"),
        ("/srv/mirrors/shop.git", "octo/central", "octo/central"),
        ("", "octo/central", "octo/central"),
        ("/srv/mirrors/shop.git", "", "shop"),
    ],
)
def test_a_repository_is_named_by_its_own_remote_before_the_workflows(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str], origin: str, environment: str, name: str
) -> None:
    if origin:
        shop.git("remote", "add", "origin", origin)
    ran = Command(tmp_path, capsys, {})("plan", GITHUB_REPOSITORY=environment)

    assert [each["name"] for each in ran.json["repositories"]] == [name]


@pytest.mark.parametrize("command", ["submit", "run", "plan", "collect", "status"])
def test_every_command_shows_the_settings_with_their_origins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    Repository(tmp_path / "shop").commit(FILES | {".github/reviewer.yml": b"fail-on: low\naudit: {paths: [shop/]}\n"})
    ran = Command(tmp_path, capsys, {})(command, "--show-config", REVIEWER_BUDGET_USD="7")
    rows = [line.split() for line in ran.out.splitlines()]

    assert (ran.code, ran.json, (tmp_path / "audit.db").exists()) == (0, {}, False)
    assert ["fail-on", "low", ".github/reviewer.yml"] in rows
    assert ["budget-usd", "'7'", "REVIEWER_BUDGET_USD"] in rows
    assert ["audit.paths", "[shop/]", ".github/reviewer.yml"] in rows


def test_collect_may_say_what_severity_fails_it(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit", "--fail-on", "low")
        ran = audit.collected("--fail-on", "never")

    assert (ran.code, ran.outputs["findings"], ran.outputs["blocking"], ran.json["verdict"]) == (0, "4", "0", "pass")


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


def test_without_a_key_nothing_is_audited(tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Command(tmp_path, capsys, {})("submit")

    assert (ran.code, "Set the secret ANTHROPIC_API_KEY" in ran.err) == (3, True)
    assert ran.outputs["verdict"] == "incomplete"


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
