"""What a brain returns: the content of one answer, before it is wrapped as an API message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"
]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call of an answer; `id` is made up when it is empty."""

    name: str
    input: Mapping[str, Any]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `text` is what the text block holds (JSON text when the request asked for a schema).

    `output_tokens` counts text, tool calls and thinking (None: estimated). A non-empty `tool_uses` turns the stop
    reason `end_turn` into `tool_use`. `stop_details` is for refusals: `{"type": "refusal", "category", "explanation"}`.
    """

    text: str = ""
    stop_reason: StopReason = "end_turn"
    tool_uses: tuple[ToolUse, ...] = ()
    output_tokens: int | None = None
    thinking_tokens: int = 0
    stop_details: Mapping[str, Any] | None = None
