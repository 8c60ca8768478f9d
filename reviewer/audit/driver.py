"""The audit's state machine: plan, sample, file round, integration round, verify round, report.

It is driven by whoever calls it: every call moves the audit by whatever is ready, and returns. What a stage needs is
written down before the stage begins, and every act can be done again, so that a run which dies anywhere is gone on with
by the next one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from reviewer.audit import sentences
from reviewer.audit.budgeting import Purse, Slice
from reviewer.audit.carried import due
from reviewer.audit.collecting import collect_batches, next_look
from reviewer.audit.document import AuditDocument
from reviewer.audit.findings import judge
from reviewer.audit.planning import Planner, Prompters, with_found
from reviewer.audit.priming import hold
from reviewer.audit.recovery import recover
from reviewer.audit.rounds import Rounds
from reviewer.audit.sampling import Sampled, Sampler, ask_sample, book_lost, choose_sample
from reviewer.audit.stages import FILES, FOLLOWING, INTEGRATION, PLAN, REPORT, SAMPLE, VERIFY
from reviewer.audit.submission import Submitted, submit_round
from reviewer.audit.worst import Room
from reviewer.clock import Clock
from reviewer.core.number import number
from reviewer.core.pricing import Price
from reviewer.errors import EngineError
from reviewer.model.batch_body import BatchLimits
from reviewer.model.batches import BatchApi
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit, AuditStatus, RequestState

_MENDS = 3
"""How often refused requests are sent again after `submit` was called anew; then they count as given up."""


@dataclass(slots=True)
class Moved:
    """What one call did, in sentences. `filed`: the file round came to its end in it; `news`: answers came.

    `wait`: the API takes nothing more for so many seconds.
    """

    notes: list[str] = field(default_factory=list)
    filed: bool = False
    news: bool = False
    wait: float | None = None


class Driver:
    """Moves one audit. `prompters` and `sampler` are made by the composition root."""

    def __init__(
        self,
        state: AuditState,
        api: BatchApi,
        sampler: Sampler,
        prompters: Prompters,
        prices: Mapping[str, Price],
        clock: Clock,
    ) -> None:
        self.state, self.api, self.clock = state, api, clock
        self._sampler, self._prompters, self._prices = sampler, prompters, prices
        self._stages: Mapping[str, Callable[[Audit, Moved], bool]] = {
            PLAN: self._plan,
            SAMPLE: self._sample,
            FILES: self._round,
            INTEGRATION: self._round,
            VERIFY: self._round,
            REPORT: lambda *_: False,
        }

    def start(self, document: AuditDocument, *, recovering: bool = False) -> Audit:
        """Begin an audit."""
        document = replace(document, recovered=recovering)
        return self.state.audits.start(document.write(), self.clock.now(), stage=PLAN, recovering=recovering)

    def reopen(self, audit: Audit) -> int:
        """Send again what the API refused, once somebody has mended it; returns how many."""
        document = AuditDocument.read(audit.document)
        refused = [each.identity for each in self.state.requests.units(audit.id, states=["failed"])]
        if not refused or document.reopened >= _MENDS:
            return 0
        self.state.audits.advance(audit.id, audit.stage, replace(document, reopened=document.reopened + 1).write())
        return self.state.requests.reopen(audit.id, refused)

    def go_on(self, audit: str) -> Moved:
        """Move the audit by whatever is ready. EngineError where the API refuses, or refuses requests."""
        moved = Moved()
        while self._step(audit, moved):
            pass
        return moved

    def finish(self, audit: Audit, status: AuditStatus, document: AuditDocument) -> None:
        """The report is out: put the audit away. Older audits' requests are forgotten, this one's are what the next
        one carries over."""
        self.state.audits.advance(audit.id, REPORT, document.write())
        self.state.prune(self.clock.now())
        self.state.audits.end(audit.id, status, self.clock.now())

    def rounds(self, audit: Audit) -> Rounds:
        """The audit's rounds, for the report."""
        return Rounds(self.state, audit, AuditDocument.read(audit.document), self._prompters)

    def look_again(self, audit: str, moved: Moved, chance: float) -> float | None:
        """Seconds until something may be ready and the API takes requests again; None where nothing is awaited."""
        ready = next_look(self.state, audit, self.clock.now(), chance)
        return ready if moved.wait is None else max(ready or 0.0, moved.wait)

    def _step(self, audit: str, moved: Moved) -> bool:
        """One step; whether another one can follow at once."""
        current = self.state.audits.get(audit)
        return current.ended_at is None and self._stages[current.stage](current, moved)

    def _plan(self, audit: Audit, moved: Moved) -> bool:
        document = AuditDocument.read(audit.document)
        made = Planner(self.state, self._prompters, self._prices).plan(audit, document, self.clock.now())
        if audit.recovering and not self._recovered(audit, moved):
            return False
        count = made.counts
        moved.notes.append(sentences.planned(count.new + count.known, len(made.holds)))
        self.state.audits.advance(audit.id, SAMPLE, with_found(document, made).write())
        return True

    def _recovered(self, audit: Audit, moved: Moved) -> bool:
        found = recover(self.state, self.api, self.clock, audit.id, judge)
        moved.notes += sentences.found_again(found)
        return not found.waiting

    def _look_back(self, audit: Audit, moved: Moved) -> None:
        """The batches that were found again may hold answers of this round, too: they are read once more."""
        for batch in self.state.intents.batches(audit.id, ["collected", "foreign"]):
            if not batch.intent.startswith(f"{audit.id}-"):
                self.state.intents.set_aside(replace(batch, state="unread"))
        self._recovered(audit, moved)

    def _sample(self, audit: Audit, moved: Moved) -> bool:
        document = AuditDocument.read(audit.document)
        if lost := book_lost(self.state, audit.id, self.clock):
            moved.notes.append(sentences.cut_off(lost))
        purse = self._purse(audit, document)
        room = purse.slice(FILES).room if purse else Room()
        if document.sample is None:
            # Batches of ours that were found again have gone out after a good sample.
            proven = document.recovered and self.state.figures.spent(audit.id)
            document = replace(document, sample=()) if proven else self._draw(audit, document)
        sampled = self._ask(audit, document, room, purse)
        if document.sample and not sampled.asked and not sampled.refused:
            # Whatever was asked is lost: others have to stand for the rest.
            document = self._draw(audit, document)
            sampled = self._ask(audit, document, room, purse)
        if document.sample:
            moved.notes += [str(sampled), *([sentences.unanswered(sampled.lost)] if sampled.lost else [])]
        document = replace(
            document, sampled=str(sampled) if document.sample else "", lost=str(Decimal(document.lost) + sampled.lost)
        )
        if not sampled.good:
            self.state.audits.advance(audit.id, SAMPLE, document.write())
            self.state.audits.end(audit.id, "sampled-out", self.clock.now())
            return False
        if purse and sampled.refused and not sampled.asked:
            moved.notes.append(sentences.no_room(purse.leave_out(FILES), purse.cap))
        self.state.audits.advance(audit.id, FILES, document.write())
        return True

    def _draw(self, audit: Audit, document: AuditDocument) -> AuditDocument:
        """Name the sample before it is asked."""
        drawn = choose_sample(self.state.requests.unsent(audit.id, FILES), document.settings.audit.sample)
        document = replace(document, sample=(*(document.sample or ()), *drawn))
        self.state.audits.advance(audit.id, SAMPLE, document.write())
        return document

    def _ask(self, audit: Audit, document: AuditDocument, room: Room, purse: Purse | None) -> Sampled:
        cap = max(Decimal(0), purse.left()) if purse else None
        return ask_sample(
            self.state, audit.id, document.sample or (), self._sampler, self.clock, judge, room=room, cap=cap
        )

    def _round(self, audit: Audit, moved: Moved) -> bool:
        round = audit.stage
        document = AuditDocument.read(audit.document)
        collected = collect_batches(self.state, self.api, self.clock, audit.id, judge)
        moved.notes += sentences.came_in(collected)
        moved.news = moved.news or collected.kept.answered > 0
        self._stop_if_refused(audit, document)
        self._send(audit, document, round, moved)
        if self._under_way(audit, round) or collected.waiting:
            return False
        return self._ended(audit, document, round, moved)

    def _send(self, audit: Audit, document: AuditDocument, round: str, moved: Moved) -> None:
        """What the budget lets go, but for what waits until one of its prefix has gone ahead."""
        now = self._slice(audit, round, document, moved)
        left = due(self.state, audit, document.settings.audit.sla) - self.clock.now()
        held = hold(self.state, audit.id, round, now.only, left)
        send = partial(submit_round, self.state, self.api, self.clock, audit.id, round=round, sent_as=now.room)
        sent = send(only=held.ahead, limits=BatchLimits(requests=1)) if held.ahead else Submitted()
        if not sent.blocked:
            sent += send(only=now.only, held=held.prefixes)
        moved.notes += [*sentences.sent(sent, round), *sentences.held(held)]
        moved.wait = sent.wait

    def _under_way(self, audit: Audit, round: str) -> int:
        counts: Mapping[RequestState, int] = self.state.requests.counts(audit.id).get(round, {})
        return counts.get("planned", 0) + counts.get("submitted", 0)

    def _ended(self, audit: Audit, document: AuditDocument, round: str, moved: Moved) -> bool:
        """Everything of the round that was asked has come to its end: what it passed over, or the next round."""
        rounds = Rounds(self.state, audit, document, self._prompters)
        again = {FILES: rounds.alone, VERIFY: lambda: rounds.verification(again=True)}.get(round)
        if again and self._add(audit, document, again, moved, "planned anew for what answers passed over"):
            return True
        following = FOLLOWING[round]
        make = {INTEGRATION: rounds.integration, VERIFY: rounds.verification}.get(following)
        if make:
            self._add(audit, document, make, moved, f"planned for the {following} round")
            if document.recovered:
                self._look_back(audit, moved)
        moved.filed = moved.filed or round == FILES
        self.state.audits.advance(audit.id, following)
        return True

    def _add(self, audit: Audit, document: AuditDocument, make: Callable[[], Any], moved: Moved, what: str) -> int:
        counts = self.state.requests.plan(audit.id, make(), carry_over=not document.full, now=self.clock.now())
        if counts.new:
            moved.notes.append(f"{number(counts.new, 'request')} {what}.")
        return counts.new

    def _purse(self, audit: Audit, document: AuditDocument) -> Purse | None:
        cap = document.settings.budget_usd
        return None if cap is None else Purse(self.state, audit.id, cap, self._prices, Decimal(document.lost))

    def _slice(self, audit: Audit, round: str, document: AuditDocument, moved: Moved) -> Slice:
        """What of the round the budget lets go now: all of it where there is none."""
        purse = self._purse(audit, document)
        if purse is None:
            return Slice()
        made = purse.slice(round)
        moved.notes += sentences.sliced(made, round, purse.cap)
        return made

    def _stop_if_refused(self, audit: Audit, document: AuditDocument) -> None:
        """A request error is nobody's bad luck: nothing more is sent before it is mended."""
        if document.reopened >= _MENDS:
            return
        refused = list(self.state.requests.units(audit.id, states=["failed"]))
        if refused:
            raise EngineError(
                f"The API refused {number(len(refused), 'request')} of the audit, so nothing more is sent.",
                refused[0].reason,
                "Then go on with `reviewer audit submit`, which sends them again.",
            )
