"""What has ended comes in: one list call for all batches, results in a stream, every request ticked off.

Rows are kept page by page, by batch and custom id, so that reading twice counts once: a crash, or a stream that breaks
off, is made good by reading again: once at once, then by the next run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from reviewer.audit.recovery import RESULTS_KEPT, SETTLED, SKEW, Arrivals, Judge, reconcile
from reviewer.clock import Clock
from reviewer.core.request import Call, Errored
from reviewer.model.batch_rows import ResultsCut
from reviewer.model.batch_values import BatchInfo, BatchRow
from reviewer.model.batches import BatchApi, BatchError
from reviewer.store.audit import AuditState
from reviewer.store.audit_ids import CustomId, read_custom_id, write_custom_id
from reviewer.store.audit_pages import pages
from reviewer.store.audit_values import Arrival, Batch, BatchState, Kept

READS = 3
"""How often results are read to their end before a request that they do not name is sent again."""
_SOONEST, _LATEST = 5.0, 300.0
_STEP = 0.1
"""Of a batch's age: how long to wait between two looks."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What came in. `ended`: batches done with; `open`: not ended yet, or not read to their end; `lost`: gone.

    `doubts` and `cut` tell in sentences what could not be settled; collecting again goes on there.
    """

    ended: int = 0
    open: int = 0
    lost: int = 0
    kept: Kept = Kept()
    doubts: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()

    @property
    def waiting(self) -> bool:
        """Whether something is still to come from the API."""
        return bool(self.open or self.doubts)


def collect_batches(state: AuditState, api: BatchApi, clock: Clock, audit: str, judge: Judge) -> Collected:
    """Take in whatever is ready and return. Without batches or doubts it asks the API nothing; else one list call."""
    mine = state.intents.batches(audit, ["open"])
    begins = [batch.created_at for batch in mine] + [intent.at for intent in state.intents.in_doubt()]
    if not begins:
        return Collected()
    listing = api.list_all(min(begins) - SKEW)
    doubts = reconcile(state, api, clock, listing)
    shown = {batch.id: batch for batch in listing}
    collected = Collected(doubts=tuple(doubts))
    for batch in state.intents.batches(audit, ["open"]):
        one = _Collection(state, api, clock, judge, batch).collect(shown.get(batch.id))
        collected = replace(
            collected,
            ended=collected.ended + one.ended,
            open=collected.open + one.open,
            lost=collected.lost + one.lost,
            kept=collected.kept + one.kept,
            doubts=collected.doubts + one.doubts,
            cut=collected.cut + one.cut,
        )
    return collected


class _Collection:
    """One batch that is expected to end."""

    def __init__(self, state: AuditState, api: BatchApi, clock: Clock, judge: Judge, batch: Batch) -> None:
        self._state, self._api, self._clock, self._judge, self._batch = state, api, clock, judge, batch
        self._foreign = False

    def collect(self, shown: BatchInfo | None) -> Collected:
        """`shown` is how the list shows it; None where it does not."""
        shown = shown or self._api.retrieve(self._batch.id)
        if shown is None:
            if self._clock.now() < self._batch.created_at + SETTLED:
                return Collected(open=1)
            return self._close("lost", "The API does not know the batch any more.")
        if not shown.ended:
            return Collected(open=1)
        self._state.intents.ended(self._batch.id, shown.ended_at or self._clock.now())
        if shown.results_url is None:
            return self._close("lost", "The batch's results are no longer available.")
        return self._read(shown)

    def _read(self, shown: BatchInfo) -> Collected:
        arrivals = Arrivals(self._state, self._clock, self._batch.audit, self._judge, shown)
        stream = _Stream(self._api.results(shown), self._batch.intent)
        kept = arrivals.keep(stream.rows())
        if stream.cut:
            stream = _Stream(self._api.results(shown), self._batch.intent)
            kept += replace(arrivals.keep(stream.rows()), known=0)  # what came before the cut comes again
        if stream.foreign:
            self._state.intents.disown(self._batch)
            doubt = f"{self._batch.id} holds other requests than ours; the batch that was meant is looked for again."
            return Collected(doubts=(doubt,))
        if stream.missing and self._clock.now() >= self._batch.created_at + RESULTS_KEPT:
            closed = self._close("lost", "The batch's results are no longer available.")
            return replace(closed, kept=closed.kept + kept)
        if stream.error:
            return Collected(open=1, kept=kept, cut=(stream.error,))
        if next(self._state.intents.outstanding(self._batch.intent), None) is None:
            self._state.intents.close(self._batch.id)
            return Collected(ended=1, kept=kept)
        self._state.intents.read_in_vain(self._batch.id)
        if self._batch.reads + 1 < READS:
            why = f"The results of {self._batch.id} do not name every request; they are read again."
            return Collected(open=1, kept=kept, cut=(why,))
        closed = self._close("collected", "The batch's results do not name the request.")
        return replace(closed, kept=closed.kept + kept)

    def _close(self, state: BatchState, reason: str) -> Collected:
        """Whatever the batch still owes is sent again."""
        kept, batch = Kept(), self._batch
        for page in pages(self._state.intents.outstanding(batch.intent)):
            gone = [self._gone(identity, attempt, reason) for identity, attempt in page]
            kept += self._state.results.keep(batch.audit, gone, self._clock.now())
        self._state.intents.close(batch.id, state)
        return Collected(lost=1, kept=kept) if state == "lost" else Collected(ended=1, kept=kept)

    def _gone(self, identity: str, attempt: int, reason: str) -> Arrival:
        batch = self._batch
        custom_id = write_custom_id(batch.intent, identity, attempt)
        call = Call(batch.model, lane="batch", attempts=1, custom_id=custom_id, batch_id=batch.id)
        reply = Errored("api", reason, "It is sent again.", call)
        return Arrival(identity, attempt, "missing", reply, reason, batch.created_at, batch.ended_at)


class _Stream:
    """The rows of an intent's batch. It ends where the stream breaks off, so that what came before is not lost."""

    def __init__(self, rows: Iterator[BatchRow], intent: str) -> None:
        self._rows, self._intent = rows, intent
        self.foreign, self.cut, self.missing, self.error = False, False, False, ""

    def rows(self) -> Iterator[tuple[BatchRow, CustomId]]:
        first = True
        try:
            for row in self._rows:
                custom = read_custom_id(row.custom_id)
                if custom and custom.intent == self._intent:
                    yield row, custom
                elif first:
                    self.foreign = True
                    return
                first = False
        except (ResultsCut, BatchError) as error:
            # A refused key is nothing to wait for; that there are no results may be so for a moment.
            if isinstance(error, BatchError) and error.failure.fatal and error.failure.status != 404:
                raise
            self.cut, self.error = isinstance(error, ResultsCut), str(error)
            self.missing = isinstance(error, BatchError) and error.failure.status == 404


def next_look(state: AuditState, audit: str, now: datetime, chance: float) -> float | None:
    """Seconds until collecting is worth it; None where nothing is open. `chance` is uniform in 0..1, for jitter.

    The first look is at half the median of the model's batches so far, then after each tenth of the batch's age.
    """
    waits = [_wait(state, batch, now, chance) for batch in state.intents.batches(audit, ["open"])]
    if state.intents.in_doubt():
        waits.append(60.0)
    return min(waits, default=None)


def _wait(state: AuditState, batch: Batch, now: datetime, chance: float) -> float:
    age = (now - batch.created_at).total_seconds()
    took = [
        (each.ended_at - each.created_at).total_seconds()
        for each in state.figures.durations(batch.model)
        if each.ended_at
    ]
    first = median(took) / 2 - age if took else 0.0
    return first if first > _SOONEST else min(_LATEST, max(_SOONEST, age * _STEP)) * (1 + 0.2 * chance)
