"""The JSON report, schema version 1 (fixed contract; `report.schema.json`), and reading it back to post it later."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from reviewer import __version__
from reviewer.core.finding import Finding
from reviewer.core.pricing import dollars
from reviewer.core.publication import Publication
from reviewer.core.report import FileReport, PassReport, Report
from reviewer.core.request import Usage
from reviewer.publish.files import write_parts, write_whole
from reviewer.publish.saved_report import read_report

__all__ = ["read_report", "report_dict", "report_schema", "write_json"]

SCHEMA_URL = (
    f"https://raw.githubusercontent.com/reviewer-bot/reviewer/v{__version__}/reviewer/publish/report.schema.json"
)
"""Where the schema of this version's reports is published."""


def report_dict(report: Report) -> dict[str, Any]:
    """The report as the contract writes it: names, order, and amounts as strings with six places."""
    return _frame(report) | {name: list(rows) for name, rows in _rows(report).items()}


def _rows(report: Report) -> Mapping[str, Iterator[Mapping[str, Any]]]:
    """The lists that are long where a report is."""
    return {
        "files": map(_file, report.files),
        "passes": map(_pass, report.passes),
        "findings": map(_finding, report.findings),
    }


def _frame(report: Report) -> dict[str, Any]:
    """The report with its long lists left empty."""
    verdict, changes, cost = report.verdict, report.changes, report.cost
    written: dict[str, Any] = {
        "schema_version": 1,
        "verdict": verdict.state,
        "incomplete_because": list(verdict.incomplete_because),
        "strategy": report.strategy,
        "repository": changes.repository,
        "pull_request": changes.number,
        "base_sha": changes.base_sha,
        "head_sha": changes.head_sha,
        "engine": report.engine,
        "files": [],
        "passes": [],
        "findings": [],
        "coverage": {
            "files_total": max(len(report.files), changes.changed_files),
            "files_reviewed": report.reviewed,
            "files_skipped": max(len(report.files), changes.changed_files) - report.reviewed,
            "units_failed": report.units_failed,
        },
        "cost": {
            "usd": dollars(cost.usd),
            "sync_usd": dollars(cost.sync_usd),
            **_usage(cost.usage, ("input_tokens", "output_tokens", "cache_read_input_tokens")),
            **_usage(cost.usage, ("cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens")),
            "cache_saved_usd": dollars(cost.cache_saved),
        },
    }
    return written | _more(report)


def _more(report: Report) -> dict[str, Any]:
    more: dict[str, Any] = {
        "$schema": SCHEMA_URL,
        "plan_only": report.plan_only,
        "fail_on": report.fail_on,
        "exit_code": report.verdict.exit_code,
        "blocking": report.verdict.blocking,
        "summaries": list(report.summaries),
        "shed": list(report.shed),
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }
    if "policy" in report.extra:
        more["policy_sha256"] = report.extra["policy"]
    if report.estimate:
        more["estimate"] = {
            "requests": report.estimate.requests,
            "input_tokens": report.estimate.input_tokens,
            "output_tokens": report.estimate.output_tokens,
            "usd": dollars(report.estimate.usd),
        }
    return more


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "old_path": file.old_path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "reviewed": file.reviewed,
        "reason": file.reason,
    }


def _pass(item: PassReport) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "files": list(item.files),
        "model": item.model,
        "lane": item.lane,
        "custom_id": item.custom_id,
        "batch_id": item.batch_id,
        "request_id": item.request_id,
        "message_id": item.message_id,
        "attempts": item.attempts,
        "outcome": item.outcome,
        "usage": _usage(item.usage, Usage.__slots__),
        "usd": dollars(item.usd),
        "prompt_sha256": item.prompt_sha256,
        "memo": item.memo,
        "seconds": round(item.seconds, 3),
    }


def _usage(usage: Usage, names: tuple[str, ...]) -> dict[str, int]:
    return {name: getattr(usage, name) for name in names}


def _finding(finding: Finding) -> dict[str, Any]:
    claim, anchor, origin = finding.claim, finding.anchor, finding.provenance
    return {
        "fingerprint": finding.fingerprint,
        "path": anchor.path,
        "side": anchor.side,
        "start_line": anchor.start_line,
        "end_line": anchor.end_line,
        "anchor": anchor.kind,
        "severity": claim.severity.value,
        "confidence": claim.confidence.value,
        "category": claim.category.value,
        "title": claim.title,
        "explanation": claim.explanation,
        "suggestion": claim.suggestion,
        "disposition": finding.disposition.value,
        "provenance": {
            "unit": origin.unit,
            "kind": origin.kind,
            "model": origin.model,
            "request_id": origin.request_id,
            "message_id": origin.message_id,
            "batch_id": origin.batch_id,
            "custom_id": origin.custom_id,
            "prompt_sha256": origin.prompt_sha256,
            "attempt": origin.attempt,
            "also": list(origin.also),
        },
        "quote": claim.quote,
        "verified": finding.verified,
        "verdict_note": finding.verdict_note,
        "notes": list(finding.notes),
        "claimed": {"path": claim.path, "start_line": claim.start_line, "end_line": claim.end_line},
    }


_INDENTED = 20_000
"""Files and passes up to which the report is laid out for readers: beyond, that takes longest of all."""
_AT_ONCE = 500
"""Rows written together where a report is not held at once."""


def write_json(report: Report, path: Path) -> Publication:
    """Write the report whole or not at all. InputError where the folder cannot be written."""
    if len(report.files) + len(report.passes) <= _INDENTED:
        write_whole(path, json.dumps(report_dict(report), indent=2) + "\n")
    else:
        write_parts(path, _parts(report))
    return Publication("json", "posted", str(path))


def _parts(report: Report) -> Iterator[str]:
    """The text in parts, none of which ends within a value of a row."""
    rows = _rows(report)
    for number, (name, value) in enumerate(_frame(report).items()):
        yield f"{', ' if number else '{'}{json.dumps(name)}: "
        yield from _list(rows[name]) if name in rows else [json.dumps(value)]
    yield "}\n"


def _list(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    before = "["
    while some := list(islice(rows, _AT_ONCE)):
        yield before + ", ".join(map(json.dumps, some))
        before = ", "
    yield "[]" if before == "[" else "]"


def report_schema() -> Mapping[str, Any]:
    """The JSON Schema of the report."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text("utf-8"))
    return schema
