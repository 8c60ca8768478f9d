"""The nightly audit as one GitHub issue: what is new, what persists since when, what is fixed. Updated, not refiled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote

from reviewer.core.audit_report import IssueDraft, Known, Standing, issue_marker
from reviewer.core.finding import Finding
from reviewer.core.number import number
from reviewer.core.report import Report
from reviewer.guard import markdown
from reviewer.publish.review_comments import BODY_LIMIT, ICONS
from reviewer.publish.wording import OFFLINE, coverage, money, place, title

TITLE = "Nightly audit: findings"
_ROWS = 60
"""Rows of one table; a longer one is not read, and the JSON report has all."""
_DETAILS = 25
"""New findings that are explained in the issue."""

_Row = TypeVar("_Row")


def draft_issue(report: Report, standing: Standing, repository_url: str, evidence: str = "") -> IssueDraft:
    """The issue after an audit. `evidence` names the file or link with the provenance records.

    It is closed when nothing stands and the audit was complete; an incomplete one without findings changes no state.
    """
    marker = issue_marker(report.changes.head_sha)
    body = "\n\n".join([*_fitting(_parts(report, standing, repository_url, evidence), BODY_LIMIT - 200), marker])
    if standing.open:
        return IssueDraft(TITLE, body, "open", reopen=bool(standing.new))
    return IssueDraft(TITLE, body, "keep" if report.verdict.state == "incomplete" else "closed")


def _parts(report: Report, standing: Standing, url: str, evidence: str) -> Iterator[str]:
    yield f"## {_headline(standing)}"
    if report.engine == "offline":
        yield f"> {OFFLINE} The findings come from rules and linters."
    if report.verdict.incomplete_because:
        reasons = "\n".join(f"- {markdown.inline(text)}" for text in report.verdict.incomplete_because[:20])
        yield f"**This audit is incomplete:**\n\n{reasons}"
    yield f"Commit {markdown.code(report.changes.head_sha)}: {coverage(report)}."
    commit = report.changes.head_sha
    yield from _table("New", "Checked", standing.new, lambda one: _row(one, _checked(one), commit, url))
    yield from _table("Persisting", "Since", standing.persisting, lambda row: _row(row.finding, row.since, commit, url))
    yield from _table("Fixed since the last audit", "Since", standing.fixed, _known)
    yield from _table("Refuted on a fresh look", "Since", standing.refuted, _known)
    yield from _table("Not looked at this time", "Since", standing.unseen, _known)
    if evidence:
        yield f"Provenance of each finding and each file: {markdown.inline(evidence)}."
    yield " ".join(money(report))
    if report.notes or report.shed:
        yield "\n".join(f"- {markdown.inline(text)}" for text in (*report.shed, *report.notes)[:20])
    yield from (_details(finding) for finding in standing.new[:_DETAILS])
    if len(standing.new) > _DETAILS:
        more = number(len(standing.new) - _DETAILS, "more new finding")
        yield f"_{more} explained in the JSON report._"


def _headline(standing: Standing) -> str:
    if not standing.open:
        fixed = f", {number(len(standing.fixed), 'problem')} fixed" if standing.fixed else ""
        return f"✅ Nothing stands{fixed}"
    new, persisting = len(standing.new), len(standing.persisting)
    counts = [f"{new} new", f"{persisting} persisting", f"{len(standing.fixed)} fixed"]
    if standing.unseen:
        counts.append(f"{len(standing.unseen)} not looked at")
    return f"{number(standing.open, 'finding')}: {', '.join(counts)}"


def _table(name: str, last: str, rows: Sequence[_Row], shown: Callable[[_Row], str]) -> Iterator[str]:
    if rows:
        lines = [f"| Severity | Where | What | {last} |", "|---|---|---|---|", *map(shown, rows[:_ROWS])]
        more = len(rows) - _ROWS
        note = f"\n\n_{number(more, 'more row')} in the JSON report._" if more > 0 else ""
        yield f"### {name} ({len(rows):,})\n\n" + "\n".join(lines) + note


def _row(finding: Finding, last: str, commit: str, url: str) -> str:
    where = markdown.cell(place(finding))
    anchor = finding.anchor
    if url and anchor.kind != "none":
        path = quote(anchor.path.encode("utf-8", "surrogatepass"))
        line = f"#L{anchor.start_line}" if anchor.start_line > 0 else ""
        where = f"[{markdown.code(place(finding)).replace('|', chr(92) + '|')}]({url}/blob/{commit}/{path}{line})"
    claim = finding.claim
    return f"| {ICONS[claim.severity]} {claim.severity} | {where} | {markdown.cell(title(finding))} | {last} |"


def _known(known: Known) -> str:
    where = f"{known.path}:{known.line}" if known.line > 0 else known.path
    what = markdown.cell(known.title[:300])
    return f"| {ICONS[known.severity]} {known.severity} | {markdown.cell(where)} | {what} | {known.since} |"


def _checked(finding: Finding) -> str:
    return "confirmed" if finding.verified else "unverified"


def _details(finding: Finding) -> str:
    claim = finding.claim
    parts = [
        f"**{ICONS[claim.severity]} {markdown.inline(title(finding))}** · {markdown.code(place(finding))}",
        markdown.clip(markdown.prose(claim.explanation), 4_000),
        f"<sub>{_checked(finding)} · confidence {claim.confidence} · record {finding.fingerprint}</sub>",
    ]
    # Quoted code may hold a line that reads as a marker.
    return "\n\n".join(parts).replace("\n<!-- reviewer:", "\n <!-- reviewer:")


def _fitting(parts: Iterable[str], room: int) -> Iterator[str]:
    """As many parts, in order, as have room; a part that has none is told of and what follows is still tried."""
    left_out = 0
    for part in parts:
        if len(part) + 2 <= room:
            room -= len(part) + 2
            yield part
        else:
            left_out += 1
    if left_out:
        yield f"_{number(left_out, 'part')} had no room here: see the JSON report._"
