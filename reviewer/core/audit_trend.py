"""What an audit tells beside its findings: how they stand against the last one, and the figures of the last runs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from reviewer.core.audit_report import Known, Persisting, Standing
from reviewer.core.finding import Finding, Severity

KEPT_RUNS = 30
"""Runs whose figures are kept: each ended audit hands them on to the next."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One ended audit in numbers. `day` is YYYY-MM-DD, `severities` counts the findings, worst first."""

    audit: str
    day: str
    state: str
    severities: tuple[int, ...]
    new: int
    fixed: int
    reviewed: int
    files: int
    usd: Decimal
    sync_usd: Decimal

    @property
    def findings(self) -> int:
        """How many findings counted."""
        return sum(self.severities)

    def write(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"usd": str(self.usd), "sync_usd": str(self.sync_usd)}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "RunFigures":
        """What `write` wrote."""
        amounts = {name: Decimal(row[name]) for name in ("usd", "sync_usd")}
        return cls(**{**row, **amounts, "severities": tuple(row["severities"])})


@dataclass(frozen=True, slots=True)
class Record:
    """A finding's provenance record as it was written: its line in the file, counted from 1, and the JSON itself."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """An audit's findings in time. `compared` is False for a first audit, whose findings are all new.

    `records` are by path and fingerprint, and stand in the file that `evidence` names, relative to the report.
    """

    standing: Standing = Standing()
    compared: bool = False
    trend: tuple[RunFigures, ...] = ()
    records: Mapping[tuple[str, str], Record] = field(default_factory=dict)
    evidence: str = ""

    def since(self) -> dict[tuple[str, str], str]:
        """For each finding that an earlier audit had, too, by path and fingerprint: the day of the first."""
        return {(row.finding.anchor.path, row.finding.fingerprint): row.since for row in self.standing.persisting}


def counted(findings: tuple[Finding, ...]) -> tuple[int, ...]:
    """How many findings count, by severity, worst first."""
    counts = Counter(finding.severity for finding in findings if finding.counts)
    return tuple(counts[severity] for severity in Severity)


def below(standing: Standing, name: str) -> Standing:
    """The same with every path below a repository's name."""
    return Standing(
        new=tuple(finding_below(one, name) for one in standing.new),
        persisting=tuple(Persisting(finding_below(row.finding, name), row.since) for row in standing.persisting),
        fixed=_known(standing.fixed, name),
        refuted=_known(standing.refuted, name),
        unseen=_known(standing.unseen, name),
    )


def finding_below(finding: Finding, name: str) -> Finding:
    """A finding with its path below a repository's name."""
    anchor, claim = finding.anchor, finding.claim
    return replace(
        finding,
        anchor=replace(anchor, path=f"{name}/{anchor.path}"),
        claim=replace(claim, path=f"{name}/{claim.path}"),
    )


def together(standings: list[Standing]) -> Standing:
    """Several repositories' findings in one."""
    return Standing(
        new=tuple(one for each in standings for one in each.new),
        persisting=tuple(one for each in standings for one in each.persisting),
        fixed=tuple(one for each in standings for one in each.fixed),
        refuted=tuple(one for each in standings for one in each.refuted),
        unseen=tuple(one for each in standings for one in each.unseen),
    )


def _known(rows: tuple[Known, ...], name: str) -> tuple[Known, ...]:
    return tuple(replace(row, path=f"{name}/{row.path}") for row in rows)
