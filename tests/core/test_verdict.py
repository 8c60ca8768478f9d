from typing import get_args

import pytest

from reviewer.core.finding import Disposition
from reviewer.core.request import Cause
from reviewer.core.verdict import Shortfall, Verdict, blocks, decide
from tests.core.findings import finding

SEVERITIES = ("critical", "high", "medium", "low")
LATE = Shortfall("deadline", "The deadline came.")
SILENT = Shortfall("api", "The API was silent.")


@pytest.mark.parametrize(
    ("severities", "shortfalls", "fail_on", "on_incomplete", "state", "code"),
    [
        ("", [], "high", "fail", "pass", 0),
        ("low medium", [], "high", "fail", "pass", 0),
        ("low high", [], "high", "fail", "findings", 1),
        ("critical", [], "high", "fail", "findings", 1),
        ("high", [], "critical", "fail", "pass", 0),
        ("low", [], "low", "fail", "findings", 1),
        ("critical", [], "never", "fail", "pass", 0),
        ("", [LATE], "high", "fail", "incomplete", 3),
        ("critical", [LATE], "high", "fail", "incomplete", 3),
        ("critical", [LATE], "never", "fail", "incomplete", 3),
        ("", [LATE], "high", "neutral", "incomplete", 0),
        ("low", [LATE], "high", "neutral", "incomplete", 0),
        ("high", [LATE], "high", "neutral", "findings", 1),
        ("high", [LATE], "never", "neutral", "incomplete", 0),
        ("", [LATE], "high", {"deadline": "neutral"}, "incomplete", 0),
        ("", [LATE], "high", {"api": "neutral"}, "incomplete", 3),
        ("", [LATE], "high", {}, "incomplete", 3),
        ("", [LATE, SILENT], "high", {"deadline": "neutral"}, "incomplete", 3),
        ("", [LATE, SILENT], "high", {"deadline": "neutral", "api": "neutral"}, "incomplete", 0),
        ("high", [LATE, SILENT], "high", {"deadline": "neutral"}, "incomplete", 3),
    ],
)
def test_state_and_exit_code(severities, shortfalls, fail_on, on_incomplete, state, code):
    findings = [finding(severity=severity) for severity in severities.split()]
    verdict = decide(findings, shortfalls, fail_on, on_incomplete)
    assert (verdict.state, verdict.exit_code) == (state, code)


@pytest.mark.parametrize("cause", get_args(Cause))
@pytest.mark.parametrize("policy", ["fail", "neutral"])
def test_it_is_never_green_without_a_review(cause, policy):
    for on_incomplete in (policy, {cause: policy}):
        verdict = decide([], [Shortfall(cause, "Why.")], "never", on_incomplete)
        assert verdict == Verdict("incomplete", 3 if policy == "fail" else 0, 0, 0, ("Why.",))


@pytest.mark.parametrize("fail_on", SEVERITIES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_finding_blocks_from_the_configured_severity_on(severity, fail_on):
    assert blocks(finding(severity=severity), fail_on) is (SEVERITIES.index(severity) <= SEVERITIES.index(fail_on))
    assert not blocks(finding(severity=severity), "never")


@pytest.mark.parametrize("fate", list(Disposition))
def test_only_what_stands_takes_part(fate):
    verdict = decide([finding(severity="critical", disposition=fate)], [])
    stands = fate in (Disposition.POSTED, Disposition.SUMMARY)
    assert (verdict.state, verdict.findings, verdict.blocking) == (("findings", 1, 1) if stands else ("pass", 0, 0))


def test_counts_and_reasons_are_told_each_once():
    findings = [finding(severity="high"), finding(severity="low"), finding(severity="critical")]
    verdict = decide(findings, iter([LATE, SILENT, LATE]))
    assert verdict == Verdict("incomplete", 3, 3, 2, ("The deadline came.", "The API was silent."))
