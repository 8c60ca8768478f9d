"""The findings as the HTML report shows them: by file, the worst first, each with its permalink and its origin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reviewer.core.audit_trend import History, Record
from reviewer.core.finding import Finding, Severity
from reviewer.core.report import Report
from reviewer.core.verdict import blocks
from reviewer.publish import wording
from reviewer.publish.excerpt import excerpt
from reviewer.publish.html_text import code, proposal
from reviewer.publish.syntax import Colouring

_MANY = 1_000
"""Findings from which excerpts are shorter, so that the file stays small."""
_OPEN = 12
"""Findings that are open from the start: those that block, the first of them."""
_EMBEDDED = 1_500_000
"""Characters of provenance records inside the page; beyond that the record is named by its line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One finding. `id` is its fingerprint, made unique where two share one; `since` a day, empty for a new one."""

    finding: Finding
    id: str
    blocks: bool
    is_open: bool
    since: str
    code: Any
    proposal: Any
    origin: tuple[tuple[str, str], ...]
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class FileGroup:
    """One file's findings."""

    path: str
    rows: tuple[Row, ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Making:
    """What is shared by the rows of one page."""

    report: Report
    since: dict[tuple[str, str], str]
    colouring: Colouring = field(default_factory=Colouring)
    ids: dict[str, int] = field(default_factory=dict)
    opened: int = 0
    embedded: int = 0

    def row(self, finding: Finding) -> Row:
        report, claim = self.report, finding.claim
        blocking = finding.counts and blocks(finding, report.fail_on)
        opening = blocking and self.opened < _OPEN
        self.opened += opening
        many = len(report.findings) > _MANY
        lines = excerpt(finding.anchor, report.changes, context=2 if many else 3, longest=10 if many else 20)
        path = finding.anchor.path
        return Row(
            finding=finding,
            id=self._id(finding.fingerprint),
            blocks=blocking,
            is_open=opening,
            since=self.since.get((path, finding.fingerprint), ""),
            code=code(path, lines, self.colouring),
            proposal=proposal(path, claim.suggestion, self.colouring) if claim.suggestion else "",
            origin=tuple(_origin(finding)),
            record=self._record(finding),
        )

    def _id(self, fingerprint: str) -> str:
        seen = self.ids[fingerprint] = self.ids.get(fingerprint, 0) + 1
        return fingerprint if seen == 1 else f"{fingerprint}-{seen}"

    def _record(self, finding: Finding) -> Record | None:
        history = self.report.history or History()
        record = history.records.get((finding.anchor.path, finding.fingerprint))
        if record is None:
            return None
        self.embedded += len(record.text)
        return record if self.embedded <= _EMBEDDED else replace(record, text="")


def file_groups(report: Report) -> list[FileGroup]:
    """The findings by file: the file with the worst first, what does not count at the end of its file."""
    groups: dict[str, list[Finding]] = {}
    for finding in (*wording.counting(report), *(finding for finding, _ in wording.uncounted(report))):
        groups.setdefault(finding.anchor.path, []).append(finding)
    making = _Making(report, report.history.since() if report.history else {})
    return [FileGroup(path, tuple(map(making.row, own)), severity_counts(own)) for path, own in groups.items()]


def severity_counts(findings: Sequence[Finding]) -> tuple[tuple[str, int], ...]:
    """How many findings count of each severity, worst first; those without any are named, too."""
    found = [finding.severity for finding in findings if finding.counts]
    return tuple((severity.value, found.count(severity)) for severity in Severity)


def _origin(finding: Finding) -> Iterator[tuple[str, str]]:
    made = finding.provenance
    told = (
        ("pass", made.kind),
        ("model", made.model),
        ("batch", made.batch_id),
        ("custom id", made.custom_id),
        ("message", made.message_id),
        ("request", made.request_id),
        ("attempt", str(made.attempt)),
        ("prompt SHA-256", made.prompt_sha256),
        ("unit", made.unit),
        ("also reported by", ", ".join(made.also)),
        ("fingerprint", finding.fingerprint),
        ("quoted line", finding.claim.quote),
        ("verify pass", finding.verdict_note if finding.counts else ""),
        ("notes", " ".join(finding.notes)),
    )
    return ((name, value) for name, value in told if value)
