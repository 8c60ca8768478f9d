"""One HTTP exchange with the Messages API through the SDK, streamed or whole, read as plain JSON.

The JSON is read as it stands: the SDK's typed models cost more than they give here, and unknown keys must not matter.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewer.core.request import Request, Usage
from reviewer.model.failures import classify
from reviewer.model.wire import StreamedMessage, to_params, to_usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

LONG_ANSWER = 21_333
"""Tokens of output from which on the SDK expects more than ten minutes, and asks for a stream."""
Begun = Callable[[Mapping[str, str], Usage], object]
"""Told of the response's headers and of the usage so far when the answer begins."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A Message as the API sent it, and the id of its request."""

    message: Mapping[str, Any]
    request_id: str


class BrokenOffError(ValueError):
    """A stream ended before its message did."""


class Exchange:
    """Sends requests. A server that knows no streaming is asked without it from then on."""

    def __init__(self, client: "AsyncAnthropic") -> None:
        self._messages: Any = client.messages
        self._can_stream = True

    async def send(self, request: Request, *, stream: bool, begun: Begun) -> Answer:
        """One attempt. `stream` where somebody waits for the answer's beginning; what may take long is streamed anyway.

        Raises what the SDK raises.
        """
        params = to_params(request)
        if (stream or request.max_tokens > LONG_ANSWER) and self._can_stream:
            try:
                return await self._streamed(params, begun)
            except Exception as error:
                if not classify(error).unsupported_stream:
                    raise
                self._can_stream = False
        return await self._whole(params, begun)

    async def _whole(self, params: Mapping[str, Any], begun: Begun) -> Answer:
        response = await self._messages.with_raw_response.create(**params)
        return _whole_answer(response.http_response.content, response.headers, begun)

    async def _streamed(self, params: Mapping[str, Any], begun: Begun) -> Answer:
        async with self._messages.with_streaming_response.create(**params, stream=True) as response:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                return _whole_answer(await response.read(), response.headers, begun)
            gathered = StreamedMessage()
            try:
                async for event in await response.parse():
                    # The SDK makes models of what it does not know, too, and would warn of that.
                    gathered.feed(event.model_dump(mode="json", warnings=False))
                    if event.type == "message_start":
                        begun(response.headers, to_usage(gathered.message.get("usage")))
                if not gathered.done:
                    raise BrokenOffError("the stream ended before the message did")
            except (Exception, asyncio.CancelledError) as error:
                if gathered.message:
                    error.usage = to_usage(gathered.message.get("usage"))  # type: ignore[union-attr]
                raise
            return Answer(gathered.whole(), response.headers.get("request-id", ""))

    @staticmethod
    def partial_usage(error: BaseException) -> Usage | None:
        """What an attempt whose answer broke off had reported by then."""
        used = getattr(error, "usage", None)
        return used if isinstance(used, Usage) else None


def _whole_answer(body: bytes, headers: Mapping[str, str], begun: Begun) -> Answer:
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("type") != "message":
        raise ValueError("the answer is not a Message")
    begun(headers, to_usage(message.get("usage")))
    return Answer(message, headers.get("request-id", ""))
