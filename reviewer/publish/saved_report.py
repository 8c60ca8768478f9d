"""Reading a JSON report back, so that a review that could not be posted is posted later without any model call."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from reviewer.core.change import ChangedFile, ChangeSet, Status
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Disposition, Finding, Provenance, Severity
from reviewer.core.report import Cost, Engine, Estimate, FileReport, PassReport, Report
from reviewer.core.request import Usage
from reviewer.core.verdict import FailOn, State, Verdict
from reviewer.errors import InputError

MAX_REPORT = 100_000_000
"""Bytes of a report that is read back: far above what any review writes."""
_Json = Mapping[str, Any]


def read_report(path: Path) -> Report:
    """The report as it was written, but for the hunks of its change set: those must be fetched again to post inline.

    InputError for a file that cannot be read, or that is no report of schema version 1.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_REPORT + 1)
        if len(raw) > MAX_REPORT:
            raise ValueError(f"it has more than {MAX_REPORT / 1e6:.0f} MB")
        data = json.loads(raw.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"The report {path} could not be read: {_said(error)}.",
            "It may be missing, or was not written by `--json`.",
            "Name the file that an earlier run wrote with `--json`.",
        ) from error
    try:
        if data["schema_version"] != 1:
            raise ValueError(f"schema_version is {data['schema_version']!r}")
        return _report(data)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise InputError(
            f"{path} is no report of schema version 1: {type(error).__name__}: {error}.",
            "It may come from another tool, or from another version of Reviewer.",
            "Write it again with this version's `--json`.",
        ) from error


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)[:200]


def _report(data: _Json) -> Report:
    files = tuple(_file(item) for item in data["files"])
    return Report(
        verdict=_verdict(data),
        strategy=_one_of(("single", "multi", "audit"), data["strategy"]),
        engine=_one_of(get_args(Engine), data["engine"]),
        changes=_changes(data, files),
        files=files,
        passes=tuple(_pass(item) for item in data["passes"]),
        findings=tuple(_finding(item) for item in data["findings"]),
        cost=_cost(data["cost"]),
        fail_on=_one_of(get_args(FailOn), data["fail_on"]),
        summaries=tuple(map(str, data["summaries"])),
        shed=tuple(map(str, data["shed"])),
        notes=tuple(map(str, data["notes"])),
        estimate=_estimate(data.get("estimate")),
        plan_only=bool(data["plan_only"]),
        seconds=float(data["seconds"]),
        units_failed=int(data["coverage"]["units_failed"]),
        extra={"policy": str(data["policy_sha256"])} if "policy_sha256" in data else {},
    )


def _one_of(known: tuple[Any, ...], value: Any) -> Any:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


def _verdict(data: _Json) -> Verdict:
    return Verdict(
        _one_of(get_args(State), data["verdict"]),
        int(data["exit_code"]),
        sum(item["disposition"] in ("posted", "summary") for item in data["findings"]),
        int(data["blocking"]),
        tuple(map(str, data["incomplete_because"])),
    )


def _file(item: _Json) -> FileReport:
    _one_of(get_args(Status), item["status"])
    return FileReport(
        item["path"],
        item["old_path"],
        item["status"],
        int(item["additions"]),
        int(item["deletions"]),
        bool(item["reviewed"]),
        item["reason"],
    )


def _changes(data: _Json, files: tuple[FileReport, ...]) -> ChangeSet:
    return ChangeSet(
        data["repository"],
        data["base_sha"],
        data["head_sha"],
        tuple(
            ChangedFile(file.path, file.status, file.old_path, additions=file.additions, deletions=file.deletions)
            for file in files
        ),
        data["pull_request"],
        changed_files=int(data["coverage"]["files_total"]),
    )


def _pass(item: _Json) -> PassReport:
    values = {name: item[name] for name in PassReport.__slots__ if name not in ("files", "usage", "usd")}
    return PassReport(**values, files=tuple(item["files"]), usage=Usage(**item["usage"]), usd=Decimal(item["usd"]))


def _finding(item: _Json) -> Finding:
    claimed, origin = item["claimed"], dict(item["provenance"])
    claim = Claim(
        path=claimed["path"],
        start_line=claimed["start_line"],
        end_line=claimed["end_line"],
        quote=item["quote"],
        severity=Severity(item["severity"]),
        confidence=Confidence(item["confidence"]),
        category=Category(item["category"]),
        title=item["title"],
        explanation=item["explanation"],
        suggestion=item["suggestion"],
    )
    kind = _one_of(("line", "hunk", "file", "none"), item["anchor"])
    side = _one_of(("RIGHT", "LEFT"), item["side"])
    return Finding(
        claim,
        Anchor(kind, item["path"], int(item["start_line"]), int(item["end_line"]), side),
        item["fingerprint"],
        Provenance(**origin | {"also": tuple(origin["also"])}),
        Disposition(item["disposition"]),
        item["verified"],
        item["verdict_note"],
        tuple(item["notes"]),
    )


def _cost(item: _Json) -> Cost:
    usage = Usage(**{name: int(item[name]) for name in Usage.__slots__})
    sync = Decimal(item["sync_usd"])
    return Cost(Decimal(item["usd"]), sync, sync + Decimal(item["cache_saved_usd"]), usage)


def _estimate(item: _Json | None) -> Estimate | None:
    if item is None:
        return None
    return Estimate(item["requests"], item["input_tokens"], item["output_tokens"], Decimal(item["usd"]))
