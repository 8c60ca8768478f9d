"""One HTTP exchange with the Messages API through the SDK, streamed or whole, read as plain JSON.

The JSON is read as it stands: the SDK's typed models cost more than they give here, and unknown keys must not matter.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewer.core.request import Request, Usage
from reviewer.model.failures import classify
from reviewer.model.wire import StreamedMessage, to_params, to_usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

Begun = Callable[[Mapping[str, str]], object]
"""Told of the response's headers when the answer begins."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A Message as the API sent it, and the id of its request."""

    message: Mapping[str, Any]
    request_id: str


class BrokenOffError(ValueError):
    """A stream ended before its message did; `usage` is what it had reported by then."""

    def __init__(self, usage: Usage) -> None:
        super().__init__("the stream ended before the message did")
        self.usage = usage


class Exchange:
    """Sends requests. A server that knows no streaming is asked without it from then on."""

    def __init__(self, client: "AsyncAnthropic") -> None:
        self._messages: Any = client.messages
        self._can_stream = True

    async def send(self, request: Request, *, stream: bool, begun: Begun) -> Answer:
        """One attempt. `stream` where somebody waits for the answer's beginning. Raises what the SDK raises."""
        params = to_params(request)
        if stream and self._can_stream:
            try:
                return await self._streamed(params, begun)
            except Exception as error:
                if not classify(error).unsupported_stream:
                    raise
                self._can_stream = False
        return await self._whole(params, begun)

    async def _whole(self, params: Mapping[str, Any], begun: Begun) -> Answer:
        response = await self._messages.with_raw_response.create(**params)
        begun(response.headers)
        return Answer(_message(response.http_response.content), response.headers.get("request-id", ""))

    async def _streamed(self, params: Mapping[str, Any], begun: Begun) -> Answer:
        async with self._messages.with_streaming_response.create(**params, stream=True) as response:
            request_id = response.headers.get("request-id", "")
            if "text/event-stream" not in response.headers.get("content-type", ""):
                begun(response.headers)
                return Answer(_message(await response.read()), request_id)
            gathered = StreamedMessage()
            try:
                async for event in await response.parse():
                    if not gathered.message:
                        begun(response.headers)
                    gathered.feed(event.model_dump(mode="json"))
            except Exception as error:
                error.usage = to_usage(gathered.message.get("usage"))  # type: ignore[attr-defined]
                raise
            if not gathered.done:
                raise BrokenOffError(to_usage(gathered.message.get("usage")))
            return Answer(gathered.whole(), request_id)

    @staticmethod
    def partial_usage(error: Exception) -> Usage:
        """What a failed attempt is known to have used."""
        used = getattr(error, "usage", None)
        return used if isinstance(used, Usage) else Usage()


def _message(body: bytes) -> Mapping[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("type") != "message":
        raise ValueError("the answer is not a Message")
    return message
