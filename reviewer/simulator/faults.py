"""Faults carried out: on an answer before it is wrapped, and on the response that would have gone out."""

import asyncio
import dataclasses
import json
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from reviewer.simulator.answer import Answer
from reviewer.simulator.api_error import ApiError
from reviewer.simulator.behaviour import Fault

_HTML = """<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>
"""


def disturb_answer(answer: Answer, fault: Fault | None, body: dict[str, Any]) -> Answer:
    """The answer as the fault makes it."""
    details = fault.details if fault else {}
    match fault and fault.kind:
        case "invalid_json":
            return dataclasses.replace(answer, text=details.get("text", _half(answer.text)))
        case "truncated":
            return Answer(_half(answer.text), "max_tokens", thinking_tokens=answer.thinking_tokens)
        case "refusal":
            explanation = details.get("explanation", "This request was declined because it could enable cyber harm.")
            category = details.get("category", "cyber")
            return Answer(
                stop_reason="refusal",
                stop_details={"type": "refusal", "category": category, "explanation": explanation},
            )
        case "thinking_only":
            return Answer(thinking_tokens=answer.thinking_tokens or 64)
        case "enum_drift":
            return dataclasses.replace(answer, text=_drifted(answer.text, body))
        case _:
            return answer


def disturb_message(message: dict[str, Any], fault: Fault | None) -> None:
    """Add keys that no client knows, in place."""
    if fault and fault.kind == "extra_keys":
        message["billing_hint"] = {"tier": "unknown"}
        message["usage"]["iterations"] = [{"type": "message", "output_tokens": message["usage"]["output_tokens"]}]


def _half(text: str) -> str:
    return text[: len(text) // 2]


def _drifted(text: str, body: dict[str, Any]) -> str:
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if schema is None:
        return text
    definitions = schema.get("$defs", {}) | schema.get("definitions", {})
    return json.dumps(_upper(json.loads(text), schema, definitions), ensure_ascii=False, separators=(",", ":"))


def _upper(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {key: _upper(each, known.get(key, {}), definitions) for key, each in value.items()}
    if isinstance(value, list):
        return [_upper(each, schema.get("items", {}), definitions) for each in value]
    return value.upper() if isinstance(value, str) and "enum" in schema else value


def response_instead(fault: Fault | None) -> Response | None:
    """What goes out without anything being done, or None when the request is acted on."""
    details = fault.details if fault else {}
    match fault and fault.kind:
        case "status":
            raise status_error(fault)
        case "html":
            return Response(_HTML, details.get("status", 502), media_type="text/html")
        case "reset_before":
            return Reset()
        case "timeout" if not details.get("acted", False):
            return Silence(details.get("seconds", 600.0))
        case _:
            return None


def response_after(response: Response, fault: Fault | None) -> Response:
    """The response as the fault lets it out."""
    details = fault.details if fault else {}
    match fault and fault.kind:
        case "reset_after":
            return Reset()
        case "timeout":
            return Silence(details.get("seconds", 600.0))
        case "drip":
            return Drip(response, details.get("chunk", 64), details.get("interval", 0.01))
        case "cut":
            return Cut(response)
        case "garbled":
            return Garbled(response)
        case _:
            return response


def status_error(fault: Fault | None) -> ApiError:
    """The error that a `status` or `stream_error` fault stands for."""
    details = fault.details if fault else {}
    status = details.get("status", 500)
    code, wait = details.get("error_code"), details.get("retry_after")
    return ApiError(
        status,
        details.get("message", "Overloaded" if status == 529 else "Internal server error"),
        type=details.get("type"),
        details={"error_code": code} if code else None,
        headers={"retry-after": str(wait)} if wait is not None else None,
    )


class Reset(Response):
    """No answer: the connection is closed."""

    def __init__(self) -> None:
        super().__init__(status_code=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it, see `Response`."""
        await abort(scope, receive)


class Silence(Response):
    """No answer until the client gives up, or for some seconds; then a 504."""

    def __init__(self, seconds: float) -> None:
        super().__init__(status_code=0)
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, see `Response`."""
        try:
            async with asyncio.timeout(self.seconds):
                await _gone(receive)
        except TimeoutError:
            self.status_code = 504
            error = ApiError(504, "The request timed out.").body(None)
            await JSONResponse(error, 504)(scope, receive, send)


class Drip(Response):
    """The same response, a few bytes at a time."""

    def __init__(self, inner: Response, chunk: int, interval: float) -> None:
        super().__init__(status_code=inner.status_code)
        self.inner, self.chunk, self.interval = inner, chunk, interval
        self.raw_headers = inner.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, see `Response`."""

        async def slowly(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, max(0, len(body) - self.chunk), self.chunk):
                part = body[start : start + self.chunk]
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(self.interval)
            rest = {"body": body[(len(body) - 1) // self.chunk * self.chunk :]} if body else {}
            await send({**message, **rest})

        await self.inner(scope, receive, slowly)


class _Gathered(Response):
    """A response whose whole body is known before it goes out."""

    def __init__(self, inner: Response) -> None:
        super().__init__(status_code=inner.status_code)
        self.inner, self.raw_headers = inner, inner.raw_headers

    async def gather(self, scope: Scope, receive: Receive) -> bytes:
        """The inner response's body."""
        body = bytearray()

        async def keep(message: Message) -> None:
            body.extend(message.get("body", b""))

        await self.inner(scope, receive, keep)
        return bytes(body)


class Garbled(_Gathered):
    """A body that is no JSON in the response's place."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, see `Response`."""
        await self.gather(scope, receive)
        await Response('{"id": "msg_', 200, media_type="application/json")(scope, receive, send)


class Cut(_Gathered):
    """The first half of a body, then the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, see `Response`."""
        body = await self.gather(scope, receive)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        # One turn of the loop, so that the bytes are on their way before the connection goes.
        await asyncio.sleep(0.01)
        await abort(scope, receive)


async def abort(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word."""
    scope["state"]["transport"].abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
