"""Asking until there is a usable answer, or a plain reason why there is none. Every call is recorded for the report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, TypeVar

from reviewer.core.answer import Unusable
from reviewer.core.pricing import Price, cost_of, price_of
from reviewer.core.progress import Progress
from reviewer.core.report import PassReport
from reviewer.core.request import Answered, Block, Call, Cause, Errored, Refused, Reply, Request, Truncated, Turn
from reviewer.model.lane import SyncLane

T = TypeVar("T")
_ECHO = 20_000
"""Characters of an unusable answer that are shown to the model again."""


class RememberedAnswer(Protocol):
    """An answer from an earlier run."""

    @property
    def text(self) -> str:
        """The answer's text."""
        ...

    @property
    def model(self) -> str:
        """The model as it answered."""
        ...

    @property
    def message_id(self) -> str:
        """The message it was."""
        ...


class AnswerMemo(Protocol):
    """Answers of earlier runs, by the identity of their request."""

    def get(self, identity: str) -> RememberedAnswer | None:
        """The answer to this very request, or None."""
        ...

    def keep(self, identity: str, text: str, model: str, message_id: str) -> None:
        """Keep an answer that was usable."""
        ...


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable answer. `message` and `step` are plain sentences; `final` says that asking again is no use."""

    cause: Cause
    message: str
    step: str
    files: tuple[str, ...] = ()
    final: bool = False

    def __str__(self) -> str:
        return f"{self.message} {self.step}".strip()


class Asker:
    """Puts requests to the lane, mends what can be mended, and keeps the records."""

    def __init__(
        self,
        lane: SyncLane,
        progress: Progress,
        memo: AnswerMemo | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.lane = lane
        self.passes: list[PassReport] = []
        self._progress = progress
        self._memo = memo
        self._prices = prices or {}

    async def ask(self, request: Request, parse: Callable[[str], T | Unusable]) -> tuple[T, PassReport] | Failed:
        """A usable answer and its record, from memo or model; one repair try, one retry with more room."""
        identity = request.identity
        remembered = self._recall(request, identity, parse)
        if remembered is not None:
            return remembered
        asked, repaired, widened = request, False, False
        while True:
            reply = await self.lane.call(asked)
            if isinstance(reply, Answered):
                value = parse(reply.text)
                if not isinstance(value, Unusable):
                    if self._memo:
                        self._memo.keep(identity, reply.text, reply.call.model, reply.call.message_id)
                    return value, self._record(asked, reply, "answered", identity)
                self._record(asked, reply, f"unusable: {value.reason}", identity)
                if repaired:
                    return _unusable(request, value.reason)
                asked, repaired = _repair(replace(request, max_tokens=asked.max_tokens), reply.text, value.reason), True
            elif isinstance(reply, Truncated) and not widened:
                self._record(asked, reply, "truncated", identity)
                asked, widened = replace(asked, max_tokens=self._more_room(asked)), True
            else:
                return self._failed(request, reply, identity)

    async def insist(self, request: Request, parse: Callable[[str], T | Unusable]) -> tuple[T, PassReport] | Failed:
        """`ask`, and once more from the start where the answers were of no use: for passes that nothing stands in for.

        File passes have their second look instead.
        """
        got = await self.ask(request, parse)
        if isinstance(got, Failed) and got.cause == "answer" and not got.final:
            return await self.ask(request, parse)
        return got

    def _recall(
        self, request: Request, identity: str, parse: Callable[[str], T | Unusable]
    ) -> tuple[T, PassReport] | None:
        remembered = self._memo.get(identity) if self._memo else None
        if remembered is None:
            return None
        value = parse(remembered.text)
        if isinstance(value, Unusable):
            return None
        call = Call(remembered.model, message_id=remembered.message_id, memo=True)
        return value, self._record(request, Answered(remembered.text, call), "memo", identity)

    def _more_room(self, request: Request) -> int:
        return min(request.max_tokens * 2, price_of(request.model, self._prices).max_output)

    def _failed(self, request: Request, reply: Reply, identity: str) -> Failed:
        match reply:
            case Truncated():
                self._record(request, reply, "truncated", identity)
                message = f"The answer on {_about(request)} was cut off twice, at the model's output limit."
                return Failed("answer", message, "Split the change, or run it again.", request.files)
            case Refused(category, explanation, _):
                self._record(request, reply, "refused", identity)
                why = f" ({category})" if category else ""
                message = f"The model declined to review {_about(request)}{why}. {explanation}".strip()
                return Failed("answer", message, "Review it by hand, or try another model.", request.files, final=True)
            case Errored(cause, message, step, _, fatal):
                self._record(request, reply, f"errored: {message}", identity)
                return Failed(cause, message, step, request.files, final=fatal or cause in ("budget", "deadline"))
            case _:
                self._record(request, reply, type(reply).__name__.lower(), identity)
                return Failed("api", "The request was not processed.", "Run it again.", request.files)

    def _record(self, request: Request, reply: Reply, outcome: str, identity: str) -> PassReport:
        call = reply.call
        usd = cost_of(call, self._prices)
        made = PassReport(
            kind=request.kind,
            files=request.files,
            model=call.model,
            outcome=outcome,
            usage=call.usage,
            usd=usd,
            attempts=call.attempts,
            lane=call.lane,
            custom_id=call.custom_id,
            batch_id=call.batch_id,
            request_id=call.request_id,
            message_id=call.message_id,
            prompt_sha256=identity,
            memo=call.memo,
            seconds=call.seconds,
        )
        if call.attempts or call.memo:
            self.passes.append(made)
        self._progress.finished(request.kind, outcome.partition(":")[0], usd)
        return made

    @property
    def spent(self) -> Decimal:
        """Dollars so far."""
        return sum((made.usd for made in self.passes), Decimal(0))


def _about(request: Request) -> str:
    return request.files[0] if len(request.files) == 1 else f"{len(request.files)} files"


def _unusable(request: Request, reason: str) -> Failed:
    message = f"The model's answer on {_about(request)} was not usable, also after one repair try ({reason})."
    return Failed("answer", message, "Run it again.", request.files)


def _repair(request: Request, text: str, reason: str) -> Request:
    """The same conversation, with the unusable answer and its fault. An empty answer is just asked again."""
    wanted = f"This answer cannot be used: {reason}. Answer again, with one whole JSON object of the required form."
    if not text.strip():
        return request
    turns = (*request.turns, Turn("assistant", (Block(text[:_ECHO]),)), Turn("user", (Block(wanted),)))
    extra = (len(text[:_ECHO]) + len(wanted)) // 3
    return replace(request, turns=turns, estimated_input=request.estimated_input + extra)
