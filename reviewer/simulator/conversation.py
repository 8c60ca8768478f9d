"""The rules of a conversation: who may say what, in which order, and where cache markers may stand."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from reviewer.simulator.api_error import invalid
from reviewer.simulator.catalogue import Model
from reviewer.simulator.content import as_blocks
from reviewer.simulator.signature import is_genuine

MAX_MARKERS = 4
_ALLOWED = {
    "user": {"text", "image", "document", "search_result", "tool_result"},
    "assistant": {"text", "thinking", "tool_use"},
    "system": {"text"},
}


def check_conversation(body: dict[str, Any], model: Model) -> None:
    """Refuse a conversation that the API would not continue."""
    turns = [(message["role"], as_blocks(message["content"])) for message in body["messages"]]
    if not turns:
        raise invalid("messages: at least one message is required")
    for number, (role, blocks) in enumerate(turns):
        _check_role(number, role, model)
        last = number == len(turns) - 1
        if not blocks and not (role == "assistant" and last):
            raise invalid(f"messages.{number}: all messages must have non-empty content")
        for index, block in enumerate(blocks):
            _check_block(f"messages.{number}.content.{index}", role, block)
    for index, block in enumerate(as_blocks(body.get("system", []))):
        _check_text(f"system.{index}", "system", block, allow_empty=isinstance(body["system"], str))
    _check_prefill(turns, body, model)
    _check_pairs(turns)
    _check_markers(body)


def _check_role(number: int, role: str, model: Model) -> None:
    if role == "system" and not model.system_role:
        raise invalid(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, '
            'not "system" as an input message role.'
        )
    if number == 0 and role != "user":
        raise invalid('messages: first message must use the "user" role')


def _check_block(path: str, role: str, block: dict[str, Any]) -> None:
    kind = block["type"]
    if kind not in _ALLOWED[role]:
        raise invalid(f"{path}: `{kind}` blocks cannot be in `{role}` messages")
    if kind == "text":
        _check_text(path, path.split(".")[0], block)
    elif kind == "thinking" and not is_genuine(block["thinking"], block["signature"]):
        raise invalid(f"{path}: Invalid `signature` in `thinking` block")
    elif kind == "tool_result":
        for index, part in enumerate(as_blocks(block.get("content", []))):
            if part["type"] == "text" and not isinstance(block["content"], str):
                _check_text(f"{path}.content.{index}", "messages", part)


def _check_text(path: str, level: str, block: dict[str, Any], *, allow_empty: bool = False) -> None:
    text = block["text"]
    if text == "" and block.get("cache_control"):
        raise invalid(f"{path}.text: cache_control cannot be set for empty text blocks")
    if text == "" and not allow_empty:
        raise invalid(f"{level}: text content blocks must be non-empty")
    if not allow_empty and text.isspace():
        raise invalid(f"{level}: text content blocks must contain non-whitespace text")


def _check_prefill(turns: list[tuple[str, list[Any]]], body: dict[str, Any], model: Model) -> None:
    role, blocks = turns[-1]
    if role != "assistant" or any(block["type"] == "tool_use" for block in blocks):
        return
    thinking = body.get("thinking", {}).get("type") == "enabled"
    if not model.prefill or thinking or body.get("output_config", {}).get("format"):
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    if blocks and blocks[-1].get("text", "").endswith((" ", "\n", "\t")):
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _merged(turns: list[tuple[str, list[Any]]]) -> Iterator[tuple[int, str, list[Any]]]:
    # Consecutive turns of one role are one turn; the number is that of its first message.
    current: tuple[int, str, list[Any]] | None = None
    for number, (role, blocks) in enumerate(turns):
        if current and current[1] == role:
            current[2].extend(blocks)
            continue
        if current:
            yield current
        current = (number, role, list(blocks))
    if current:
        yield current


def _check_pairs(turns: list[tuple[str, list[Any]]]) -> None:
    waiting: list[str] = []
    asked_at = 0
    for number, _, blocks in _merged(turns):
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if missing := [each for each in waiting if each not in results]:
            raise invalid(_unanswered(asked_at, missing))
        for each in results:
            if each not in waiting or results.count(each) > 1:
                raise invalid(
                    f"messages.{number}.content: unexpected `tool_use_id` found in `tool_result` blocks: {each}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
        if results and any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            raise invalid(f"messages.{number}.content: `tool_result` blocks must come first in the message")
        waiting, asked_at = [block["id"] for block in blocks if block["type"] == "tool_use"], number
        if len(set(waiting)) < len(waiting):
            raise invalid(f"messages.{number}.content: `tool_use` ids must be unique")
    if waiting:
        raise invalid(_unanswered(asked_at, waiting))


def _unanswered(number: int, ids: list[str]) -> str:
    return (
        f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(ids)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


def _marked(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Path, block, and whether the block could carry a marker, in cache order."""
    for index, tool in enumerate(body.get("tools", ())):
        yield f"tools.{index}", tool, True
    for index, block in enumerate(as_blocks(body.get("system", []))):
        yield f"system.{index}", block, block["text"] != ""
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(as_blocks(message["content"])):
            yield f"messages.{number}.content.{index}", block, block["type"] != "thinking"


def _check_markers(body: dict[str, Any]) -> None:
    markers: list[tuple[str, str]] = []
    last_block: dict[str, Any] = {}
    for path, block, cacheable in _marked(body):
        if marker := block.get("cache_control"):
            markers.append((path, marker.get("ttl", "5m")))
        if cacheable:
            last_block = block
    if automatic := body.get("cache_control"):
        explicit, ttl = last_block.get("cache_control"), automatic.get("ttl", "5m")
        if explicit and explicit.get("ttl", "5m") != ttl:
            raise invalid("cache_control: the last block already has a cache_control with a different ttl")
        if not explicit:
            markers.append(("cache_control", ttl))
    if len(markers) > MAX_MARKERS:
        raise invalid(f"A maximum of {MAX_MARKERS} blocks with cache_control may be provided. Found {len(markers)}.")
    for (_, before), (path, after) in pairwise(markers):
        if (before, after) == ("5m", "1h"):
            raise invalid(
                f"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
                "cache_control block. Note that blocks are processed in the following order: "
                "`tools`, `system`, `messages`."
            )
