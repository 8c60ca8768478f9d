"""What an audit is about: repositories at their commits, and the settings in force, as the state keeps them.

Everything that later steps need is in it, so that they can run days later on a machine without the repositories.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from reviewer.config.settings import Settings
from reviewer.core.audit_trend import RunFigures
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Finding, Severity
from reviewer.core.inventory import NotAudited
from reviewer.core.report import Engine
from reviewer.review.screen_findings import screened_finding


@dataclass(frozen=True, slots=True)
class Suspect:
    """What the screening found in a file (`review.screening`), as the state keeps it for nights that do not read it.

    `line` is 0 for what is not of one line, `excerpt` the finding's explanation.
    """

    path: str
    line: int
    kind: str
    excerpt: str
    title: str = "Text that addresses a reviewer or a model"
    severity: str = "medium"
    confidence: str = "medium"
    quote: str = ""
    fingerprint: str = ""

    @classmethod
    def of(cls, finding: Finding) -> "Suspect":
        """From what was found in a file that was read."""
        claim, anchor = finding.claim, finding.anchor
        return cls(
            anchor.path, anchor.start_line, anchor.kind, claim.explanation, claim.title, claim.severity.value,
            claim.confidence.value, claim.quote, finding.fingerprint,
        )  # fmt: skip

    @property
    def finding(self) -> Finding:
        """As the report tells it."""
        claim = Claim(
            self.path, self.line, self.line, self.quote, Severity(self.severity), Confidence(self.confidence),
            Category.SECURITY, self.title, self.excerpt,
        )  # fmt: skip
        anchor = Anchor("line" if self.line else "file", self.path, self.line, self.line)
        return screened_finding(claim, anchor, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Audited:
    """One repository at a commit, under the policy of that commit.

    `skipped` and `suspects` are what planning found; `known` is what the next audit is compared with
    (`audit_report.dump_known`), written at the end.
    """

    name: str
    folder: str
    commit: str
    guidelines: Mapping[str, str] = field(default_factory=dict)
    instructions: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    issue: bool = True
    skipped: tuple[NotAudited, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    known: str = ""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Audited":
        """From the document."""
        return cls(
            **{
                **value,
                "ignore": tuple(value["ignore"]),
                "paths": tuple(value["paths"]),
                "skipped": tuple(NotAudited(**row) for row in value["skipped"]),
                "suspects": tuple(Suspect(**row) for row in value["suspects"]),
            }
        )


@dataclass(frozen=True, slots=True)
class AuditDocument:
    """One audit's terms.

    `full_at` is when the last audit that carried nothing over began (ISO 8601), `full` whether this is one. `sample`
    names the sample's identities, None before it is drawn. `reopened` counts how often refused requests were sent again
    after something was mended; `recovered` says that the state of its batches had been lost. `marking` and `sampled`
    are sentences for people; `lost` is the dollars that attempts of the sample without an answer may have cost.
    `trend` has the figures of the last runs, this one's own at its end: each audit hands them on to the next, so that
    they outlive what the state forgets.
    """

    engine: Engine
    repositories: tuple[Audited, ...]
    settings: Settings
    full: bool
    full_at: str
    sample: tuple[str, ...] | None = None
    reopened: int = 0
    recovered: bool = False
    marking: str = ""
    sampled: str = ""
    lost: str = "0"
    trend: tuple[RunFigures, ...] = ()

    def write(self) -> dict[str, Any]:
        """As JSON."""
        value = {name: getattr(self, name) for name in self.__slots__}
        value["repositories"] = [asdict(each) for each in self.repositories]
        value["settings"] = self.settings.model_dump(mode="json", by_alias=True)
        value["sample"] = None if self.sample is None else list(self.sample)
        value["trend"] = [run.write() for run in self.trend]
        return value

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "AuditDocument":
        """From the state."""
        return cls(
            **{
                **value,
                "repositories": tuple(Audited.read(each) for each in value["repositories"]),
                "settings": Settings.model_validate(value["settings"]),
                "sample": None if value["sample"] is None else tuple(value["sample"]),
                "trend": tuple(map(RunFigures.read, value.get("trend", ()))),
            }
        )

    def repository(self, name: str) -> Audited:
        """One repository by its name."""
        return next(each for each in self.repositories if each.name == name)

    def with_repository(self, changed: Audited) -> "AuditDocument":
        """The same with one repository replaced."""
        repositories = tuple(changed if each.name == changed.name else each for each in self.repositories)
        return replace(self, repositories=repositories)

    @property
    def full_since(self) -> datetime | None:
        """When the last full audit began."""
        return datetime.fromisoformat(self.full_at) if self.full_at else None
