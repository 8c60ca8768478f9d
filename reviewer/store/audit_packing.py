"""Requests, replies and times as the audit's state keeps them."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any, Literal

from reviewer.core.pricing import LONG_PROMPT
from reviewer.core.request import (
    Answered,
    Block,
    Call,
    Canceled,
    Errored,
    Expired,
    Refused,
    Reply,
    Request,
    Truncated,
    Turn,
    Usage,
)
from reviewer.store.audit_values import Outcome

SHORT = 20
"""Hexadecimal digits of an identity that a custom id holds: 80 bits tell any number of questions apart."""
_LEVEL = 3
"""Of zlib: a third larger than the smallest, in a third of the time."""
USAGE_COLUMNS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
)


def write_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds, so that text sorts as time."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str | None) -> datetime | None:
    """What `write_time` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def squeeze(data: bytes) -> bytes:
    """Compressed bytes; nothing stays nothing."""
    return zlib.compress(data, _LEVEL) if data else b""


def unsqueeze(data: bytes) -> bytes:
    """What `squeeze` was given."""
    return zlib.decompress(data) if data else b""


def pack(request: Request) -> tuple[str, bytes, bytes]:
    """A request in two parts: hash and bytes of what many have in common, bytes of its own. `unpack` joins them.

    Unit, kind and files are not in it: they belong to the unit, and units with equal questions share a request.
    """
    frame = json.dumps([_blocks(request.system), request.shape, request.effort]).encode()
    own = {
        "model": request.model,
        "turns": [[turn.role, _blocks(turn.blocks)] for turn in request.turns],
        "max_tokens": request.max_tokens,
        "tag": request.tag,
        "estimated": [request.estimated_input, request.estimated_output, request.estimated_prefix],
    }
    return hashlib.sha256(frame).hexdigest(), frame, squeeze(json.dumps(own).encode())


def unpack(frame: bytes, own: bytes, unit: str, kind: Any, files: tuple[str, ...]) -> Request:
    """The request that `pack` took apart."""
    system, shape, effort = json.loads(frame)
    rest = json.loads(unsqueeze(own))
    given, expected, prefix = rest["estimated"]
    return Request(
        unit=unit,
        kind=kind,
        files=files,
        model=rest["model"],
        system=_unblocks(system),
        turns=tuple(Turn(role, _unblocks(blocks)) for role, blocks in rest["turns"]),
        shape=shape,
        max_tokens=rest["max_tokens"],
        effort=effort,
        tag=rest["tag"],
        estimated_input=given,
        estimated_output=expected,
        estimated_prefix=prefix,
    )


def _blocks(blocks: tuple[Block, ...]) -> list[list[str | None]]:
    return [[block.text, block.cache] for block in blocks]


def _unblocks(blocks: list[list[Any]]) -> tuple[Block, ...]:
    return tuple(Block(text, cache) for text, cache in blocks)


def ttl_of(request: Request) -> str:
    """How long the request's last cache breakpoint is to live; empty where it has none."""
    blocks = [*request.system, *(block for turn in request.turns for block in turn.blocks)]
    return next((block.cache for block in reversed(blocks) if block.cache), "")


def pack_reply(reply: Reply) -> dict[str, Any]:
    """The columns of a result that tell what the model, or the API, said."""
    call = reply.call
    text: object = ""
    match reply:
        case Answered(said, _) | Truncated(said, _):
            text = said
        case Refused(category, explanation, _):
            text = json.dumps([category, explanation])
        case Errored(cause, message, step, _, fatal):
            text = json.dumps([cause, message, step, fatal])
    return {
        "text": squeeze(str(text).encode("utf-8", "surrogatepass")),
        "model": call.model,
        "message_id": call.message_id,
        "request_id": call.request_id,
        "lane": call.lane,
        **{name: getattr(call.usage, name) for name in USAGE_COLUMNS},
        "large": call.longest_prompt > LONG_PROMPT,
    }


def unpack_call(row: Mapping[str, Any], *, carried: bool = False) -> Call:
    """The call of a result's row; a `carried` one costs nothing, as it was paid for by an earlier audit."""
    lane: Literal["sync", "batch"] = "batch" if row["lane"] == "batch" else "sync"
    usage = Usage() if carried else Usage(*(row[name] for name in USAGE_COLUMNS))
    short_ones = usage.total_input > LONG_PROMPT and not row["large"]
    return Call(
        # A night has a hundred thousand calls, and their books are kept in memory; these texts are few.
        model=intern(row["model"]),
        lane=lane,
        usage=usage,
        attempts=0 if carried else row["attempt"],
        request_id=row["request_id"],
        message_id=row["message_id"],
        custom_id=row["custom_id"],
        batch_id=intern(row["batch_id"]),
        memo=carried,
        prompt=LONG_PROMPT if short_ones else 0,  # at most
    )


def unpack_reply(row: Mapping[str, Any], *, carried: bool = False) -> Reply:
    """The reply of a result's row, with its call as `unpack_call` reads it."""
    call = unpack_call(row, carried=carried)
    outcome: Outcome = row["outcome"]
    text = unsqueeze(row["text"]).decode("utf-8", "surrogatepass")
    match outcome:
        case "answered" | "unusable":
            return Answered(text, call)
        case "truncated":
            return Truncated(text, call)
        case "refused":
            category, explanation = json.loads(text)
            return Refused(category, explanation, call)
        case "expired":
            return Expired(call)
        case "canceled":
            return Canceled(call)
        case _:
            cause, message, step, fatal = json.loads(text)
            return Errored(cause, message, step, call, fatal)
