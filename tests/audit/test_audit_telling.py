"""What an audit tells on its way and at its end: reports in time, records, the issue, the outputs."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Answer, Fault
from tests.audit.commands import FILES, Command, commands, shop
from tests.audit.whole_night import module
from tests.fakes.github import FakeGitHub
from tests.forge.local_repository import Repository

__all__ = ["shop"]


def test_collecting_where_nothing_was_submitted_promises_no_report(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Command(tmp_path, capsys, {"ANTHROPIC_API_KEY": "sk-test"})("collect")

    assert (ran.code, ran.outputs["state"], ran.outputs["report"], ran.json) == (0, "", "", {})
    assert "No audit has been submitted yet. There was nothing to collect, so no report" in " ".join(ran.err.split())


def test_the_file_round_is_published_before_the_rounds_that_may_be_late(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("submit")
        audit.collected()

    assert audit.interim["verdict"] == "incomplete"
    assert "findings, unverified" in audit.interim["incomplete_because"][0]
    assert [finding["verified"] for finding in audit.interim["findings"]] == [None] * 4


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
