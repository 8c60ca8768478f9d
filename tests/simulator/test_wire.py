"""What the simulated API refuses, with the API's own words."""

import anthropic
import pytest

from tests.simulator.wire import EXTRA, HELLO, PREFILL, TOOL, refusal, sdk, send, text, url, user

__all__ = ["sdk", "url"]


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
