"""SARIF 2.1.0 for code scanning, within the limits that GitHub sets for an upload.

Refuted, duplicate and suppressed findings are left out and counted in the run's properties: GitHub does not read
`suppressions`, and would open an alert for each of them.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reviewer import __version__
from reviewer.core.finding import Anchor, Category, Confidence, Finding, Severity
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.guard.hidden import reveal
from reviewer.guard.sarif import message
from reviewer.publish.excerpt import anchored_lines, new_side
from reviewer.publish.files import write_whole
from reviewer.publish.wording import OFFLINE, counting, headline, place, standing

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5_000
"""GitHub keeps the top 5,000 results of a run, and refuses a run with more than 25,000."""
_LONGEST = 1_000
"""Characters of a title or description; GitHub's limit is 1,024."""
_EXPLANATIONS = 8_000_000
"""Bytes of all explanations together, each with the same share: GitHub takes no upload above 10 MB, compressed."""

_HELP: dict[Category, tuple[str, str]] = {
    Category.CORRECTNESS: (
        "Wrong result or crash",
        "The code does not do what it is meant to do. Follow the values that the explanation names through the lines "
        "shown, write a test that fails, then change the code.",
    ),
    Category.SECURITY: (
        "Security weakness",
        "Someone could make the code do what its owner did not want. Find where the untrusted value enters, check or "
        "encode it there, and take any secret that was exposed out of use.",
    ),
    Category.CONCURRENCY: (
        "Concurrency fault",
        "The result depends on timing. Name the shared state, then guard it, or stop sharing it.",
    ),
    Category.DATA_LOSS: (
        "Data may be lost",
        "Stored or unsaved data can vanish or be damaged. Make the step atomic or undoable before anything else.",
    ),
    Category.PERFORMANCE: (
        "Slow or wasteful",
        "The work grows faster than its input, or is done again for nothing. Measure first, with real sizes.",
    ),
    Category.API_CONTRACT: (
        "Broken contract",
        "Caller and callee no longer agree. Change both sides together, or keep the old form until nobody uses it.",
    ),
    Category.TESTING: (
        "Test gap",
        "A test is missing, or cannot fail. Add the case that the explanation names and see it fail first.",
    ),
    Category.MAINTAINABILITY: (
        "Hard to maintain",
        "The code works, but invites the next fault. Simplify it while the context is fresh.",
    ),
}
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}


def sarif_dict(report: Report) -> dict[str, Any]:
    """One run: a rule per category in use, a result per finding that counts, worst first."""
    findings = counting(report)
    placed = [finding for finding in findings if finding.anchor.path]
    kept = placed[:MOST_RESULTS]
    worst = {finding.claim.category: finding.severity for finding in reversed(kept)}
    rules = sorted(worst)
    left_out = Counter(finding.disposition.value for finding in report.findings if not finding.counts)
    left_out["without a file"] = len(findings) - len(placed)
    left_out["over the limit"] = len(placed) - len(kept)
    room = _EXPLANATIONS // max(1, len(kept))
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Reviewer",
                "semanticVersion": __version__,
                "rules": [_rule(category, worst[category]) for category in rules],
            }
        },
        "automationDetails": {"id": f"reviewer/{report.strategy}/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report)],
        "results": [_result(finding, rules, report, room) for finding in kept],
        "properties": {
            "verdict": report.verdict.state,
            "engine": report.engine,
            "leftOut": {name: count for name, count in left_out.items() if count},
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def write_sarif(report: Report, path: Path) -> Publication:
    """Write the file whole or not at all. InputError where the folder cannot be written."""
    write_whole(path, json.dumps(sarif_dict(report), indent=1) + "\n")
    return Publication("sarif", "posted", str(path))


def _rule(category: Category, severity: Severity) -> dict[str, Any]:
    # Rules are named by category alone: a severity that a later run judges differently must not open a new alert.
    title, advice = _HELP[category]
    properties: dict[str, Any] = {"tags": ["code-review", category.value], "problem.severity": _problem(severity)}
    if category in (Category.SECURITY, Category.DATA_LOSS):
        properties["tags"] = ["code-review", *dict.fromkeys((category.value, "security"))]
        properties["security-severity"] = _SCORES[severity]
    return {
        "id": category.value,
        "name": category.name.title().replace("_", ""),
        "shortDescription": {"text": title},
        "fullDescription": {"text": advice},
        "help": {"text": advice, "markdown": f"**{title}.** {advice}"},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": properties,
    }


def _problem(severity: Severity) -> str:
    return {"note": "recommendation"}.get(_LEVELS[severity], _LEVELS[severity])


def _result(finding: Finding, rules: list[Category], report: Report, room: int) -> dict[str, Any]:
    claim = finding.claim
    text = f"{reveal(claim.title)[:_LONGEST]}\n\n{_cut(claim.explanation, room)}\n\n({standing(finding)})"
    if report.engine == "offline":
        text += f" {OFFLINE}"
    return {
        "ruleId": claim.category.value,
        "ruleIndex": rules.index(claim.category),
        "level": _LEVELS[finding.severity],
        "message": {"text": message(text)},
        "locations": [{"physicalLocation": _location(finding.anchor, report)}],
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "reviewer/v1": finding.fingerprint,
        },
        "properties": {
            "precision": _PRECISION[claim.confidence],
            "place": reveal(place(finding)),
            "disposition": finding.disposition.value,
            "unit": finding.provenance.unit,
            "model": finding.provenance.model,
        },
    }


def _cut(text: str, room: int) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return text if len(raw) <= room else raw[:room].decode("utf-8", "ignore") + "…"


def _location(anchor: Anchor, report: Report) -> dict[str, Any]:
    start, end = new_side(anchor, report.changes)
    shown = anchored_lines(anchor, report.changes.file(anchor.path)) if anchor.side == "RIGHT" else ()
    # The line ends before its line end, of which a file from Windows keeps a half.
    last = max(1, len(shown[-1].removesuffix("\r").encode("utf-16-le", "surrogatepass")) // 2) if shown else 1
    # A path that could leave the repository, or name a host, would be no relative reference.
    path = "/".join(part for part in anchor.path.split("/") if part not in ("", ".", ".."))
    uri = quote(path.encode("utf-8", "surrogatepass"))
    return {
        "artifactLocation": {"uri": uri or "unknown", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": start, "startColumn": 1, "endLine": end, "endColumn": last + 1},
    }


def _invocation(report: Report) -> dict[str, Any]:
    notes = [headline(report)] if report.verdict.state == "incomplete" else []
    notes += report.verdict.incomplete_because
    if report.engine == "offline":
        notes.append(OFFLINE)
    return {
        "executionSuccessful": report.verdict.state != "incomplete",
        "toolExecutionNotifications": [
            {"level": "warning", "message": {"text": message(note)}} for note in notes if note
        ],
    }
