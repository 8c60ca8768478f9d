"""A message as server-sent events, in the order and shape in which the API streams it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reviewer.clock import Clock
from reviewer.simulator.api_error import ApiError

PIECES = 16
MIN_PIECE = 24


def to_events(message: dict[str, Any]) -> list[bytes]:
    """Every event of a finished message, encoded."""
    return [_event(data) for data in _events(message)]


def error_event(error: ApiError, request_id: str) -> bytes:
    """An error in the middle of a stream."""
    return _event(error.body(request_id), "error")


def _event(data: dict[str, Any], name: str | None = None) -> bytes:
    return f"event: {name or data['type']}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = message["usage"]
    opening = {**usage, "output_tokens": min(1, usage["output_tokens"]), "output_tokens_details": None}
    start = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    yield {"type": "message_start", "message": {**start, "usage": opening}}
    for index, block in enumerate(message["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": _opened(block)}
        if index == 0:
            yield {"type": "ping"}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {key: message[key] for key in ("container", "stop_details", "stop_reason", "stop_sequence")},
        "usage": {
            key: usage[key]
            for key in (
                "input_tokens",
                "cache_creation_input_tokens",
                "cache_read_input_tokens",
                "output_tokens",
                "output_tokens_details",
                "server_tool_use",
            )
        },
    }
    yield {"type": "message_stop"}


def _opened(block: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    return {**block, **empty[block["type"]]}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "thinking":
        if block["thinking"]:
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        for piece in _pieces(block["text"]):
            yield {"type": "text_delta", "text": piece}
    else:
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in _pieces(json.dumps(block["input"])):
            yield {"type": "input_json_delta", "partial_json": piece}


def _pieces(text: str) -> Iterator[str]:
    size = max(MIN_PIECE, -(-len(text) // PIECES))
    for start in range(0, len(text), size):
        yield text[start : start + size]


class EventStream(Response):
    """Events over time: the first after `first_byte` seconds, when `begin` is called, the last after `latency`."""

    media_type = "text/event-stream"

    def __init__(
        self, events: list[bytes], *, first_byte: float, latency: float, clock: Clock, begin: Callable[[], None]
    ) -> None:
        super().__init__(headers={"cache-control": "no-cache"})
        del self.headers["content-length"]
        self.events, self.clock, self.begin = events, clock, begin
        self.first_byte = first_byte
        self.step = max(0.0, latency - first_byte) / max(1, len(events) - 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it, see `Response`."""
        if self.first_byte > 0:
            await self.clock.sleep(self.first_byte)
        self.begin()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for index, event in enumerate(self.events):
            if index and self.step:
                await self.clock.sleep(self.step)
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
