"""Several repositories in one report, for the outputs that are one file."""

from collections.abc import Sequence
from dataclasses import replace

from reviewer.audit.document import AuditDocument
from reviewer.audit.ledger import total_cost
from reviewer.audit.reporting import RepositoryReport
from reviewer.core.audit_trend import finding_below
from reviewer.core.change import ChangeSet
from reviewer.core.report import Report


def combined(reports: Sequence[RepositoryReport], document: AuditDocument) -> Report:
    """All repositories in one report: its paths begin with the repository's name where there are several."""
    if len(reports) == 1:
        return reports[0].report
    parts = [_prefixed(each.report, each.repository.name) for each in reports]
    findings = tuple(finding for part in parts for finding in part.findings)
    settings = document.settings
    states = [part.verdict for part in parts]
    shortfalls = tuple(dict.fromkeys(why for verdict in states for why in verdict.incomplete_because))
    worst = max(states, key=lambda verdict: ("pass", "findings", "incomplete").index(verdict.state))
    verdict = replace(
        worst,
        exit_code=max(verdict.exit_code for verdict in states),
        findings=sum(verdict.findings for verdict in states),
        blocking=sum(verdict.blocking for verdict in states),
        incomplete_because=shortfalls,
    )
    files = tuple(file for part in parts for file in part.files)
    changes = ChangeSet(
        ", ".join(each.repository.name for each in reports),
        ", ".join(each.repository.commit for each in reports),
        ", ".join(each.repository.commit for each in reports),
        tuple(file for part in parts for file in part.changes.files),
        changed_files=len(files),
    )
    return replace(
        parts[0],
        verdict=verdict,
        changes=changes,
        files=files,
        passes=tuple(made for part in parts for made in part.passes),
        findings=findings,
        cost=total_cost(part.cost for part in parts),
        fail_on=settings.fail_on,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        units_failed=sum(part.units_failed for part in parts),
    )


def _prefixed(report: Report, name: str) -> Report:
    """The same with every path below the repository's name."""
    files = tuple(replace(file, path=f"{name}/{file.path}") for file in report.files)
    changes = replace(
        report.changes,
        files=tuple(replace(file, path=f"{name}/{file.path}") for file in report.changes.files),
    )
    findings = tuple(finding_below(finding, name) for finding in report.findings)
    passes = tuple(replace(made, files=tuple(f"{name}/{path}" for path in made.files)) for made in report.passes)
    return replace(report, files=files, changes=changes, findings=findings, passes=passes)
