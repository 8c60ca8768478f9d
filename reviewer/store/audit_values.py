"""What the audit's state is made of, as its callers see it. Times are UTC; identities are `Request.identity`.

Built on by the driver: plan a round (`Planned` in, `PlanCounts` out), read what is to be sent (`Pending`), read what
came of it (`UnitRecord`, `ResultRecord`), and the figures for `status` (`Spend`, `CacheUse`, `Duration`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from reviewer.core.caching import Way
from reviewer.core.request import Call, Kind, Reply, Request, Usage

MAX_ATTEMPTS = 3
"""How often one request is sent at most."""
AuditStatus = Literal["in-progress", "complete", "incomplete", "sampled-out"]
RequestState = Literal["planned", "submitted", "answered", "failed", "given-up", "left-out"]
"""Of one question in one audit: `failed` is a request error, to be mended; `left-out` was not worth the budget."""
Outcome = Literal[
    "answered", "unusable", "truncated", "refused", "request-error", "errored", "expired", "canceled", "missing"
]
"""Of one attempt; `missing`: the batch has ended and its results do not name the request, or are gone."""
PRIMED: Way = "1h primed"
PRIMER = "1h primer"
"""Of a request's `ttl`: it waits for the one of its prefix that goes ahead; it is that one."""
IntentState = Literal["intended", "doubtful", "created", "void"]
BatchState = Literal["open", "collected", "lost", "foreign", "unread"]
"""`foreign`: its custom ids are not ours; `unread`: not known yet whether they are, see `reviewer.audit.recovery`."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit. `stage` and `document` (repositories, commits, options) belong to the driver, any JSON will do."""

    id: str
    started_at: datetime
    status: AuditStatus
    stage: str
    document: Mapping[str, Any]
    ended_at: datetime | None = None
    recovering: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit of one round and the question that serves it.

    `unit` is unique within the audit and the same whenever it is planned again. Units with equal questions share one
    request. `payload` is the driver's own record of the unit (what it takes to read the answer), kept compressed.
    `primed`: its prefix is written to the cache by one request that goes ahead.
    """

    unit: str
    round: str
    repository: str
    request: Request
    payload: bytes = b""
    primed: bool = False


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """What planning did: units to be asked, carried over from an earlier audit, shared with a like question of this
    audit, and known from an earlier try at the same plan.
    """

    new: int = 0
    carried: int = 0
    shared: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits to be sent. `attempt` counts from 1; `last` is the outcome of the attempt before, or ""."""

    number: int
    identity: str
    round: str
    attempt: int
    last: str
    request: Request


@dataclass(frozen=True, slots=True)
class PrimedPrefix:
    """A prefix with `waiting` requests; `out`: one goes ahead and its batch has not ended; `ended`: one has gone."""

    prefix: str
    waiting: int
    out: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that was never sent, by its estimates in tokens: what a sample is drawn from."""

    identity: str
    estimated_input: int
    estimated_output: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer came from. `audit` is the one that paid for it; `asked` the model asked for."""

    audit: str
    lane: Literal["sync", "batch"]
    batch_id: str
    custom_id: str
    attempt: int
    asked: str
    sent_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit and what became of it. `reply` is the usable answer, or None while there is none; `reason` says why."""

    unit: str
    round: str
    repository: str
    payload: bytes
    request: Request
    identity: str
    state: RequestState
    attempt: int
    reason: str
    carried: bool
    reply: Reply | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class UnitCall:
    """A unit with the call that answered it, if any; question and answer are not read."""

    unit: str
    repository: str
    kind: Kind
    files: tuple[str, ...]
    identity: str
    carried: bool
    call: Call | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class UnitPayload:
    """A unit without its question and answer: what the driver keeps of it, and whether it was carried over."""

    unit: str
    repository: str
    payload: bytes
    carried: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """A batch that is meant to be made: written before the create is sent. `newest` is the newest batch listed then."""

    id: str
    audit: str
    round: str
    model: str
    requests: int
    body_bytes: int
    body_sha256: str
    newest: str
    at: datetime
    state: IntentState = "intended"
    doubted_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that belongs to an intent. `reads` counts whole reads of its results that left requests unaccounted."""

    id: str
    audit: str
    intent: str
    model: str
    requests: int
    created_at: datetime
    ended_at: datetime | None = None
    state: BatchState = "open"
    reads: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One attempt's end, ready to be kept. `reason` is for people.

    `identity` may be its first 20 digits, which is what a custom id holds.
    """

    identity: str
    attempt: int
    outcome: Outcome
    reply: Reply
    reason: str = ""
    sent_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping arrivals changed: answers, requests planned once more, given up or failed, already known."""

    answered: int = 0
    again: int = 0
    given_up: int = 0
    failed: int = 0
    known: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            self.answered + other.answered,
            self.again + other.again,
            self.given_up + other.given_up,
            self.failed + other.failed,
            self.known + other.known,
        )


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """One attempt as the ledger has it, for provenance and cost; what was said is not read."""

    identity: str
    outcome: Outcome
    reason: str
    call: Call
    source: Source


@dataclass(frozen=True, slots=True)
class Spend:
    """What one model used on one lane; `requests` counts attempts with an end, `answered` the usable ones.

    Haiku-like models have two price cards, so `large` tells whether these prompts were above 100,000 tokens.
    """

    lane: Literal["sync", "batch"]
    model: str
    large: bool
    requests: int
    answered: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How often a marked prefix was read rather than written: hit rate h = read / (read + written), in tokens.

    `ttl` tells how it was sent: `5m`, `1h`, `1h primed` or, for those that went ahead, `1h primer`.
    """

    lane: Literal["sync", "batch"]
    model: str
    prefix: str
    ttl: str
    requests: int
    read: int
    written: int


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a batch took by the API's own clock; `ended_at` None: still running at the last look (censored)."""

    batch_id: str
    model: str
    requests: int
    created_at: datetime
    ended_at: datetime | None
