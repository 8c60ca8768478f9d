"""The verdict: code decides, from the findings and from what could not be reviewed. The model only reports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reviewer.core.finding import Finding, Severity
from reviewer.core.request import Cause

State = Literal["pass", "findings", "incomplete"]
FailOn = Literal["critical", "high", "medium", "low", "never"]
Policy = Literal["fail", "neutral"]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something that should have been reviewed, or published, and was not: the cause, what happened and what to do."""

    cause: Cause
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is what the report says; `exit_code` what the process ends with (0, 1 or 3)."""

    state: State
    exit_code: int
    findings: int
    blocking: int
    incomplete_because: tuple[str, ...] = ()


def blocks(finding: Finding, fail_on: FailOn) -> bool:
    """Whether a finding fails the check."""
    if fail_on == "never" or not finding.counts:
        return False
    return finding.severity.rank <= Severity(fail_on).rank


def decide(
    findings: Sequence[Finding],
    shortfalls: Iterable[Shortfall],
    fail_on: FailOn = "high",
    on_incomplete: Mapping[Cause, Policy] | Policy = "fail",
) -> Verdict:
    """Rule 4: never green without a review. A shortfall makes it incomplete whatever was found beside it.

    Where the configuration calls every cause at hand neutral, findings still fail the check; without any that block,
    the state stays `incomplete`, told as such, and the exit code is 0.
    """
    shortfalls = tuple(shortfalls)
    blocking = sum(blocks(finding, fail_on) for finding in findings)
    count = sum(finding.counts for finding in findings)
    reasons = tuple(dict.fromkeys(str(shortfall) for shortfall in shortfalls))
    failing = [shortfall for shortfall in shortfalls if _policy(shortfall.cause, on_incomplete) == "fail"]
    if failing:
        return Verdict("incomplete", 3, count, blocking, reasons)
    if blocking:
        return Verdict("findings", 1, count, blocking, reasons)
    return Verdict("incomplete" if shortfalls else "pass", 0, count, 0, reasons)


def _policy(cause: Cause, on_incomplete: Mapping[Cause, Policy] | Policy) -> Policy:
    return on_incomplete if isinstance(on_incomplete, str) else on_incomplete.get(cause, "fail")
