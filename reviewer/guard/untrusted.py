"""Marking of untrusted material for the model: JSON inside blocks that carry a random tag.

The tag stands on the opening and the closing line, so what a block contains cannot close it; forms that a model may
take for structure of the conversation are escaped inside JSON strings, where the escape loses nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from reviewer.guard.hidden import INVISIBLE

BLOCK_NAMES = ("pull_request", "guidelines", "item", "notes", "candidates")
"""The blocks of Reviewer's prompts (see reviewer.prompts)."""

CHAT_TAGS = (
    "system",
    "user",
    "human",
    "assistant",
    "developer",
    "instructions",
    "thinking",
    "function",
    "function_calls",
    "function_call",
    "function_results",
    "invoke",
    "parameter",
    "tool",
    "tools",
    "tool_use",
    "tool_call",
    "tool_calls",
    "tool_result",
    "tool_results",
    "tool_response",
)
"""Element names that chat templates and agents give a meaning."""

_TAG = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[a-z][a-z_]*")
_TURN = re.compile(r"(\\[nr]|[\n\r]|\")([ \t]*)(H|A)(?=(?:(?<=H)uman|(?<=A)ssistant)[ \t]*:)", re.IGNORECASE)


def encode(value: Any) -> str:
    r"""The value as JSON on one line, readable except that every invisible character is written `\uXXXX`.

    `json.loads` gives the value back. NaN and infinities raise ValueError.
    """
    return INVISIBLE.sub(lambda match: _spelt(match[0]), json.dumps(value, ensure_ascii=False, allow_nan=False))


def encode_lines(mapping: Mapping[str, Any], key: str) -> str:
    """The mapping as one JSON object, the list under `key` printed one element per line.

    KeyError when the key is missing, TypeError when it holds no list.
    """
    elements = mapping[key]
    if not isinstance(elements, (list, tuple)):
        raise TypeError(f"{key!r} must hold a list, not {type(elements).__name__}")
    laid_out = "[\n" + _joined(elements) + "\n]" if elements else "[]"
    return (
        "{"
        + ", ".join(f"{encode(name)}: {laid_out if name == key else encode(value)}" for name, value in mapping.items())
        + "}"
    )


def _joined(elements: Sequence[Any]) -> str:
    if not all(isinstance(element, str) for element in elements):
        return ",\n".join(map(encode, elements))
    # Views are long lists of lines: encoding them in one go takes a fifth of the time.
    laid_out = json.dumps(elements, ensure_ascii=False, separators=(",\n", ": "))[1:-1]
    return INVISIBLE.sub(lambda match: _spelt(match[0]), laid_out)


def new_tag(entropy: bytes) -> str:
    """A block tag of 16 hex digits from the first 8 of the given random bytes; ValueError when there are fewer."""
    if len(entropy) < 8:
        raise ValueError("a tag needs 8 random bytes")
    return entropy[:8].hex()


def block(name: str, tag: str, payload: str) -> str:
    """The JSON payload between `<name id="tag">` lines, with the tag and imitations of structure in it escaped.

    ValueError when name or tag are malformed.
    """
    if not _NAME.fullmatch(name) or not _TAG.fullmatch(tag):
        raise ValueError(f"malformed block name or tag: {name!r}, {tag!r}")
    return f'<{name} id="{tag}">\n{_neutralise(name, _without(tag, payload))}\n</{name} id="{tag}">'


def _without(tag: str, payload: str) -> str:
    """The JSON text with the last digit of each tag in its strings escaped: the first may be part of an escape."""
    held = re.compile(f"({tag[:-1]})({tag[-1]})", re.IGNORECASE | re.ASCII)
    # An escape's own digits may go on as the tag, so one look is not always enough.
    while tag in payload.lower():
        payload = held.sub(lambda match: match[1] + _spelt(match[2]), payload)
    return payload


def _neutralise(name: str, payload: str) -> str:
    escaped = _structure(name).sub(lambda match: _spelt(match[0]), payload)
    return _TURN.sub(lambda turn: f"{turn[1]}{turn[2]}\\u{ord(turn[3]):04x}", escaped)


@cache
def _structure(name: str) -> re.Pattern[str]:
    names = "|".join(sorted({name, *BLOCK_NAMES, *CHAT_TAGS}))
    return re.compile(rf"<(?=[|<]|\s{{0,4}}/?\s{{0,4}}(?:antml\b|(?:{names})\b))|\[(?=/?INST\])", re.IGNORECASE)


@cache
def _spelt(character: str) -> str:
    r"""The character as JSON spells it, an astral one as the two halves of a surrogate pair."""
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"
