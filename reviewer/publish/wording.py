"""The sentences that every channel says in the same words: verdict, counts, amounts, what to do. Trusted text only.

Texts of the model or of the pull request pass through here unchanged; each channel sends them through its sanitiser.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from reviewer.core.finding import Disposition, Finding, Severity, worst_first
from reviewer.core.number import number
from reviewer.core.report import Report
from reviewer.core.verdict import blocks

OFFLINE = "No model was used: offline engine."

_STATES = {"pass": "Pass", "findings": "Findings", "incomplete": "Incomplete"}
LONGEST_TITLE = 300
_SQUARES = 20
_SQUARE = {Severity.CRITICAL: "🟥", Severity.HIGH: "🟧", Severity.MEDIUM: "🟨", Severity.LOW: "🟦"}
UNCOUNTED = {
    Disposition.SUPPRESSED: "suppressed (a person resolved or dismissed it before)",
    Disposition.DUPLICATE: "duplicate (another finding says the same)",
    Disposition.REFUTED: "refuted (the verify pass found that it does not hold)",
}


def dollars(amount: Decimal) -> str:
    """An amount for people: cents, and four places below a dime, where cents would say nothing."""
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    places = 4 if 0 < amount < Decimal("0.1") else 2
    return f"{sign}${amount:.{places}f}"


def headline(report: Report) -> str:
    """The verdict in one line, without markup."""
    verdict = report.verdict
    if report.plan_only:
        return "Plan only: nothing was sent to a model, so there is no review."
    if verdict.state == "incomplete":
        effect = "" if verdict.exit_code else " The configuration lets the check pass all the same."
        return f"Incomplete: not everything that should have been reviewed was.{effect}"
    if verdict.state == "findings":
        when = "" if report.strategy == "audit" else " before the merge"
        return f"{number(verdict.blocking, 'finding')} at or above {report.fail_on} must be looked at{when}."
    if verdict.findings:
        below = (
            "the check never fails for findings" if report.fail_on == "never" else f"none at or above {report.fail_on}"
        )
        return f"Pass: {number(verdict.findings, 'finding')}, {below}."
    return "Pass: no findings."


def beside_state(report: Report) -> str:
    """The headline for a place where the state stands beside it: without the word that says it again."""
    said = headline(report).rpartition(": ")[2]
    return said[0].upper() + said[1:]


def state(report: Report) -> str:
    """The verdict in one word, `Plan` for a dry run."""
    return "Plan" if report.plan_only else _STATES[report.verdict.state]


def coverage(report: Report) -> str:
    """How much of the change was reviewed."""
    total = max(len(report.files), report.changes.changed_files)
    if report.plan_only:
        planned = sum(file.reviewed or file.reason is None for file in report.files)
        return f"{planned} of {number(total, 'file')} to be reviewed"
    left_out = total - report.reviewed
    skipped = f", {left_out} not" if left_out else ""
    failed = f", {number(report.units_failed, 'pass', 'passes')} failed" if report.units_failed else ""
    return f"{report.reviewed} of {number(total, 'file')} reviewed{skipped}{failed}"


def severities(findings: tuple[Finding, ...] | list[Finding]) -> str:
    """`2 critical, 1 low`, worst first; empty without findings."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def picture(findings: Sequence[Finding]) -> str:
    """The findings as squares by severity, worst first: one each, or as many as tell the shares in `_SQUARES`."""
    counts = Counter(finding.severity for finding in findings)
    scale = min(1.0, _SQUARES / len(findings)) if findings else 0.0
    return "".join(
        _SQUARE[severity] * max(1, round(counts[severity] * scale)) for severity in Severity if counts[severity]
    )


def counting(report: Report) -> list[Finding]:
    """The findings that take part in the verdict, worst first, those that block before the others."""
    kept = [finding for finding in report.findings if finding.counts]
    return sorted(kept, key=lambda finding: (not blocks(finding, report.fail_on), *worst_first(finding)))


def uncounted(report: Report) -> list[tuple[Finding, str]]:
    """The findings that take no part in the verdict, each with its reason, worst first."""
    rest = sorted((finding for finding in report.findings if not finding.counts), key=worst_first)
    return [(finding, UNCOUNTED[finding.disposition]) for finding in rest]


def title(finding: Finding) -> str:
    """The finding's title; one that is no title but an essay is cut. Untrusted text."""
    text = finding.claim.title
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def place(finding: Finding) -> str:
    """`path:12-14`, `path` where no lines are meant; deleted lines are marked as such. Untrusted text: a path."""
    anchor = finding.anchor
    path = anchor.path or "(no file)"
    if anchor.start_line < 1:
        return path
    lines = str(anchor.start_line) if anchor.start_line == anchor.end_line else f"{anchor.start_line}-{anchor.end_line}"
    return f"{path}:{lines}" + (" (deleted)" if anchor.side == "LEFT" else "")


def standing(finding: Finding) -> str:
    """What stands behind a finding: which pass, and whether a fresh context has checked it."""
    others = len(finding.provenance.also)
    if finding.provenance.kind == "screen":
        return "found by fixed rules, without a model" + (f", and by {number(others, 'pass', 'passes')}" * bool(others))
    found = f"{finding.provenance.kind} pass"
    if others:
        found += f" and {number(others, 'other pass', 'other passes')}"
    checked = {True: "confirmed by a fresh context", False: "refuted by a fresh context", None: "unverified"}
    return f"{found}, {checked[finding.verified]}"


def money(report: Report) -> list[str]:
    """What was paid and what was saved, as short sentences; the plan's estimate for a dry run."""
    if report.plan_only:
        estimate = report.estimate
        if estimate is None:
            return ["Nothing was spent."]
        tokens = f"{estimate.input_tokens:,} input and {estimate.output_tokens:,} output tokens"
        return [f"Estimate: {number(estimate.requests, 'request')}, {tokens}, about {dollars(estimate.usd)}."]
    cost = report.cost
    tokens = f"{cost.usage.total_input:,} input and {cost.usage.output_tokens:,} output tokens"
    said = [f"Cost: {dollars(cost.usd)} for {tokens}."]
    if cost.sync_usd > cost.usd:
        said.append(f"Batches saved {dollars(cost.sync_usd - cost.usd)}.")
    if cost.cache_saved:
        verb = "saved" if cost.cache_saved > 0 else "cost more than it saved, by"
        said.append(f"Prompt caching {verb} {dollars(abs(cost.cache_saved))}.")
    memo = sum(item.memo for item in report.passes)
    if memo:
        said.append(f"{number(memo, 'answer')} came from the memo, at no cost.")
    return said
