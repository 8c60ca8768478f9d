"""What the review says: claims as the model made them, findings as Reviewer stands by them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How bad it is, worst first in this order."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


class Confidence(StrEnum):
    """How sure the reviewer is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return tuple(Confidence).index(self)


class Category(StrEnum):
    """What kind of problem it is."""

    CORRECTNESS = "correctness"
    SECURITY = "security"
    CONCURRENCY = "concurrency"
    DATA_LOSS = "data-loss"
    PERFORMANCE = "performance"
    API_CONTRACT = "api-contract"
    TESTING = "testing"
    MAINTAINABILITY = "maintainability"


class Disposition(StrEnum):
    """Where a finding ended up: nothing is dropped, so every finding has one."""

    POSTED = "posted"  # as an inline comment
    SUMMARY = "summary"  # in the review's body, the summary, the terminal
    SUPPRESSED = "suppressed"  # a person resolved or dismissed it before
    DUPLICATE = "duplicate"  # another finding says the same
    REFUTED = "refuted"  # the verify pass found that it does not hold


AnchorKind = Literal["line", "hunk", "file", "none"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the model said of one problem, checked against the schema and nothing more. Lines are new-side numbers."""

    path: str
    start_line: int
    end_line: int
    quote: str
    severity: Severity
    confidence: Confidence
    category: Category
    title: str
    explanation: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that the forge accepts for a comment.

    line: `start_line..end_line` on `side`, inside one hunk, the quote found there. hunk: inside one hunk, but placed by
    number, not by quote. file: the file is in the change, the lines are not in its hunks. none: not even that.
    For `file` and `none` the lines are what the claim said, for reading only.
    """

    kind: AnchorKind
    path: str
    start_line: int
    end_line: int
    side: Literal["RIGHT", "LEFT"] = "RIGHT"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which request a finding came from; `also` names the other passes that reported the same problem."""

    unit: str
    kind: str
    model: str = ""
    request_id: str = ""
    message_id: str = ""
    batch_id: str = ""
    custom_id: str = ""
    prompt_sha256: str = ""
    attempt: int = 1
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim with its place, identity and fate. `verified` is None while no verify pass has judged it."""

    claim: Claim
    anchor: Anchor
    fingerprint: str
    provenance: Provenance
    disposition: Disposition = Disposition.SUMMARY
    verified: bool | None = None
    verdict_note: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def severity(self) -> Severity:
        """The claim's severity, as the verify pass left it."""
        return self.claim.severity

    @property
    def counts(self) -> bool:
        """Whether it takes part in the verdict: not a duplicate, not refuted, not suppressed."""
        return self.disposition in (Disposition.POSTED, Disposition.SUMMARY)


def worst_first(finding: Finding) -> tuple[int, int, str, int]:
    """Sort key: severity, confidence, then place."""
    claim = finding.claim
    return (claim.severity.rank, claim.confidence.rank, finding.anchor.path, finding.anchor.start_line)
