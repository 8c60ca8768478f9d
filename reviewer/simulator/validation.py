"""Whether a request is one that the API would take: its shape, then the rules that a shape cannot say.

Sampling parameters are unknown fields for every model and API version, as under 2026-10-21.
"""

from typing import Any

from reviewer.simulator.api_error import ApiError, invalid
from reviewer.simulator.catalogue import Model, find
from reviewer.simulator.conversation import check_conversation
from reviewer.simulator.schema_rules import check_formats
from reviewer.simulator.shapes import COUNT, CREATE, check_shape


def check_create(body: Any) -> Model:
    """Check a Messages request and return its model; raises the API's refusal."""
    check_shape(CREATE, body)
    model = find(body["model"])
    _check_max_tokens(body, model)
    if body.get("inference_geo") == "us" and not model.geo:
        raise invalid("inference_geo is not supported for this model.")
    for text in body.get("stop_sequences", ()):
        if not text.strip():
            raise invalid("stop_sequences: each stop sequence must contain non-whitespace")
    _check_prompt(body, model, compiled=True)
    return model


def check_count(body: Any) -> Model:
    """Check a count_tokens request and return its model."""
    check_shape(COUNT, body)
    model = find(body["model"])
    _check_prompt(body, model, compiled=False)
    return model


def check_item(params: Any) -> Model:
    """Check one batch item's params: a Messages request without streaming, speed and pre-warming."""
    if isinstance(params, dict):
        if params.get("stream"):
            raise invalid('"stream=True" is not supported in the Message Batches API')
        if "speed" in params:
            raise invalid("speed: Extra inputs are not permitted")
        if params.get("max_tokens") == 0:
            raise invalid("max_tokens: must be greater than or equal to 1")
    return check_create(params)


def check_fits(tokens: int, model: Model) -> None:
    """Refuse a prompt that is longer than the model's context window."""
    if tokens > model.context:
        raise invalid(f"prompt is too long: {tokens} tokens > {model.context} maximum")


def _check_prompt(body: dict[str, Any], model: Model, *, compiled: bool) -> None:
    _check_thinking(body, model)
    _check_effort(body, model)
    _check_tools(body, model)
    check_formats(body, compiled=compiled)
    _check_citations(body)
    check_conversation(body, model)


def _check_max_tokens(body: dict[str, Any], model: Model) -> None:
    asked = body["max_tokens"]
    if asked > model.max_output:
        raise invalid(
            f"max_tokens: {asked} > {model.max_output}, which is the maximum allowed number of output tokens "
            f"for {model.id}"
        )
    if asked < 0:
        raise invalid("max_tokens: must be greater than or equal to 0")
    budget = body.get("thinking", {}).get("budget_tokens")
    if asked == 0:
        forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
        if body.get("stream") or budget or forced or body.get("output_config", {}).get("format"):
            raise invalid(
                "max_tokens: 0 cannot be combined with streaming, enabled thinking, output_config.format "
                "or a forced tool choice"
            )
    elif budget and budget >= asked:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_thinking(body: dict[str, Any], model: Model) -> None:
    kind = body.get("thinking", {}).get("type")
    if kind is None:
        return
    if kind not in model.thinking:
        raise invalid(_unsupported_thinking(kind, model))
    effort = body.get("output_config", {}).get("effort") or model.default_effort
    if kind in model.half_hearted and effort in ("xhigh", "max"):
        raise invalid(f'"thinking.type.{kind}" is not supported at effort "{effort}" for this model.')


def _unsupported_thinking(kind: str, model: Model) -> str:
    if kind == "adaptive":
        return "adaptive thinking is not supported on this model"
    if "adaptive" not in model.thinking:
        return f'"thinking.type.{kind}" is not supported for this model.'
    lowest = '"thinking.type.between_tools" for the lowest thinking setting, or ' if kind == "disabled" else ""
    if "between_tools" not in model.thinking:
        lowest = ""
    return (
        f'"thinking.type.{kind}" is not supported for this model. Use {lowest}"thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.'
    )


def _check_effort(body: dict[str, Any], model: Model) -> None:
    effort = body.get("output_config", {}).get("effort")
    if effort and not model.efforts:
        raise invalid("This model does not support the effort parameter.")
    if effort and effort not in model.efforts:
        raise invalid(f"output_config.effort: {effort!r} is not supported for this model.")


def _check_tools(body: dict[str, Any], model: Model) -> None:
    tools, choice = body.get("tools", []), body.get("tool_choice")
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names):
        raise invalid("tools: Tool names must be unique.")
    used = any(
        block["type"] in ("tool_use", "tool_result")
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
    )
    if used and not tools:
        raise invalid("Requests which include `tool_use` or `tool_result` blocks must define tools.")
    if choice:
        _check_choice(choice, names, body, model)


def _check_choice(choice: dict[str, Any], names: list[str], body: dict[str, Any], model: Model) -> None:
    if choice["type"] in ("any", "tool"):
        if not model.forced_tools:
            raise invalid('tool_choice: type "tool" and "any" are not supported for this model.')
        if body.get("thinking", {}).get("type") == "enabled":
            raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if not names:
        raise invalid("tool_choice: Tool choice may only be specified while providing tools.")
    if choice["type"] == "tool" and choice["name"] not in names:
        raise invalid(f"tool_choice.name: Tool '{choice['name']}' not found in provided tools")


def _check_citations(body: dict[str, Any]) -> None:
    if not body.get("output_config", {}).get("format"):
        return
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if (block.get("citations") or {}) and block["type"] != "text" and block["citations"].get("enabled"):
                raise invalid("output_config.format: citations cannot be combined with structured outputs")


def check_headers(headers: Any, api_keys: frozenset[str] | None) -> None:
    """Refuse a call without a credential (401) or without a known API version (400); no betas are offered."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    if not key or (api_keys is not None and key not in api_keys):
        raise ApiError(401, "API key is invalid.")
    version = headers.get("anthropic-version")
    if version is None:
        raise invalid("anthropic-version: header is required")
    if version not in ("2026-10-21", "2023-06-01"):
        raise invalid(f'anthropic-version: "{version}" is not a valid version')
    if beta := headers.get("anthropic-beta"):
        raise invalid(f"Unexpected value(s) `{beta}` for the `anthropic-beta` header.")
