"""The whole outcome of a run, as every publisher reads it: one value, so that no two outputs can disagree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from reviewer.core.change import ChangedFile, ChangeSet, Status
from reviewer.core.finding import Finding
from reviewer.core.plan import Strategy
from reviewer.core.pricing import Price, cost_together, price_of, uncached
from reviewer.core.request import Usage
from reviewer.core.verdict import FailOn, Verdict

if TYPE_CHECKING:
    from reviewer.core.audit_trend import History

Engine = Literal["anthropic", "offline"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """One changed file: reviewed, or not and why. `size` is its lines where an audit read it, else 0."""

    path: str
    old_path: str | None
    status: Status
    additions: int
    deletions: int
    reviewed: bool
    reason: str | None
    size: int = 0

    @classmethod
    def of(cls, file: ChangedFile, reason: str | None) -> "FileReport":
        """A file of the change: reviewed, or not for this reason."""
        return cls(file.path, file.old_path, file.status, file.additions, file.deletions, reason is None, reason)


@dataclass(frozen=True, slots=True)
class PassReport:
    """One request that was made (or, in a plan, will be)."""

    kind: str
    files: tuple[str, ...]
    model: str
    outcome: str
    usage: Usage = Usage()
    usd: Decimal = Decimal(0)
    attempts: int = 0
    lane: Literal["sync", "batch"] = "sync"
    custom_id: str = ""
    batch_id: str = ""
    request_id: str = ""
    message_id: str = ""
    prompt_sha256: str = ""
    memo: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars paid; `sync_usd`: the same without batching, `uncached_usd`: without batching and without the cache."""

    usd: Decimal = Decimal(0)
    sync_usd: Decimal = Decimal(0)
    uncached_usd: Decimal = Decimal(0)
    usage: Usage = Usage()

    @property
    def cache_saved(self) -> Decimal:
        """What prompt caching saved; negative where writes were never read."""
        return self.uncached_usd - self.sync_usd


def cost_of_passes(passes: Iterable[PassReport], prices: Mapping[str, Price]) -> Cost:
    """What they cost together, and what the same would have cost on the synchronous API and without the cache."""
    usd, sync, without, usage = Decimal(0), Decimal(0), Decimal(0), Usage()
    for made in passes:
        price = price_of(made.model, prices)
        usd += made.usd
        usage += made.usage
        # Its usage is the sum of its attempts; the price that was paid tells how long their prompts were.
        long = made.usd > cost_together(made.usage, price, long=False, batch=made.lane == "batch")
        sync += cost_together(made.usage, price, long=long)
        without += cost_together(uncached(made.usage), price, long=long)
    return Cost(usd, sync, without, usage)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost: likely dollars and tokens, before any call."""

    requests: int
    input_tokens: int
    output_tokens: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a publisher may say. `shed` names optional work left out under pressure; `plan_only` marks a dry run.

    `summaries` are the model's own words on what changed, one per reviewing pass (untrusted text). `history` is an
    audit's: how its findings stand against the last one's.
    """

    verdict: Verdict
    strategy: Strategy
    engine: Engine
    changes: ChangeSet
    files: tuple[FileReport, ...]
    passes: tuple[PassReport, ...]
    findings: tuple[Finding, ...]
    cost: Cost
    fail_on: FailOn = "high"
    summaries: tuple[str, ...] = ()
    shed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimate: Estimate | None = None
    plan_only: bool = False
    seconds: float = 0.0
    units_failed: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
    history: "History | None" = None

    @property
    def reviewed(self) -> int:
        """Number of files reviewed."""
        return sum(file.reviewed for file in self.files)
