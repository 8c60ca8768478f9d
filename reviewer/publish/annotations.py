"""Workflow commands that put findings on a change's lines in the Actions log and the Files view."""

from collections.abc import Iterable
from itertools import chain
from typing import Literal

from reviewer.core.finding import Finding, Severity
from reviewer.core.report import Report
from reviewer.core.verdict import blocks
from reviewer.guard import workflow
from reviewer.publish.excerpt import new_side
from reviewer.publish.wording import OFFLINE, counting, standing

PER_LEVEL = 10
"""The runner keeps the first ten of each level per step, and a composite action is one step."""

Level = Literal["error", "warning", "notice"]
_LEVELS: tuple[Level, ...] = ("error", "warning", "notice")


def annotations(report: Report) -> list[str]:
    """Command lines to print, at most ten a level, worst first; the summary holds what has no room here."""
    by_level: dict[Level, list[Finding]] = {level: [] for level in _LEVELS}
    for finding in counting(report):
        by_level[_level(finding, report)].append(finding)
    return list(chain.from_iterable(_commands(level, by_level[level][:PER_LEVEL], report) for level in _LEVELS))


def _level(finding: Finding, report: Report) -> Level:
    if blocks(finding, report.fail_on):
        return "error"
    return "notice" if finding.severity is Severity.LOW else "warning"


def _commands(level: Level, findings: Iterable[Finding], report: Report) -> Iterable[str]:
    for finding in findings:
        claim, anchor = finding.claim, finding.anchor
        message = f"{claim.explanation}\n\n({standing(finding)})"
        if report.engine == "offline":
            message += f" {OFFLINE}"
        where: dict[str, str | int] = {}
        if anchor.kind != "none":
            start, end = new_side(anchor, report.changes)
            where = {"file": anchor.path, "line": start, "endLine": end}
        title = f"{claim.severity.capitalize()}: {claim.title}"
        yield workflow.command(level, message, **where, title=title)
