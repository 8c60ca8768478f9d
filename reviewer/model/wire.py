"""The wire format: from `Request` to the API's parameters, from its JSON to `Reply`. The same for both lanes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reviewer.core.request import (
    ANSWER_SCHEMAS,
    Answered,
    Block,
    Call,
    Errored,
    Refused,
    Reply,
    Request,
    Truncated,
    Usage,
)
from reviewer.guard.outgoing import clean

_MOST_TOKENS = 100_000_000
"""Far above any context; what is said to be more could not even be stored."""


def to_params(request: Request) -> dict[str, Any]:
    """The body of a Messages call, as the SDK's `messages.create` and a batch item both take it."""
    output: dict[str, Any] = {"format": {"type": "json_schema", "schema": ANSWER_SCHEMAS[request.shape]}}
    if request.effort:
        output["effort"] = request.effort
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [_block(block) for block in request.system],
        "messages": [
            {"role": turn.role, "content": [_block(block) for block in turn.blocks]} for turn in request.turns
        ],
        "output_config": output,
    }


def _block(block: Block) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "text", "text": clean(block.text)}
    if block.cache:
        made["cache_control"] = {"type": "ephemeral", "ttl": block.cache}
    return made


def to_usage(usage: Any) -> Usage:
    """Usage from the wire; absent and null counts are zero, and none is below."""
    usage = mapping_of(usage)
    split = mapping_of(usage.get("cache_creation"))
    one_hour = to_tokens(split.get("ephemeral_1h_input_tokens"))
    five = split.get("ephemeral_5m_input_tokens")
    if five is None:
        five = to_tokens(usage.get("cache_creation_input_tokens")) - one_hour
    return Usage(
        input_tokens=to_tokens(usage.get("input_tokens")),
        output_tokens=to_tokens(usage.get("output_tokens")),
        cache_read_input_tokens=to_tokens(usage.get("cache_read_input_tokens")),
        cache_creation_5m_input_tokens=to_tokens(five),
        cache_creation_1h_input_tokens=one_hour,
    )


def to_tokens(count: Any) -> int:
    """A count of tokens from the wire, as it may be true: negative ones would lift the budget's cap."""
    return int(min(max(0, count), _MOST_TOKENS)) if isinstance(count, int | float) else 0


def mapping_of(value: Any) -> Mapping[str, Any]:
    """A value from the wire that should be an object; an empty one where it is none."""
    return value if isinstance(value, Mapping) else {}


def to_reply(message: Mapping[str, Any], call: Call) -> Reply:
    """Read a Message. Content blocks are chosen by their type: the first is usually a thinking block without text."""
    blocks = [block for block in message.get("content") or () if isinstance(block, Mapping)]
    # A refusal before any output reports its input, but is not billed.
    billed = bool(blocks) or message.get("stop_reason") != "refusal"
    call = replace(
        call,
        usage=call.usage + to_usage(message.get("usage") if billed else None),
        message_id=str(message.get("id") or ""),
        model=str(message.get("model") or call.model),
    )
    # Before anything is wrapped, cut or escaped: half a secret is one, too.
    text = clean("".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text"))
    match message.get("stop_reason"):
        case "refusal":
            details = message.get("stop_details") or {}
            return Refused(str(details.get("category") or ""), str(details.get("explanation") or ""), call)
        case "max_tokens" | "model_context_window_exceeded":
            return Truncated(text, call)
        case "end_turn" | "stop_sequence":
            return Answered(text, call)
        case other:
            return Errored(
                "answer", f"The model stopped in a way that Reviewer does not know ({other}).", "Run it again.", call
            )


@dataclass(slots=True)
class StreamedMessage:
    """Puts a Message together from its server-sent events."""

    message: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    _text: dict[int, list[str]] = field(default_factory=dict)

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take one event; kinds that say nothing of text, end or usage are passed over."""
        match event.get("type"):
            case "message_start":
                self.message, self.done = dict(event.get("message") or {}), False
            case "content_block_start" if (event.get("content_block") or {}).get("type") == "text":
                self._text[int(event["index"])] = [str(event["content_block"].get("text") or "")]
            case "content_block_delta" if (event.get("delta") or {}).get("type") == "text_delta":
                self._text.setdefault(int(event["index"]), []).append(str(event["delta"].get("text") or ""))
            case "message_delta":
                self.message.update(
                    {key: value for key, value in (event.get("delta") or {}).items() if value is not None}
                )
                final = {key: value for key, value in mapping_of(event.get("usage")).items() if value is not None}
                self.message["usage"] = {**mapping_of(self.message.get("usage")), **final}
            case "message_stop":
                self.done = bool(self.message)

    def whole(self) -> dict[str, Any]:
        """The Message so far."""
        content = [{"type": "text", "text": "".join(parts)} for _, parts in sorted(self._text.items())]
        return {**self.message, "content": content}
