"""The shapes of request bodies, over the shapes of their content.

Narrower than the API in what the simulator does not do: no containers, fast mode or diagnostics.
"""

import json
from typing import Annotated, Any, Literal, Required

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from reviewer.simulator.api_error import invalid
from reviewer.simulator.content import NAME, Block, CacheControl, Markable, Text, as_blocks, strict_shape

MAX_MESSAGES = 100_000


@strict_shape
class _Message(TypedDict, total=False):
    role: Required[Literal["user", "assistant", "system"]]
    content: Required[Annotated[list[Block], BeforeValidator(as_blocks)]]


@with_config(ConfigDict(extra="allow", strict=True))
class _InputSchema(TypedDict, total=False):
    type: Required[Literal["object"]]
    properties: dict[str, Any] | None
    required: list[str] | None


@strict_shape
class _CustomTool(Markable, total=False):
    type: Literal["custom"] | None
    name: Required[Annotated[str, Field(pattern=NAME)]]
    description: str
    input_schema: Required[_InputSchema]
    strict: bool
    input_examples: list[dict[str, Any]]
    eager_input_streaming: bool | None
    defer_loading: Literal[False]
    allowed_callers: list[Literal["direct"]]


@strict_shape
class _Auto(TypedDict, total=False):
    type: Required[Literal["auto"]]
    disable_parallel_tool_use: bool


@strict_shape
class _Any(TypedDict, total=False):
    type: Required[Literal["any"]]
    disable_parallel_tool_use: bool


@strict_shape
class _OneTool(TypedDict, total=False):
    type: Required[Literal["tool"]]
    name: Required[str]
    disable_parallel_tool_use: bool


@strict_shape
class _NoTool(TypedDict, total=False):
    type: Required[Literal["none"]]


_Display = Literal["summarized", "omitted"] | None


@strict_shape
class _Adaptive(TypedDict, total=False):
    type: Required[Literal["adaptive"]]
    display: _Display


@strict_shape
class _Enabled(TypedDict, total=False):
    type: Required[Literal["enabled"]]
    budget_tokens: Required[Annotated[int, Field(ge=1024)]]
    display: _Display


@strict_shape
class _Disabled(TypedDict, total=False):
    type: Required[Literal["disabled"]]


@strict_shape
class _BetweenTools(TypedDict, total=False):
    type: Required[Literal["between_tools"]]


@strict_shape
class _Format(TypedDict, total=False):
    type: Required[Literal["json_schema"]]
    schema: Required[dict[str, Any]]


@strict_shape
class _OutputConfig(TypedDict, total=False):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None
    format: _Format | None


@strict_shape
class _Metadata(TypedDict, total=False):
    user_id: Annotated[str, Field(max_length=256)] | None


@strict_shape
class _Prompt(TypedDict, total=False):
    model: Required[Annotated[str, Field(min_length=1, max_length=256)]]
    messages: Required[Annotated[list[_Message], Field(max_length=MAX_MESSAGES)]]
    system: Annotated[list[Text], BeforeValidator(as_blocks)]
    tools: list[_CustomTool]
    tool_choice: Annotated[_Auto | _Any | _OneTool | _NoTool, Field(discriminator="type")]
    thinking: Annotated[_Adaptive | _Enabled | _Disabled | _BetweenTools, Field(discriminator="type")]
    output_config: _OutputConfig
    cache_control: CacheControl | None
    speed: Literal["standard"] | None


@strict_shape
class _Create(_Prompt, total=False):
    max_tokens: Required[int]
    stream: bool
    stop_sequences: list[str]
    metadata: _Metadata
    service_tier: Literal["auto", "standard_only"]
    inference_geo: Literal["global", "us"] | None
    container: None
    diagnostics: None


@strict_shape
class _Item(TypedDict, total=False):
    custom_id: Required[Annotated[str, Field(max_length=64, pattern=NAME)]]
    params: Required[dict[str, Any]]


@strict_shape
class _Batch(TypedDict, total=False):
    requests: Required[Annotated[list[_Item], Field(min_length=1)]]


CREATE = TypeAdapter[Any](_Create)
COUNT = TypeAdapter[Any](_Prompt)
BATCH = TypeAdapter[Any](_Batch)


def check_shape(shape: TypeAdapter[Any], body: Any) -> None:
    """Refuse a body that has not this shape, naming the first thing that is wrong with it."""
    try:
        shape.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        message = "Extra inputs are not permitted" if first["type"] == "extra_forbidden" else first["msg"]
        raise invalid(f"{path}: {message}" if path else message) from None


def parse_json(raw: bytearray) -> dict[str, Any]:
    """Read a body as a JSON object; a 400 for anything else, also for text that is not Unicode (lone surrogates).

    Empties `raw` on the way: a batch's body may have 256 MB, and need not be held twice.
    """
    try:
        text = raw.decode()
        raw.clear()
        body = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise invalid("The request body is not valid JSON: no low surrogate in string") from None
    except (ValueError, RecursionError) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("Input should be a valid dictionary")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
