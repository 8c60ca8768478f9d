"""A brain's answer as an API message: content blocks, stop reason, usage."""

import secrets
from dataclasses import dataclass
from typing import Any

from reviewer.simulator.answer import Answer
from reviewer.simulator.cache import CachePlan
from reviewer.simulator.catalogue import Model
from reviewer.simulator.signature import sign
from reviewer.simulator.tokens import BYTES_PER_TOKEN, compact, estimate

_SUMMARY = "Weighed the request before answering."


def new_id(prefix: str) -> str:
    """An identifier in the API's manner, such as `msg_01…`."""
    return f"{prefix}_01{secrets.token_hex(11)}"


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is left of an answer within its token budget."""

    text: str
    stop_reason: str
    stop_sequence: str | None
    output_tokens: int
    thinking_tokens: int


def build_message(answer: Answer, body: dict[str, Any], model: Model, plan: CachePlan, tier: str) -> dict[str, Any]:
    """The message that goes over the wire, cut at `max_tokens`, the context window or a stop sequence."""
    cut = _cut(answer, body, model, plan)
    content = [] if cut.stop_reason == "refusal" and not cut.text else _thinking(body, model)
    if cut.text:
        content.append({"type": "text", "text": cut.text, "citations": None})
    if cut.stop_reason == "tool_use":
        content += [
            {
                "type": "tool_use",
                "id": use.id or new_id("toolu"),
                "name": use.name,
                "input": dict(use.input),
                "caller": {"type": "direct"},
            }
            for use in answer.tool_uses
        ]
    details = answer.stop_details or {"type": "refusal", "category": None, "explanation": None}
    return {
        "id": new_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "container": None,
        "content": content if body["max_tokens"] else [],
        "diagnostics": None,
        "stop_details": dict(details) if cut.stop_reason == "refusal" else None,
        "stop_reason": cut.stop_reason,
        "stop_sequence": cut.stop_sequence,
        "usage": _usage(cut, plan, body, model, tier),
    }


def _cut(answer: Answer, body: dict[str, Any], model: Model, plan: CachePlan) -> _Cut:
    text, reason, sequence = answer.text, str(answer.stop_reason), None
    if answer.tool_uses and reason == "end_turn":
        reason = "tool_use"
    found = [(text.index(stop), stop) for stop in body.get("stop_sequences", ()) if stop in text]
    if found:
        at, sequence = min(found)
        text, reason = text[:at], "stop_sequence"
    thinking = answer.thinking_tokens
    tools = sum(estimate(compact(dict(use.input))) + estimate(use.name) for use in answer.tool_uses)
    tokens = thinking + estimate(text) + tools
    if answer.output_tokens is not None and not found:
        tokens = answer.output_tokens
    room = min(body["max_tokens"], model.context - plan.total)
    if tokens <= room:
        return _Cut(text, reason, sequence, tokens, min(thinking, tokens))
    # As many characters as the tokens that are left would have made.
    left = max(0, room - thinking)
    share = min(1.0, left / max(1, tokens - thinking))
    kept = text[: min(int(len(text) * share), int(left * BYTES_PER_TOKEN))]
    reason = "max_tokens" if room == body["max_tokens"] else "model_context_window_exceeded"
    return _Cut(kept, reason, None, room, min(thinking, room))


def _thinking(body: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    config = body.get("thinking") or {"type": "adaptive" if model.thinks_by_default else "disabled"}
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if config["type"] in ("disabled", "between_tools") or forced:
        return []
    text = _SUMMARY if config.get("display") == "summarized" else ""
    return [{"type": "thinking", "thinking": text, "signature": sign(text)}]


def _usage(cut: _Cut, plan: CachePlan, body: dict[str, Any], model: Model, tier: str) -> dict[str, Any]:
    return {
        "cache_creation": {
            "ephemeral_1h_input_tokens": plan.write_1h,
            "ephemeral_5m_input_tokens": plan.write_5m,
        },
        "cache_creation_input_tokens": plan.write_1h + plan.write_5m,
        "cache_read_input_tokens": plan.read,
        "inference_geo": (body.get("inference_geo") or "global") if model.geo else "not_available",
        "input_tokens": plan.input,
        "output_tokens": cut.output_tokens,
        "output_tokens_details": {"thinking_tokens": cut.thinking_tokens},
        "server_tool_use": None,
        "service_tier": tier,
        "speed": None,
    }
