import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.finding import Anchor, Category, Severity
from reviewer.publish.sarif import sarif_dict, write_sarif
from tests.publish.conftest import finding

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json").read_text("utf-8"))


def run_of(report):
    return sarif_dict(report)["runs"][0]


def test_reports_fit_the_oasis_schema(make_report, dry_run, hostile):
    validator = Draft4Validator(SCHEMA)
    reports = [make_report(), make_report(findings=()), make_report(("down",), engine="offline"), dry_run, hostile]
    assert [[error.message for error in validator.iter_errors(sarif_dict(report))] for report in reports] == [[]] * 5


def test_a_result_as_written(make_report):
    result = run_of(make_report())["results"][0]
    assert result == {
        "ruleId": "security",
        "ruleIndex": 1,
        "level": "error",
        "message": {
            "text": "Query built from user input\n\nThe ids of the cart go into the query as text.\n\n"
            "(single pass, confirmed by a fresh context)"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/app.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 4, "startColumn": 1, "endLine": 4, "endColumn": 70},
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": "1111111111111111", "reviewer/v1": "1111111111111111"},
        "properties": {
            "precision": "high",
            "place": "src/app.py:4",
            "disposition": "summary",
            "unit": "single-0a1b2c3d4e5f",
            "model": "claude-sonnet-5-5",
        },
    }


def test_rules_are_the_categories_with_help_and_severity(make_report):
    rules = run_of(make_report())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["api-contract", "security", "testing"]
    assert rules[1]["properties"]["security-severity"] == "9.5"
    assert "security-severity" not in rules[0]["properties"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("severity", Severity)
def test_every_category_and_severity_has_a_rule_and_a_level(category, severity, make_report):
    run = run_of(make_report(findings=(finding(category=category, severity=severity),)))
    assert run["tool"]["driver"]["rules"][0]["id"] == category
    assert run["results"][0]["level"] in ("error", "warning", "note")


def test_what_does_not_count_is_left_out_and_counted(make_report):
    run = run_of(make_report())
    assert len(run["results"]) == 3
    assert run["properties"]["leftOut"] == {"refuted": 1, "duplicate": 1, "suppressed": 1}


def test_more_than_github_keeps_is_cut_worst_first(make_report):
    many = tuple(finding(f"{number:016x}", severity=list(Severity)[number % 4]) for number in range(5_003))
    run = run_of(make_report(findings=many))
    assert len(run["results"]) == 5_000
    assert run["results"][0]["level"] == "error"
    assert run["properties"]["leftOut"] == {"over the limit": 3}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#.py", "a%20b/%C3%BC%23.py"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs//x", "abs/x"),
        ("c:\\x", "c%3A%5Cx"),
    ],
)
def test_paths_become_relative_references(path, uri, make_report):
    run = run_of(make_report(findings=(finding(anchor=Anchor("file", path, 0, 0)),)))
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri
    assert location["region"]["startLine"] == 1


def test_a_line_from_windows_ends_before_its_line_end(make_report):
    line = Line("+", None, 1, "x = eval(y)\r")
    file = ChangedFile("a.py", "added", hunks=(Hunk(0, 0, 1, 1, (line,)),), additions=1)
    changes = replace(make_report().changes, files=(file,))
    run = run_of(make_report(findings=(finding(anchor=Anchor("line", "a.py", 1, 1)),), changes=changes))
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["endColumn"] == 12


def test_an_upload_stays_below_ten_megabytes_whatever_the_model_writes(make_report):
    text = "".join(f"{number * 2654435761 % 2**32:x}ü " for number in range(10_000))
    many = tuple(finding(f"{at:016x}", explanation=text[at:]) for at in range(200))
    results = run_of(make_report(findings=many))["results"]
    assert sum(len(result["message"]["text"].encode()) for result in results) < 8_100_000
    assert results[0]["message"]["text"].endswith("…\n\n(single pass, confirmed by a fresh context)")


def test_a_finding_without_a_file_is_counted_not_lost(make_report):
    run = run_of(make_report(findings=(finding(anchor=Anchor("none", "", 0, 0)),)))
    assert run["results"] == []
    assert run["properties"]["leftOut"] == {"without a file": 1}


def test_deleted_lines_point_to_where_they_stood(make_report):
    run = run_of(make_report(findings=(finding(anchor=Anchor("line", "src/app.py", 4, 4, "LEFT")),)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_an_incomplete_run_says_why(make_report):
    invocation = run_of(make_report(("The API was down.",), engine="offline"))["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "Incomplete: not everything that should have been reviewed was.",
        "The API was down.",
        "No model was used: offline engine.",
    ]


def test_runs_of_pull_requests_and_audits_are_kept_apart(make_report):
    assert run_of(make_report())["automationDetails"] == {"id": "reviewer/single/"}
    assert run_of(replace(make_report(), strategy="audit"))["automationDetails"] == {"id": "reviewer/audit/"}


def test_hidden_characters_are_shown(hostile, tmp_path):
    write_sarif(hostile, tmp_path / "out.sarif")
    text = (tmp_path / "out.sarif").read_text("ascii")
    assert "\\u202e" not in text
    assert "\\\\u{202E}" in text
