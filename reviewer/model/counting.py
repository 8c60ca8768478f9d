"""The API's own token count, for where the local estimate is too near the cap to go by. Counting is free."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reviewer.core.request import Request
from reviewer.model.failures import classify
from reviewer.model.wire import to_params, to_tokens

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_NOT_COUNTED = ("max_tokens",)
_SECONDS = 15.0


async def measured_ratio(client: "AsyncAnthropic", requests: Sequence[Request]) -> float | None:
    """Tokens of these requests as the API counts them, over what was estimated; None where it does not say."""
    counts = await asyncio.gather(*(_count(client, request) for request in requests))
    known = [(count, request.estimated_input) for count, request in zip(counts, requests, strict=True) if count]
    estimated = sum(estimate for _, estimate in known)
    return sum(count for count, _ in known) / estimated if estimated else None


async def _count(client: "AsyncAnthropic", request: Request) -> int | None:
    params: dict[str, Any] = {key: value for key, value in to_params(request).items() if key not in _NOT_COUNTED}
    try:
        return to_tokens((await client.messages.count_tokens(**params, timeout=_SECONDS)).input_tokens)
    except Exception as error:
        classify(error)  # a refused key or an API that is down will show, with its reason, at the first real call
        return None
