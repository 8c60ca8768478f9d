"""Batches that were lost are found again: after a lost answer, after a crash, and when even the state is gone.

The API gives batches neither names nor idempotency keys, so they are recognised by what it does show: time and size in
the list, and, once they have ended, the custom ids of their results, which begin with the intent's id.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.clock import Clock, pause
from reviewer.core.number import number
from reviewer.core.request import Answered, Canceled, Errored, Expired, Refused, Reply, Request, Truncated
from reviewer.errors import EngineError
from reviewer.model.batch_rows import ResultsCut
from reviewer.model.batch_values import BatchInfo, BatchRow, row_to_reply
from reviewer.model.batches import BatchApi, BatchError
from reviewer.model.client import REQUEST_TIMEOUT
from reviewer.store.audit import AuditState
from reviewer.store.audit_ids import CustomId, read_custom_id
from reviewer.store.audit_pages import pages
from reviewer.store.audit_values import Arrival, Batch, BatchState, Intent, Kept, Outcome, Pending

Judge = Callable[[Request, Answered], str]
"""Why an answer is unusable, in a sentence; empty where it can be used."""
GRACE = timedelta(minutes=5)
"""How long a new batch may be missing from the list."""
SKEW = timedelta(minutes=10)
"""How far this machine's clock may be from the API's."""
_MORE_LOOKS = (1.0, 2.0, 4.0)
"""Seconds before each further list that has to agree, when the grace is over, that a batch is not there: a list may be
an old one."""
_CREATION = timedelta(hours=1)
"""How long after its intent a batch may have been made, at most: the upload of 256 MB takes its time."""
RESULTS_KEPT = timedelta(days=29)
SETTLED = timedelta(hours=1)
"""After this from its end a batch without results, and from its creation one that nobody knows, is gone, not late."""
_TRANSACTION = 4000
"""Rows kept at once: they come in any order, so that the fewer transactions there are, the fewer pages are written."""


def reconcile(state: AuditState, api: BatchApi, clock: Clock, listing: Iterable[BatchInfo] | None = None) -> list[str]:
    """Find out what has become of every intent in doubt; returns, in sentences, those that stay so for now.

    No candidate once the grace is over: the batch was never made, its requests wait again. One: it is adopted (and
    disowned when its results turn out to be another's). Several: those that have ended are told by their custom ids.
    """
    doubts = []
    for intent in state.intents.in_doubt():
        seen = api.list_all(intent.at - SKEW) if listing is None else listing
        if doubt := _settle(state, api, clock, intent, seen):
            doubts.append(doubt)
    return doubts


def _settle(state: AuditState, api: BatchApi, clock: Clock, intent: Intent, listing: Iterable[BatchInfo]) -> str | None:
    candidates = _candidates(state, intent, listing)
    if not candidates and clock.now() < (over := _grace_over(intent)):
        until = f"{over:%H:%M:%S} UTC"
        size = number(intent.requests, "request")
        return f"The creation of a batch of {size} was not confirmed; it may be listed until {until}."
    for wait in _MORE_LOOKS:
        if not candidates:
            pause(clock, wait)
            candidates = _candidates(state, intent, api.list_all(intent.at - SKEW))
    if not candidates:
        state.intents.void(intent.id, "The batch is not in the API's list: it was never made.")
        return None
    if len(candidates) > 1:
        mine = [batch for batch in candidates if batch.results_url and _is_of(state, api, clock, intent, batch)]
        if not mine:
            size = number(intent.requests, "request")
            return (
                f"Of {len(candidates)} batches of {size}, each may be the one whose creation was not confirmed; they"
                " are told apart once they have ended."
            )
        candidates = mine
    for batch in candidates:
        state.intents.created(intent, batch.id, batch.created_at)
    return None


def _candidates(state: AuditState, intent: Intent, listing: Iterable[BatchInfo]) -> list[BatchInfo]:
    known = {batch.id for batch in state.intents.batches()}
    latest = (intent.doubted_at or intent.at + _CREATION) + SKEW
    found = []
    for batch in listing:
        if batch.id == intent.newest:
            break
        in_time = intent.at - SKEW <= batch.created_at <= latest
        if in_time and batch.id not in known and batch.counts.total == intent.requests:
            found.append(batch)
    return found


def _grace_over(intent: Intent) -> datetime:
    # A process that died may have sent its request at any moment until the request's own time was up.
    return (intent.doubted_at or intent.at + timedelta(seconds=REQUEST_TIMEOUT)) + GRACE


def _is_of(state: AuditState, api: BatchApi, clock: Clock, intent: Intent, batch: BatchInfo) -> bool:
    """Whether the results are this intent's; a batch that is not is remembered as foreign."""
    try:
        first = next(iter(api.results(batch)), None)
    except BatchError as error:
        if error.failure.status != 404:
            raise
        if not _gone(error, batch, clock):
            return False
        first = None
    found = first and read_custom_id(first.custom_id)
    if found and found.intent == intent.id:
        return True
    state.intents.set_aside(_aside(batch, intent.audit, intent.id, "foreign"))
    return False


def _aside(batch: BatchInfo, audit: str, intent: str, state: BatchState, model: str = "") -> Batch:
    total = batch.counts.total
    return Batch(batch.id, audit, intent, model, total, batch.created_at, batch.ended_at, state)


def arrival(
    pending: Pending,
    reply: Reply,
    judge: Judge,
    *,
    attempt: int | None = None,
    request_error: bool = False,
    sent_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Arrival:
    """What a reply means for its request, to be kept by `state.results.keep`; the same for both lanes.

    `attempt` is the one that the reply belongs to, where it is not the request's current one.
    """
    outcome, reason = _outcome(pending.request, reply, judge, request_error)
    return Arrival(pending.identity, attempt or pending.attempt, outcome, reply, reason, sent_at, ended_at)


def _outcome(request: Request, reply: Reply, judge: Judge, request_error: bool) -> tuple[Outcome, str]:
    match reply:
        case Answered():
            reason = judge(request, reply)
            return ("unusable", reason) if reason else ("answered", "")
        case Truncated():
            return "truncated", "The answer was cut off at the model's output limit."
        case Refused(category, explanation, _):
            why = f" ({category})" if category else ""
            return "refused", f"The model declined{why}. {explanation}".strip()
        case Errored(_, message, step, _, fatal):
            if request_error or fatal:
                return "request-error", f"{message} {step}".strip()
            return "errored", message
        case Expired():
            return "expired", "The batch expired before the request was processed."
        case Canceled():
            return "canceled", "The batch was canceled before the request was processed."


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Reads one batch's rows into the state, page by page."""

    state: AuditState
    clock: Clock
    audit: str
    judge: Judge
    batch: BatchInfo

    def keep(self, rows: Iterable[tuple[BatchRow, CustomId]]) -> Kept:
        """Keep rows of ours; those that name no question of this audit are passed over."""
        kept = Kept()
        for page in pages(rows, _TRANSACTION):
            arrivals = [each for part in pages(page) for each in self._arrivals(part)]
            kept += self.state.results.keep(self.audit, arrivals, self.clock.now())
        return kept

    def _arrivals(self, rows: list[tuple[BatchRow, CustomId]]) -> list[Arrival]:
        asked = self.state.requests.find(self.audit, {custom.short for _, custom in rows})
        return [self._arrival(row, custom, asked[custom.short]) for row, custom in rows if custom.short in asked]

    def _arrival(self, row: BatchRow, custom: CustomId, pending: Pending) -> Arrival:
        return arrival(
            pending,
            row_to_reply(row, pending.request.model, self.batch.id),
            self.judge,
            attempt=custom.attempt,
            request_error=row.is_request_error,
            sent_at=self.batch.created_at,
            ended_at=self.batch.ended_at,
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found again: batches of ours, what their results changed, batches that have to end first."""

    batches: int = 0
    kept: Kept = Kept()
    waiting: int = 0


def recover(state: AuditState, api: BatchApi, clock: Clock, audit: str, judge: Judge) -> Recovered:
    """Adopt what older batches answered, after the audit was planned anew (`start(..., recovering=True)`, `plan`).

    Questions are recognised by their content. A batch that has not ended does not show its custom ids: until none of
    the workspace's is left, `waiting` is not 0, and nothing can be submitted. Call it again then.
    """
    now = clock.now()
    settled = {batch.id for batch in state.intents.batches(audit) if batch.state != "unread"}
    found = Recovered()
    for batch in reversed(api.list_all(now - RESULTS_KEPT)):
        if batch.id in settled:
            continue
        one = _recover_one(Arrivals(state, clock, audit, judge, batch), api)
        found = Recovered(found.batches + one.batches, found.kept + one.kept, found.waiting + one.waiting)
    if not found.waiting:
        state.audits.recovered(audit)
    return found


def _recover_one(arrivals: Arrivals, api: BatchApi) -> Recovered:
    batch, intents = arrivals.batch, arrivals.state.intents
    if not batch.ended:
        intents.set_aside(_aside(batch, arrivals.audit, "", "unread"))
        return Recovered(waiting=1)
    ours = _Ours(api.results(batch) if batch.results_url else iter(()))
    kept = Kept()
    try:
        kept = arrivals.keep(ours.rows())
    except (ResultsCut, BatchError) as error:
        if not _gone(error, batch, arrivals.clock):
            if not isinstance(error, ResultsCut) and error.failure.status != 404:
                raise
            intents.set_aside(_aside(batch, arrivals.audit, "", "unread"))
            return Recovered(waiting=1)
    intents.set_aside(_aside(batch, arrivals.audit, ours.intent, "collected" if ours.intent else "foreign", ours.model))
    return Recovered(batches=1 if ours.intent else 0, kept=kept)


def _gone(error: EngineError, batch: BatchInfo, clock: Clock) -> bool:
    """Whether the results are not there for good; right after a batch's end it may be so for a moment."""
    late = clock.now() >= (batch.ended_at or batch.created_at) + SETTLED
    return isinstance(error, BatchError) and error.failure.status == 404 and late


class _Ours:
    """The rows of a batch as long as its first one is ours; another's results are not read any further."""

    def __init__(self, rows: Iterator[BatchRow]) -> None:
        self._rows = rows
        self.intent = self.model = ""

    def rows(self) -> Iterator[tuple[BatchRow, CustomId]]:
        for row in self._rows:
            custom = read_custom_id(row.custom_id)
            if custom:
                self.intent = self.intent or custom.intent
                self.model = self.model or str(row.body.get("model") or "")
                yield row, custom
            elif not self.intent:
                return
