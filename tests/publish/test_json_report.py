import base64
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from reviewer.errors import InputError
from reviewer.guard.outgoing import protecting
from reviewer.publish.json_report import read_report, report_dict, report_schema, write_json
from tests.publish.conftest import BASE, HEAD, PASSES, finding


def test_the_contract_is_kept_by_name_and_order(make_report):
    written = report_dict(make_report())
    assert list(written)[:14] == [
        "schema_version", "verdict", "incomplete_because", "strategy", "repository", "pull_request", "base_sha",
        "head_sha", "engine", "files", "passes", "findings", "coverage", "cost",
    ]  # fmt: skip
    assert written["schema_version"] == 1
    assert (written["verdict"], written["repository"], written["pull_request"]) == ("findings", "octo/shop", 12)
    assert (written["base_sha"], written["head_sha"]) == (BASE, HEAD)
    assert written["coverage"] == {"files_total": 5, "files_reviewed": 3, "files_skipped": 2, "units_failed": 0}


def test_a_finding_as_written(make_report):
    assert report_dict(make_report())["findings"][0] == {
        "fingerprint": "1111111111111111",
        "path": "src/app.py",
        "side": "RIGHT",
        "start_line": 4,
        "end_line": 4,
        "anchor": "line",
        "severity": "critical",
        "confidence": "high",
        "category": "security",
        "title": "Query built from user input",
        "explanation": "The ids of the cart go into the query as text.",
        "suggestion": "    query = QUERY",
        "disposition": "summary",
        "provenance": {
            "unit": "single-0a1b2c3d4e5f",
            "kind": "single",
            "model": "claude-sonnet-5-5",
            "request_id": "req_1",
            "message_id": "msg_1",
            "batch_id": "",
            "custom_id": "",
            "prompt_sha256": "ab" * 32,
            "attempt": 1,
            "also": [],
        },
        "quote": "    query = f\"select price from items where id in ({','.join(cart)})\"",
        "verified": True,
        "verdict_note": "",
        "notes": [],
        "claimed": {"path": "src/app.py", "start_line": 4, "end_line": 4},
    }


def test_a_pass_and_the_cost_as_written(make_report):
    written = report_dict(make_report())
    assert written["passes"][0] == {
        "kind": "single",
        "files": ["src/app.py", "src/old.py", "src/new name.py"],
        "model": "claude-sonnet-5-5",
        "lane": "sync",
        "custom_id": "",
        "batch_id": "",
        "request_id": "req_1",
        "message_id": "msg_1",
        "attempts": 1,
        "outcome": "answered",
        "usage": {
            "input_tokens": 1200,
            "output_tokens": 800,
            "cache_read_input_tokens": 9000,
            "cache_creation_5m_input_tokens": 3000,
            "cache_creation_1h_input_tokens": 0,
        },
        "usd": "0.020100",
        "prompt_sha256": "ab" * 32,
        "memo": False,
        "seconds": 4.25,
    }
    assert written["cost"] == {
        "usd": "0.020100",
        "sync_usd": "0.020100",
        "input_tokens": 1200,
        "output_tokens": 800,
        "cache_read_input_tokens": 9000,
        "cache_creation_5m_input_tokens": 3000,
        "cache_creation_1h_input_tokens": 0,
        "cache_saved_usd": "0.014300",
    }


def test_a_dry_run_has_the_same_shape_and_an_estimate(dry_run):
    written = report_dict(dry_run)
    assert written["findings"] == []
    assert [item["outcome"] for item in written["passes"]] == ["planned"]
    assert written["estimate"] == {"requests": 2, "input_tokens": 15000, "output_tokens": 2000, "usd": "0.050000"}


def test_reports_fit_their_schema(make_report, dry_run, hostile):
    validator = Draft202012Validator(report_schema())
    validator.check_schema(report_schema())
    reports = [make_report(), make_report(findings=(), passes=()), make_report(("down",)), dry_run, hostile]
    assert [list(validator.iter_errors(report_dict(report))) for report in reports] == [[]] * 5


def test_the_schema_refuses_another_shape(make_report):
    written = report_dict(make_report())
    del written["findings"][0]["disposition"]
    written["cost"]["usd"] = 0.0201
    errors = Draft202012Validator(report_schema()).iter_errors(written)
    assert sorted(error.json_path for error in errors) == ["$.cost.usd", "$.findings[0]"]


@pytest.mark.parametrize("kind", ["findings", "incomplete", "dry", "hostile"])
def test_a_report_read_back_says_the_same(kind, make_report, dry_run, hostile, tmp_path):
    report = {
        "findings": make_report(), "incomplete": make_report(("API down",)), "dry": dry_run, "hostile": hostile,
    }[kind]  # fmt: skip
    assert write_json(report, tmp_path / "deep" / "report.json").outcome == "posted"
    again = read_report(tmp_path / "deep" / "report.json")
    for field in ("verdict", "findings", "files", "passes", "cost", "estimate", "fail_on", "summaries", "plan_only"):
        assert getattr(again, field) == getattr(report, field), field
    assert (again.changes.number, again.changes.head_sha) == (12, HEAD)
    assert report_dict(again) == report_dict(report)


def test_the_file_is_plain_ascii_and_alone(hostile, tmp_path):
    write_json(replace(hostile, notes=("lone \ud800 surrogate",)), tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text("ascii")
    assert "\x1b" not in text
    assert json.loads(text)["notes"] == ["lone \ud800 surrogate"]
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("findings", [(), (finding(),)], ids=["no findings", "one"])
def test_a_large_report_says_the_same_as_one_that_is_held_whole(findings, make_report, tmp_path):
    passes = tuple(replace(PASSES[0], custom_id=f"id-{number}") for number in range(20_001))
    report = make_report(passes=passes, findings=findings, notes=("a, b", "]"))
    write_json(report, tmp_path / "report.json")

    text = (tmp_path / "report.json").read_text("utf-8")
    assert text.count("\n") == 1
    assert text == json.dumps(report_dict(report)) + "\n"


def test_a_large_report_keeps_no_secret_wherever_it_stands(make_report, tmp_path):
    key = "sk-ant-api03-Zm9v+YmFy/1234"
    told = {0: key, 499: key[::-1], 500: base64.b64encode(key.encode()).decode(), 20_000: f"a {key}"}
    passes = tuple(replace(PASSES[0], outcome=told.get(number, "answered")) for number in range(20_001))
    with protecting([key]):
        write_json(make_report(passes=passes, notes=(key,)), tmp_path / "report.json")

    written = json.loads((tmp_path / "report.json").read_text("utf-8"))
    outcomes = {number: one["outcome"] for number, one in enumerate(written["passes"]) if one["outcome"] != "answered"}
    assert outcomes == {0: "[redacted]", 499: "[redacted]", 500: "[redacted]", 20_000: "a [redacted]"}
    assert written["notes"] == ["[redacted]"]


def test_a_folder_that_cannot_be_written_is_told(make_report, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"could not be written to .*/file/report\.json"):
        write_json(make_report(), tmp_path / "file" / "report.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "files": 3}'])
def test_another_file_is_refused_with_its_name(text, tmp_path):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(InputError, match=r"other\.json"):
        read_report(tmp_path / "other.json")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="could not be read"):
        read_report(tmp_path / "none.json")


def test_amounts_have_six_places(make_report):
    report = make_report()
    cost = replace(report.cost, usd=Decimal("0.0000004"))
    assert report_dict(replace(report, cost=cost))["cost"]["usd"] == "0.000000"
