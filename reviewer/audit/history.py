"""An audit in time: how its findings stand against the last one's, the figures of the last runs, and its records."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reviewer.audit.document import AuditDocument
from reviewer.audit.reporting import RepositoryReport
from reviewer.core.audit_report import Standing
from reviewer.core.audit_trend import KEPT_RUNS, History, Record, RunFigures, below, counted, together
from reviewer.core.report import Report
from reviewer.publish.provenance import provenance_line


@dataclass(slots=True)
class Evidence:
    """Where an audit's records are written, and those of its findings by repository, path and fingerprint."""

    path: Path | None = None
    records: dict[tuple[str, str, str], Record] = field(default_factory=dict)

    def noting(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The same rows, on their way into the file."""
        for line, row in enumerate(rows, start=1):
            if row["type"] == "finding":
                key = row["repository"], row["path"], row["fingerprint"]
                self.records.setdefault(key, Record(line, provenance_line(row)))
            yield row

    def seen_from(self, report: Path | None) -> str:
        """The file's name as a link in a report at this place; empty where there is none."""
        return os.path.relpath(self.path, report.parent).replace(os.sep, "/") if self.path and report else ""


def history_of(
    reports: Sequence[RepositoryReport], standings: Sequence[Standing], before: AuditDocument | None, run: RunFigures
) -> History:
    """How the audit stands in time, over all of its repositories; paths are those of the combined report."""
    if len(reports) > 1:
        standings = [below(one, each.repository.name) for one, each in zip(standings, reports, strict=True)]
    earlier = before.trend if before else ()
    trend = (*earlier, run)[-KEPT_RUNS:]
    return History(together(list(standings)), compared=before is not None, trend=trend)


def with_records(history: History, evidence: Evidence, report: Path | None, *, several: bool) -> History:
    """The same with the records, for a report at a place."""
    records = {
        (f"{repository}/{path}" if several else path, fingerprint): record
        for (repository, path, fingerprint), record in evidence.records.items()
    }
    return replace(history, records=records, evidence=evidence.seen_from(report))


def figures_of(report: Report, standings: Sequence[Standing], audit: str, day: str) -> RunFigures:
    """One audit in numbers."""
    return RunFigures(
        audit=audit,
        day=day,
        state="incomplete" if report.verdict.state == "incomplete" else "complete",
        severities=counted(report.findings),
        new=sum(len(one.new) for one in standings),
        fixed=sum(len(one.fixed) for one in standings),
        reviewed=report.reviewed,
        files=len(report.files),
        usd=report.cost.usd,
        sync_usd=report.cost.sync_usd,
    )
