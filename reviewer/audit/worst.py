"""What a request can cost at most: at that it is held until its real cost is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from reviewer.audit.submission import with_room
from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.request import Request, Usage
from reviewer.store.audit_packing import ttl_of
from reviewer.store.audit_values import Pending

INJECTED = 2_000
"""Tokens that the API puts before a prompt at most: the answer's schema and what explains it."""
_LEAST = 2_000
"""Output tokens that every request is given."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many output tokens a request is sent with: as planned, or `factor` times its likely length.

    A tight budget trims, since a request is held at all the tokens that it may use.
    """

    factor: float | None = None

    def __call__(self, pending: Pending) -> Request:
        """The request as it is sent."""
        request = with_room(pending)
        if self.factor is None:
            return request
        again = 2 ** (pending.attempt - 1) if pending.last == "truncated" else 1
        most = max(_LEAST, int(request.estimated_output * self.factor * again))
        return replace(request, max_tokens=min(request.max_tokens, most))


def worst_price(request: Request, prices: Mapping[str, Price], *, batch: bool) -> Decimal:
    """The most that a request can cost: a tokenizer makes no more tokens of a text than it has bytes."""
    blocks = [*request.system, *(block for turn in request.turns for block in turn.blocks)]
    given = INJECTED + sum(len(block.text.encode("utf-8", "surrogatepass")) for block in blocks)
    match ttl_of(request):
        case "1h":
            usage = Usage(output_tokens=request.max_tokens, cache_creation_1h_input_tokens=given)
        case "5m":
            usage = Usage(output_tokens=request.max_tokens, cache_creation_5m_input_tokens=given)
        case _:
            usage = Usage(given, request.max_tokens)
    return cost(usage, price_of(request.model, prices), batch=batch)
