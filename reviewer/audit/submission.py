"""A round goes out: what waits is put into batches, one create in flight at a time, each written down before it.

Whether a batch was made is not always known: an answer may be lost, or the process die. Such an intent stays in doubt,
nothing more is sent, and `reviewer.audit.recovery.reconcile` finds out.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from reviewer.audit.recovery import reconcile
from reviewer.clock import Clock
from reviewer.core.pricing import price_of
from reviewer.core.request import Request
from reviewer.model.batch_body import BatchBody, BatchLimits
from reviewer.model.batches import BatchApi, BatchError
from reviewer.model.wire import to_params
from reviewer.store.audit import AuditState
from reviewer.store.audit_ids import new_intent_id, write_custom_id
from reviewer.store.audit_values import Intent, Pending

_TOO_LARGE = 413
SentAs = Callable[[Pending], Request]
"""A request as it goes out, with as much room for its answer as it is given."""


def with_room(pending: Pending) -> Request:
    """The request as it is sent: after an answer that was cut off, with twice the room, as far as the model has it."""
    request = pending.request
    if pending.last != "truncated":
        return request
    most = price_of(request.model).max_output
    return replace(request, max_tokens=min(request.max_tokens * 2 ** (pending.attempt - 1), most))


@dataclass(frozen=True, slots=True)
class Submitted:
    """What went out. `blocked` says why more did not, in a sentence; `wait` is in seconds, where a time is known."""

    batches: int = 0
    requests: int = 0
    blocked: str = ""
    wait: float | None = None

    def __add__(self, other: "Submitted") -> "Submitted":
        return Submitted(
            self.batches + other.batches, self.requests + other.requests, other.blocked or self.blocked, other.wait
        )


def submit_round(
    state: AuditState,
    api: BatchApi,
    clock: Clock,
    audit: str,
    *,
    round: str,
    only: Collection[str] | None = None,
    held: Collection[str] = (),
    limits: BatchLimits | None = None,
    sent_as: SentAs = with_room,
) -> Submitted:
    """Send what waits of a round, `only` these identities where given: batches of one model each, within `limits`.

    What has one of the prefixes in `held` waits on. Ends early, with `blocked`, where a create is in doubt or the API
    cannot take it now. BatchError where it refuses for good (the key, the account); what was not sent waits on.
    """
    if state.audits.get(audit).recovering:
        return Submitted(blocked="Older batches are still being looked for; nothing is sent before they are read.")
    total = Submitted()
    try:
        doubts = reconcile(state, api, clock)
        if doubts:
            return Submitted(blocked=doubts[0])
        waiting = partial(state.requests.pending, audit, round=round, only=only, held=held)
        sender = _Sender(state, api, clock, audit, round, waiting, limits or BatchLimits(), sent_as)
        while not total.blocked and (made := sender.send_one()):
            total += made
    except BatchError as error:
        if not error.failure.retry:
            raise
        total += Submitted(blocked=str(error), wait=error.failure.retry_after)
    return total


class _Sender:
    """Sends a round batch by batch."""

    def __init__(
        self,
        state: AuditState,
        api: BatchApi,
        clock: Clock,
        audit: str,
        round: str,
        waiting: Callable[[], Iterator[Pending]],
        limits: BatchLimits,
        sent_as: SentAs,
    ) -> None:
        self._state, self._api, self._clock = state, api, clock
        self._audit, self._round, self._waiting, self._limits, self._sent_as = audit, round, waiting, limits, sent_as

    def send_one(self) -> Submitted | None:
        """The next batch; None when nothing waits any more."""
        with BatchBody(self._limits) as body:
            name = new_intent_id(self._audit)
            model, numbers = self._fill(body, name)
            if not numbers:
                return None
            newest = self._api.newest()
            intent = Intent(
                id=name,
                audit=self._audit,
                round=self._round,
                model=model,
                requests=body.count,
                body_bytes=body.size,
                body_sha256=body.sha256,
                newest=newest,
                at=self._clock.now(),
            )
            self._state.intents.intend(intent, numbers)
            return self._create(intent, body)

    def _fill(self, body: BatchBody, intent: str) -> tuple[str, list[int]]:
        model, numbers = "", []
        for pending in self._waiting():
            model = model or pending.request.model
            custom_id = write_custom_id(intent, pending.identity, pending.attempt)
            # One model in a batch: a batch is as slow as its slowest item, and durations are measured by model.
            if pending.request.model != model or not body.add(custom_id, to_params(self._sent_as(pending))):
                break
            numbers.append(pending.number)
        body.finish()
        return model, numbers

    def _create(self, intent: Intent, body: BatchBody) -> Submitted:
        try:
            made = self._api.create(body)
        except BatchError as error:
            return self._not_created(intent, error)
        self._state.intents.created(intent, made.id, made.created_at)
        return Submitted(1, intent.requests)

    def _not_created(self, intent: Intent, error: BatchError) -> Submitted:
        if error.unsure:
            self._state.intents.doubt(intent.id, self._clock.now(), str(error))
            blocked = f"It is not known whether a batch was made. {error}"
            return Submitted(blocked=blocked, wait=error.failure.retry_after)
        self._state.intents.void(intent.id, str(error))
        if error.failure.status == _TOO_LARGE and intent.requests > 1:
            self._limits = replace(self._limits, requests=-(-intent.requests // 2))
            return Submitted()
        raise error
