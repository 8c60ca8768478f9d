"""Requests to the simulated API as they go over the wire, past the SDK's own checks."""

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from reviewer.simulator import Answer, Behaviour, Simulator

MODEL = "claude-sonnet-5-5"


HELLO = [{"role": "user", "content": "Hello"}]


MARK = {"type": "ephemeral"}


HOUR = {"type": "ephemeral", "ttl": "1h"}


TOOL = {"name": "t", "input_schema": {"type": "object", "properties": {}}}


STRICT = {"name": "t", "strict": True, "input_schema": {"type": "object", "properties": {}}}


USE = {"type": "tool_use", "id": "toolu_1", "name": "t", "input": {}}


RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}


HEADERS = {"authorization": "Bearer key", "anthropic-version": "2026-10-21"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Simulator(Behaviour(brain=lambda body: Answer("fine"))) as simulator:
        yield simulator.base_url


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def sdk(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="key", base_url=url, max_retries=0) as client:
        yield client


def send(sdk: anthropic.Anthropic, path: str = "/v1/messages", **changes: Any) -> Any:
    """Past the SDK's own checks, but through its transport and errors."""
    body = {"model": MODEL, "max_tokens": 1000, "messages": HELLO} | changes
    return sdk.post(path, cast_to=object, body={key: value for key, value in body.items() if value is not ...})


def refusal(sdk: anthropic.Anthropic, path: str = "/v1/messages", **changes: Any) -> str:
    with pytest.raises(anthropic.BadRequestError) as caught:
        send(sdk, path, **changes)
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id == caught.value.body["request_id"]
    return caught.value.api_message


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def text(content: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": content, **more}


def formatted(schema: Any, **more: Any) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}, **more}}


def record(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}


EXTRA = "Extra inputs are not permitted"


PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
