"""What the simulated API refuses, with the API's own words, and the shape of what it sends."""

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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 1.0}, f"temperature: {EXTRA}"),
        ({"top_p": 1.0}, f"top_p: {EXTRA}"),
        ({"top_k": 5}, f"top_k: {EXTRA}"),
        ({"output_format": {}}, f"output_format: {EXTRA}"),
        ({"betas": []}, f"betas: {EXTRA}"),
        ({"user_profile_id": "u"}, f"user_profile_id: {EXTRA}"),
        ({"workspace_id": "w"}, f"workspace_id: {EXTRA}"),
        ({"max_tokens": ...}, "max_tokens: Field required"),
        ({"messages": ...}, "messages: Field required"),
        ({"max_tokens": "9"}, "max_tokens: Input should be a valid integer"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [HELLO[0] | {"name": "x"}]}, f"messages.0.name: {EXTRA}"),
        ({"messages": [user(text("a", x=1))]}, f"messages.0.content.0.text.x: {EXTRA}"),
        ({"messages": [user(text("a", cache_control={"type": "ephemeral", "x": 1}))]},
         f"messages.0.content.0.text.cache_control.x: {EXTRA}"),
        ({"system": [text("a", x=1)]}, f"system.0.x: {EXTRA}"),
        ({"tools": [TOOL | {"x": 1}]}, f"tools.0.x: {EXTRA}"),
        ({"tools": [TOOL | {"name": "a.b"}]}, "tools.0.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        ({"thinking": {"type": "adaptive", "budget_tokens": 2000}}, f"thinking.adaptive.budget_tokens: {EXTRA}"),
        ({"output_config": {"verbosity": "low"}}, f"output_config.verbosity: {EXTRA}"),
        ({"metadata": {"pr": "1"}}, f"metadata.pr: {EXTRA}"),
        ({"stop_sequences": [" "]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    ],
)  # fmt: skip
def test_shape_is_checked_at_every_level(sdk, changes, message):
    assert refusal(sdk, **changes) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_tokens": 128_001},
         "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5-5"),
        ({"model": "claude-haiku-4-5", "max_tokens": 64_001},
         "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for "
         "claude-haiku-4-5-20251001"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000},
         '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
         '"output_config.effort" to control thinking behavior.'),
        ({"thinking": {"type": "disabled"}},
         '"thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools" for the lowest '
         'thinking setting, or "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'),
        ({"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}},
         "adaptive thinking is not supported on this model"),
        ({"thinking": {"type": "between_tools"}, "output_config": {"effort": "max"}},
         '"thinking.type.between_tools" is not supported at effort "max" for this model.'),
        ({"model": "claude-haiku-5-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "xhigh"}},
         '"thinking.type.disabled" is not supported at effort "xhigh" for this model.'),
        ({"model": "claude-haiku-4-5", "output_config": {"effort": "low"}},
         "This model does not support the effort parameter."),
        ({"model": "claude-opus-4-6", "output_config": {"effort": "xhigh"}},
         "output_config.effort: 'xhigh' is not supported for this model."),
        ({"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 2000}},
         "`max_tokens` must be greater than `thinking.budget_tokens`."),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}},
         'tool_choice: type "tool" and "any" are not supported for this model.'),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "t"}, "model": "claude-opus-5-5"},
         'tool_choice: type "tool" and "any" are not supported for this model.'),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "u"}, "model": "claude-haiku-5-5"},
         "tool_choice.name: Tool 'u' not found in provided tools"),
        ({"tool_choice": {"type": "auto"}}, "tool_choice: Tool choice may only be specified while providing tools."),
        ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
        ({"messages": [*HELLO, {"role": "assistant", "content": "{"}]}, PREFILL),
        ({"inference_geo": "us", "model": "claude-haiku-4-5"}, "inference_geo is not supported for this model."),
        ({"max_tokens": 0, "stream": True},
         "max_tokens: 0 cannot be combined with streaming, enabled thinking, output_config.format or a forced tool "
         "choice"),
        ({"messages": [*HELLO, {"role": "system", "content": "New rule."}, *HELLO], "model": "claude-sonnet-5"},
         'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, '
         'not "system" as an input message role.'),
    ],
)  # fmt: skip
def test_rules_of_the_model_are_applied(sdk, changes, message):
    assert refusal(sdk, **changes) == message


@pytest.mark.parametrize(
    "changes",
    [
        {"thinking": {"type": "adaptive", "display": "summarized"}},
        {"thinking": {"type": "between_tools"}, "output_config": {"effort": "high"}},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000, "model": "claude-opus-4-6"},
        {"thinking": {"type": "disabled"}, "model": "claude-opus-5"},
        {"tools": [TOOL], "tool_choice": {"type": "any"}, "model": "claude-haiku-5-5"},
        {"messages": [*HELLO, {"role": "assistant", "content": "{"}], "model": "claude-haiku-4-5"},
        {"messages": [*HELLO, {"role": "system", "content": "New rule."}]},
        {"messages": [*HELLO, *HELLO]},
        {"max_tokens": 0},
        {"system": "", "metadata": {"user_id": None}, "service_tier": "auto", "inference_geo": "us"},
    ],
)
def test_what_the_api_allows_is_allowed(sdk, changes):
    assert send(sdk, **changes)["type"] == "message"


UNANSWERED = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. "
    "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)
UNASKED = (
    "messages.0.content: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. "
    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
)
FORGED = {"type": "thinking", "thinking": "", "signature": "EqQB"}
ASKED = [HELLO[0], {"role": "assistant", "content": [USE]}]


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([user(text(""))], "messages: text content blocks must be non-empty"),
        ([{"role": "user", "content": ""}], "messages: text content blocks must be non-empty"),
        ([user(text(" \n"))], "messages: text content blocks must contain non-whitespace text"),
        ([user(text("", cache_control=MARK))],
         "messages.0.content.0.text: cache_control cannot be set for empty text blocks"),
        ([user()], "messages.0: all messages must have non-empty content"),
        ([{"role": "assistant", "content": "a"}, *HELLO], 'messages: first message must use the "user" role'),
        (ASKED, UNANSWERED),
        ([*ASKED, *HELLO], UNANSWERED),
        ([user(RESULT)], UNASKED),
        ([*ASKED, user(RESULT, RESULT)], UNASKED.replace("messages.0", "messages.2")),
        ([*ASKED, user(text("first"), RESULT)],
         "messages.2.content: `tool_result` blocks must come first in the message"),
        ([user(USE)], "messages.0.content.0: `tool_use` blocks cannot be in `user` messages"),
        ([*HELLO, {"role": "assistant", "content": [FORGED]}, *HELLO],
         "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ],
)  # fmt: skip
def test_conversation_must_be_well_formed(sdk, messages, message):
    assert refusal(sdk, messages=messages, tools=[TOOL]) == message


def test_tool_blocks_need_tools(sdk):
    message = "Requests which include `tool_use` or `tool_result` blocks must define tools."
    assert refusal(sdk, messages=[*ASKED, user(RESULT)]) == message


def test_fabricated_first_tool_call_is_taken(sdk):
    assert send(sdk, messages=[*ASKED, user(RESULT)], tools=[TOOL])["content"][-1]["text"] == "fine"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"messages": [user(*(text(str(n), cache_control=MARK) for n in range(5)))]},
         "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ({"messages": [user(*(text(str(n), cache_control=MARK) for n in range(4)), text("x"))], "cache_control": MARK},
         "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ({"messages": [user(text("a", cache_control=HOUR))], "cache_control": MARK},
         "cache_control: the last block already has a cache_control with a different ttl"),
        ({"system": [text("a", cache_control=MARK)], "messages": [user(text("b", cache_control=HOUR))]},
         "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
         "cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."),
    ],
)  # fmt: skip
def test_cache_markers_are_counted_and_ordered(sdk, changes, message):
    assert refusal(sdk, **changes) == message


AT = "output_config.format.schema: "


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "properties": {}},
         AT + "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (record(a={"type": "array", "items": {"type": "object", "properties": {}}}),
         AT + "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (record(n={"type": "integer", "minimum": 1, "maximum": 2}),
         AT + "For 'integer' type, properties maximum, minimum are not supported"),
        (record(s={"type": "string", "maxLength": 2}), AT + "For 'string' type, property maxLength is not supported"),
        (record(a={"type": "array", "items": {"type": "string"}, "minItems": 2}),
         AT + "For 'array' type, 'minItems' values other than 0 or 1 are not supported"),
        (record(a={"oneOf": [{"type": "string"}]}), AT + "Invalid schema: 'type' is missing"),
        (record(a={"enum": [["x"]]}), AT + "enum values must be strings, numbers, booleans or null"),
        (record(a={"$ref": "https://example.com/x.json"}),
         AT + "external $ref 'https://example.com/x.json' is not supported"),
        (record(a={"$ref": "#/$defs/node"}) | {"$defs": {"node": record(next={"$ref": "#/$defs/node"})}},
         AT + "recursive schemas are not supported ('node' refers to itself)"),
        (record(a={"allOf": [{"$ref": "#/$defs/x"}]}) | {"$defs": {"x": record()}},
         AT + "allOf with $ref is not supported"),
        (record(s={"type": "string", "format": "iso-8601"}),
         AT + "For 'string' type, format 'iso-8601' is not supported"),
        (record(s={"type": "string", "pattern": r"\bx"}), AT + "pattern uses a construct that is not supported"),
        (record(**{f"u{n}": {"type": ["string", "null"]} for n in range(17)}),
         "Schema is too complex for compilation."),
        (record(**{f"o{n}": {"type": "string"} for n in range(25)}) | {"required": []},
         "Schema is too complex for compilation."),
        ({"type": "object", "additionalProperties": False, "properties": ["a"]},
         AT + "Invalid schema: a keyword has a value of the wrong type"),
    ],
)  # fmt: skip
def test_schema_outside_the_subset_is_refused(sdk, schema, message):
    assert refusal(sdk, **formatted(schema)) == message


@pytest.mark.parametrize(
    "schema",
    [
        record(**{f"u{n}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for n in range(16)}),
        record(**{f"o{n}": {"type": "string"} for n in range(24)}) | {"required": []},
        record(a={"$ref": "#/$defs/x"}, b={"$ref": "#/$defs/x"}) | {"$defs": {"x": record(e={"enum": ["p", 1, None]})}},
        record(a={"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1}),
    ],
)
def test_schema_within_the_subset_is_taken(sdk, schema):
    assert send(sdk, **formatted(schema))["type"] == "message"


def test_strict_tools_follow_the_same_subset(sdk):
    message = "tools.0.input_schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
    assert refusal(sdk, tools=[STRICT]) == message


def test_citations_do_not_go_with_a_format(sdk):
    source = {"type": "text", "media_type": "text/plain", "data": "x"}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}
    message = "output_config.format: citations cannot be combined with structured outputs"
    assert refusal(sdk, messages=[user(document, text("cite"))], **formatted(record())) == message


def test_prompt_must_fit_the_context_window(sdk):
    long = [{"role": "user", "content": "x" * 640_000}]
    message = "prompt is too long: 200004 tokens > 200000 maximum"
    assert refusal(sdk, messages=long, model="claude-haiku-4-5") == message


def test_answer_stops_where_the_context_window_ends(sdk):
    long = [{"role": "user", "content": "x" * 639_984}]
    message = send(sdk, messages=long, model="claude-haiku-4-5")
    assert message["stop_reason"] == "model_context_window_exceeded"
    assert message["usage"]["output_tokens"] == 1


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_unknown_model_is_not_found(sdk, path):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-opus-5-20260723") as caught:
        send(sdk, path, model="claude-opus-5-20260723", max_tokens=1000 if path == "/v1/messages" else ...)
    assert caught.value.type == "not_found_error"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, f"max_tokens: {EXTRA}"),
        ({"max_tokens": ..., "stream": True}, f"stream: {EXTRA}"),
        ({"max_tokens": ..., "tools": [TOOL], "tool_choice": {"type": "any"}},
         'tool_choice: type "tool" and "any" are not supported for this model.'),
    ],
)  # fmt: skip
def test_count_tokens_is_as_strict(sdk, changes, message):
    assert refusal(sdk, "/v1/messages/count_tokens", **changes) == message


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"authorization": None}, 401, "API key is invalid."),
        ({"authorization": "Bearer"}, 401, "API key is invalid."),
        ({"authorization": "Basic key"}, 401, "API key is invalid."),
        ({"anthropic-version": None}, 400, "anthropic-version: header is required"),
        ({"anthropic-version": "2025-01-01"}, 400, 'anthropic-version: "2025-01-01" is not a valid version'),
        ({"anthropic-beta": "x-2026"}, 400, "Unexpected value(s) `x-2026` for the `anthropic-beta` header."),
        ({"content-type": "text/plain"}, 400, "content-type: must be application/json"),
        ({"authorization": None, "x-api-key": "key"}, 200, None),
        ({"anthropic-version": "2023-06-01"}, 200, None),
    ],
)
def test_headers_are_checked(http, headers, status, message):
    chosen = {**HEADERS, "content-type": "application/json", **headers}
    response = http.post(
        "/v1/messages",
        content=b'{"model":"claude-sonnet-5-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}',
        headers={name: value for name, value in chosen.items() if value is not None},
    )
    assert response.status_code == status
    assert response.json().get("error", {}).get("message") == message
    assert response.headers["anthropic-organization-id"] == "00000000-0000-0000-0000-000000000000"
    assert response.headers["request-id"].startswith("req_01")


def test_only_known_keys_are_let_in():
    behaviour = Behaviour(brain=lambda body: Answer("fine"), api_keys=frozenset({"right"}))
    with Simulator(behaviour) as simulator:
        for key, error in (("right", None), ("wrong", "authentication_error")):
            with anthropic.Anthropic(api_key=key, base_url=simulator.base_url, max_retries=0) as client:
                if error is None:
                    assert send(client)["type"] == "message"
                    continue
                with pytest.raises(anthropic.AuthenticationError) as caught:
                    send(client)
                assert caught.value.type == error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The request body is not valid JSON: Expecting property name"),
        (b'{"max_tokens": NaN}', "The request body is not valid JSON: NaN is not JSON"),
        (b'{"model": "\\ud800"}', "The request body is not valid JSON: no low surrogate in string"),
        (b'{"model": "\xff"}', "The request body is not valid JSON: "),
        (b"[]", "Input should be a valid dictionary"),
    ],
)
def test_body_must_be_a_json_object(http, content, message):
    headers = {**HEADERS, "content-type": "application/json"}
    response = http.post("/v1/messages", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(message)


def test_body_above_32_megabytes_is_refused(sdk):
    with pytest.raises(anthropic.ContentTooLargeError) as caught:
        send(sdk, messages=[{"role": "user", "content": "x" * (32 * 1024 * 1024)}])
    assert caught.value.type == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/messages", 405), ("GET", "/v2", 404), ("POST", "/v1/models", 405)]
)
def test_other_routes_do_not_exist(http, method, path, status):
    response = http.request(method, path, headers=HEADERS)
    assert response.status_code == status
    assert response.json()["type"] == "error"
