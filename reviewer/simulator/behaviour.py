"""How a simulated API behaves: who answers, how fast, within which limits, and what goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from reviewer.clock import Clock, SystemClock
from reviewer.simulator.answer import Answer

Brain = Callable[[dict[str, Any]], Answer]
Seconds = float | Callable[[dict[str, Any]], float]

AnyEndpointFault = Literal["status", "html", "reset_before", "reset_after", "timeout", "drip", "cut", "garbled"]
AnswerFault = Literal["invalid_json", "truncated", "refusal", "thinking_only", "enum_drift", "extra_keys"]
StreamFault = Literal["stream_error", "stream_cut"]
ItemFault = Literal["errored", "expired", "canceled", "unknown_result"]
ResultsFault = Literal["blank_line", "partial_line"]
FaultKind = AnyEndpointFault | AnswerFault | StreamFault | ItemFault | ResultsFault

ANYWHERE = frozenset(get_args(AnyEndpointFault))
ANSWERS = frozenset(get_args(AnswerFault))
STREAMS = frozenset(get_args(StreamFault))
ITEMS = ANSWERS | frozenset(get_args(ItemFault))
RESULTS = frozenset(get_args(ResultsFault))


@dataclass(frozen=True, slots=True, init=False)
class Fault:
    """Something that goes wrong once. Details by kind, with their defaults:

    any endpoint  status (status=500, type, message, retry_after, error_code), html (status=502), reset_before,
                  reset_after (acted on and counted, then closed), timeout (seconds=600, then a 504; acted=False:
                  True acts first), drip (chunk=64 bytes, interval=0.01 s), cut (acted on; half the body, then closed),
                  garbled (acted on; a 200 whose body is no JSON)
    answers       invalid_json (text), truncated, refusal (category="cyber", explanation), thinking_only, enum_drift,
                  extra_keys; in batches they apply to the item
    messages      stream_error (type="overloaded_error", message; a 529 when not streaming; not billed),
                  stream_cut (half the answer, then closed; billed)
    batch items   errored (type="api_error", message), expired, canceled, unknown_result (type="paused")
    batches.results  blank_line, partial_line (half of a last row)
    """

    kind: FaultKind
    details: Mapping[str, Any]

    def __init__(self, kind: FaultKind, /, **details: Any) -> None:
        if kind not in ANYWHERE | STREAMS | ITEMS | RESULTS:
            known = ", ".join(sorted(ANYWHERE | STREAMS | ITEMS | RESULTS))
            raise ValueError(f"There is no fault {kind!r}. Known kinds: {known}.")
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "details", details)

    def fits(self, endpoint: str) -> bool:
        """Whether this fault can happen at an endpoint."""
        extra = {"messages": ANSWERS | STREAMS, "batches.results": RESULTS}.get(endpoint, frozenset[str]())
        return self.kind in ANYWHERE | extra


@dataclass(frozen=True, slots=True)
class Limits:
    """Token buckets of one model, refilled continuously, full at the start; None: no such limit.

    Input counts uncached input and cache writes, not cache reads. Output counts what was really written.
    """

    requests_per_minute: int | None = None
    input_tokens_per_minute: int | None = None
    output_tokens_per_minute: int | None = None


def default_brain(body: dict[str, Any]) -> Answer:
    """The bundled rule-based brain."""
    # Imported when first asked: a simulator with a brain of its own does not need the rules.
    from reviewer.simulator.brain import answer

    return answer(body)


def no_faults(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:  # noqa: ARG001
    """Nothing goes wrong."""
    return None


def no_outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:  # noqa: ARG001
    """Every batch item is answered."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Everything that can be set about a simulated API. Times are seconds.

    brain         answers requests, called in worker threads, several at once; a batch item's `params` look the same
    latency       until the answer is complete
    first_byte    until a streamed answer begins: its headers and first event
    faults        (n-th call of that endpoint from 0, endpoint, body) → what goes wrong; endpoints are messages,
                  count_tokens, models.list, models.retrieve, batches.create, batches.list, batches.retrieve,
                  batches.cancel, batches.delete, batches.results; where a call has no body, its path and query
                  parameters stand for it
    limits        for every model, or by model id (others have none)
    api_keys      keys that are let in; None: any that is not empty
    batch_delay   until a batch ends, by the clock (or from its number of requests); item i of n is ready at
                  i/n of it, which decides what a cancellation or the 24 h expiry still finds unfinished
    batch_wave    items of a batch that start together, and so cannot read each other's cache entries
    cancel_delay  from the cancellation to the end; `list_lag`: until a new batch can be listed and retrieved
    item_outcome  what goes wrong with one item of a batch
    keep_bodies   False: calls keep only sizes and hashes of their bodies, for large runs
    """

    brain: Brain = default_brain
    latency: Seconds = 0.0
    first_byte: Seconds = 0.0
    faults: Callable[[int, str, dict[str, Any]], Fault | None] = no_faults
    limits: Limits | Mapping[str, Limits] | None = None
    api_keys: frozenset[str] | None = None
    batch_delay: float | Callable[[int], float] = 0.0
    batch_wave: int = 32
    cancel_delay: float = 0.0
    list_lag: float = 0.0
    item_outcome: Callable[[str, dict[str, Any]], Fault | None] = no_outcome
    keep_bodies: bool = True
    clock: Clock = field(default_factory=SystemClock)
