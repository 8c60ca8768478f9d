"""The review in GitHub's Markdown: whole for the job's summary, short for the one comment that each run updates."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from reviewer.core.finding import Finding
from reviewer.core.number import number
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.errors import InputError
from reviewer.guard import markdown
from reviewer.guard.outgoing import clean
from reviewer.guard.terminal import plain
from reviewer.publish.excerpt import excerpt
from reviewer.publish.review_comments import BODY_LIMIT, ICONS
from reviewer.publish.wording import (
    OFFLINE,
    counting,
    coverage,
    dollars,
    headline,
    money,
    picture,
    place,
    severities,
    standing,
    state,
    title,
    uncounted,
)

SUMMARY_LIMIT = 1024 * 1024 - 4096
"""Bytes of a step's summary. The runner drops one above 1 MiB whole, so this stays clear of it."""

_STATE_ICONS = {"Pass": "✅", "Findings": "❌", "Incomplete": "⚠️", "Plan": "📝"}
_COMMENT_ROWS = 50
_SUMMARIES, _SUMMARY_CHARACTERS = 3, 2_000


def job_summary(report: Report, publications: Iterable[Publication] = ()) -> str:
    """The whole review; what did not fit below the runner's limit is counted where it would have stood."""
    found = counting(report)
    head = [*_top(report), *_table(found, len(found))]
    tail = list(_tail(report, publications))
    room = SUMMARY_LIMIT - sum(len(block.encode()) + 2 for block in (*head, *tail))
    return "\n\n".join([*head, *_fitting([_details(finding, report) for finding in found], room), *tail]) + "\n"


def summary_comment(report: Report, marker: str) -> str:
    """The same, short: verdict, findings as a table, files folded, cost; `marker` is the hidden last line."""
    blocks = [*_top(report), *_table(counting(report), _COMMENT_ROWS), _files(report), *_uncounted(report)]
    blocks += [" ".join(money(report)), *_remarks(report)]
    return "\n\n".join([*_fitting(blocks, BODY_LIMIT - len(marker)), marker])


def write_job_summary(text: str, path: Path) -> None:
    """Append to the file that GITHUB_STEP_SUMMARY names; a text that does not fit beside what is there is cut.

    InputError where the file cannot be written.
    """
    notice = "> **Cut here:** GitHub takes 1 MiB of summary. The JSON report has the rest.\n"
    try:
        room = SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0)
        data = markdown.clip(clean(text), max(room, len(notice)), notice, utf8=True).encode("utf-8", "replace")
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise InputError(
            f"The job summary could not be written to {path}: {error.strerror or error}.",
            "GITHUB_STEP_SUMMARY may name a file that this user cannot write to.",
            "Let it name a writable file, or unset it outside GitHub Actions.",
        ) from error


def _top(report: Report) -> Iterator[str]:
    yield f"## {_STATE_ICONS[state(report)]} Reviewer: {state(report)}\n\n**{headline(report)}**"
    if report.engine == "offline":
        yield f"> {OFFLINE} The findings come from rules and linters."
    reasons = report.verdict.incomplete_because
    if reasons:
        yield "**What is missing, and what to do:**\n\n" + "\n".join(f"- {markdown.inline(text)}" for text in reasons)
    found = counting(report)
    counts = f"{picture(found)} {number(len(found), 'finding')} ({severities(found)}) · " if found else ""
    yield counts + coverage(report)
    if report.engine != "offline":  # the rules have no words of their own
        yield from (markdown.prose(text[:_SUMMARY_CHARACTERS]) for text in report.summaries[:_SUMMARIES])


def _table(findings: Sequence[Finding], most: int) -> Iterator[str]:
    if not findings:
        return
    rows = ["| Severity | Where | What | Category | Checked |", "|---|---|---|---|---|"]
    for finding in findings[:most]:
        claim = finding.claim
        checked = "yes" if finding.verified else "no"
        rows.append(
            f"| {ICONS[claim.severity]} {claim.severity} | {markdown.cell(place(finding))} "
            f"| {markdown.cell(title(finding))} | {claim.category} | {checked} |"
        )
    yield "\n".join(rows)
    if len(findings) > most:
        yield f"_{number(len(findings) - most, 'more finding')} in the job summary and the JSON report._"


def _details(finding: Finding, report: Report) -> str:
    claim = finding.claim
    parts = [markdown.prose(claim.explanation)]
    code = excerpt(finding.anchor, report.changes)
    if code:
        lines = (
            f"{'>' if line.meant else ' '}{'' if line.number is None else line.number:>6} {line.mark} {line.text}"
            for line in code
        )
        parts.append(markdown.fence("\n".join(lines)))
    if claim.suggestion:
        parts.append("Proposed code:\n\n" + markdown.fence(claim.suggestion))
    parts.append(f"<sub>{standing(finding)} · confidence {claim.confidence} · {finding.disposition}</sub>")
    name = f"{_literal(title(finding))} {_literal(place(finding))}"
    return _folded(f"{ICONS[claim.severity]} {claim.severity}: {name}", "\n\n".join(parts))


def _tail(report: Report, publications: Iterable[Publication]) -> Iterator[str]:
    yield _files(report)
    yield from _uncounted(report)
    yield from _passes(report)
    yield " ".join(money(report))
    yield from _remarks(report)
    failed = [item for item in publications if item.outcome in ("failed", "skipped")]
    if failed:
        lines = (f"- {item.channel} {item.outcome}: {markdown.inline(item.detail)}" for item in failed)
        yield "**Not published:**\n\n" + "\n".join(lines)


def _files(report: Report) -> str:
    rows = ["| File | Change | Reviewed |", "|---|---|---|"]
    for file in report.files:
        moved = f" (from {markdown.cell(file.old_path)})" if file.old_path else ""
        fate = "yes" if file.reviewed else f"no: {markdown.cell(file.reason)}" if file.reason else "not yet"
        rows.append(
            f"| {markdown.cell(file.path)}{moved} | {file.status} +{file.additions} −{file.deletions} | {fate} |"
        )
    reasons = Counter(file.reason for file in report.files if file.reason)
    told = ", ".join(f"{count} {_literal(reason)}" for reason, count in reasons.most_common(5))
    missing = f"{markdown.inline(report.changes.missing)}\n\n" if report.changes.missing else ""
    return missing + _folded(f"Files: {coverage(report)}{f' ({told})' if told else ''}", "\n".join(rows))


def _uncounted(report: Report) -> Iterator[str]:
    rest = uncounted(report)
    if rest:
        rows = ["| Where | What | Why it does not count |", "|---|---|---|"]
        for finding, reason in rest:
            note = f": {markdown.cell(finding.verdict_note)}" if finding.verdict_note else ""
            rows.append(f"| {markdown.cell(place(finding))} | {markdown.cell(title(finding))} | {reason}{note} |")
        yield _folded(
            f"{number(len(rest), 'finding')} that {'does' if len(rest) == 1 else 'do'} not count", "\n".join(rows)
        )


def _passes(report: Report) -> Iterator[str]:
    if report.passes:
        rows = ["| Pass | Files | Model | Outcome | Input | Output | Cost |", "|---|---|---|---|--:|--:|--:|"]
        for item in report.passes:
            files = markdown.cell(item.files[0]) if len(item.files) == 1 else number(len(item.files), "file")
            outcome = markdown.cell(item.outcome) + (" (memo)" if item.memo else "")
            rows.append(
                f"| {item.kind} | {files} | {markdown.cell(item.model)} | {outcome} | {item.usage.total_input:,} "
                f"| {item.usage.output_tokens:,} | {dollars(item.usd)} |"
            )
        yield _folded(f"Passes: {len(report.passes)}", "\n".join(rows))


def _remarks(report: Report) -> Iterator[str]:
    for name, texts in (("Left out under pressure", report.shed), ("Notes", report.notes)):
        if texts:
            yield f"**{name}:**\n\n" + "\n".join(f"- {markdown.inline(text)}" for text in texts)


def _fitting(blocks: Sequence[str], room: int) -> list[str]:
    """As many blocks, in order, as have room, and how many had none: what follows a large one is still tried."""
    shown: list[str] = []
    for block in blocks:
        size = len(block.encode()) + 2
        if size <= room - 200:
            shown.append(block)
            room -= size
    left_out = len(blocks) - len(shown)
    if left_out:
        shown.append(f"> **Cut here:** {number(left_out, 'part')} had no room; the JSON report has all.")
    return shown


def _folded(name: str, text: str) -> str:
    return f"<details><summary>{name}</summary>\n\n{text}\n\n</details>"


def _literal(text: str) -> str:
    """Untrusted text inside `<summary>`: that is HTML, where Markdown's escapes mean nothing and only code is inert."""
    return f"<code>{escape(' '.join(plain(text).split()))}</code>"
