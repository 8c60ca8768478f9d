"""A prompt as the ordered blocks that are counted, cached and billed: tools, then system, then messages.

Tokens are an estimate: UTF-8 bytes over 3.2, rounded up per block, plus fixed overheads. The same estimate serves
count_tokens, usage, limits and the context window, so that all figures of one simulator agree.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reviewer.simulator.catalogue import Model
from reviewer.simulator.content import as_blocks

BYTES_PER_TOKEN = 3.2
PER_MESSAGE = 4
TOOLS_OVERHEAD = 286
FORMAT_OVERHEAD = 100
IMAGE_TOKENS = 1_600


@dataclass(frozen=True, slots=True)
class Block:
    """One block: the bytes that decide whether a prefix is the same, its tokens, and its cache marker if any."""

    path: str
    data: bytes
    tokens: int
    ttl: str | None
    cacheable: bool


def estimate(text: str) -> int:
    """Tokens of a text, at least one unless it is empty."""
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


def compact(value: Any) -> str:
    """JSON as it goes into counts and hashes: compact, in the sender's key order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lay_out(body: dict[str, Any], model: Model) -> list[Block]:
    """The blocks of a prompt in cache order. Settings that change a level's meaning are hashed into its first block."""
    blocks: list[Block] = []
    pending = model.id
    for level, items in (("tools", _tools(body)), ("system", _system(body)), ("messages", _messages(body))):
        pending += _seed(level, body, model)
        overhead = _overhead(level, body)
        for path, role, block, extra in items:
            text, tokens = _content(block)
            data = f"{pending}\0{path.split('.')[0]}\0{role}\0{text}".encode()
            marker = block.get("cache_control")
            ttl = marker.get("ttl", "5m") if marker else None
            cacheable = block.get("type") != "thinking" and block.get("text") != ""
            blocks.append(Block(path, data, tokens + extra + overhead, ttl, cacheable))
            pending, overhead = "", 0
    return _with_automatic_marker(blocks, body)


def _with_automatic_marker(blocks: list[Block], body: dict[str, Any]) -> list[Block]:
    marker = body.get("cache_control")
    if not marker:
        return blocks
    last = max((index for index, block in enumerate(blocks) if block.cacheable), default=None)
    if last is not None:
        block = blocks[last]
        blocks[last] = Block(block.path, block.data, block.tokens, marker.get("ttl", "5m"), True)
    return blocks


def _tools(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], int]]:
    for index, tool in enumerate(body.get("tools", ())):
        yield f"tools.{index}", "", tool, 0


def _system(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], int]]:
    for index, block in enumerate(as_blocks(body.get("system", []))):
        yield f"system.{index}", "", block, 0


def _messages(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], int]]:
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(as_blocks(message["content"])):
            yield f"messages.{number}.content.{index}", message["role"], block, 0 if index else PER_MESSAGE


def _content(block: dict[str, Any]) -> tuple[str, int]:
    if block.get("type") == "text":
        return "text\0" + block["text"], estimate(block["text"])
    text = compact({key: value for key, value in block.items() if key != "cache_control"})
    source = block.get("source")
    if block.get("type") == "image" or (isinstance(source, dict) and source["type"] == "url"):
        return text, IMAGE_TOKENS
    return text, estimate(text)


def _seed(level: str, body: dict[str, Any], model: Model) -> str:
    config = body.get("output_config", {})
    if level == "system":
        return compact(config.get("format")) if config.get("format") else ""
    if level == "messages":
        thinking = body.get("thinking") or ("adaptive" if model.thinks_by_default else "disabled")
        return compact([body.get("tool_choice"), thinking, config.get("effort") or model.default_effort])
    return ""


def _overhead(level: str, body: dict[str, Any]) -> int:
    if level == "tools":
        return TOOLS_OVERHEAD if body.get("tools") else 0
    answer_format = body.get("output_config", {}).get("format")
    # The injected prompt stands before the system prompt, or before the messages where there is none.
    stands_here = level == ("system" if body.get("system") else "messages")
    return FORMAT_OVERHEAD + estimate(compact(answer_format)) if answer_format and stands_here else 0
