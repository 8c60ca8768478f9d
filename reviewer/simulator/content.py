"""The shapes of content blocks. Unknown fields are refused at every level, and nothing is coerced.

Narrower than the API where the simulator could not act on what it accepts: no server tools and no files; cache markers
only on blocks of a turn, not on those nested in a tool result; no redacted thinking, which it never writes.
"""

from typing import Annotated, Any, Literal, Required

from pydantic import BeforeValidator, ConfigDict, Field, with_config
from typing_extensions import TypedDict

NAME = r"^[a-zA-Z0-9_-]{1,64}$"
strict_shape = with_config(ConfigDict(extra="forbid", strict=True))


def as_blocks(value: Any) -> Any:
    """Content as a list of blocks: a string stands for one text block."""
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


@strict_shape
class CacheControl(TypedDict, total=False):
    """A breakpoint of the prompt cache; `ttl` is 5m unless it is given."""

    type: Required[Literal["ephemeral"]]
    ttl: Literal["5m", "1h"]


@strict_shape
class Markable(TypedDict, total=False):
    """What may carry a breakpoint."""

    cache_control: CacheControl | None


@strict_shape
class NestedText(TypedDict, total=False):
    """Text inside another block."""

    type: Required[Literal["text"]]
    text: Required[str]
    # A text block that is sent may not carry citations; an answer's own block comes back with null.
    citations: Annotated[list[dict[str, Any]], Field(max_length=0)] | None


@strict_shape
class Text(NestedText, Markable, total=False):
    """A text block."""


@strict_shape
class _ImageBytes(TypedDict, total=False):
    type: Required[Literal["base64"]]
    media_type: Required[Literal["image/jpeg", "image/png", "image/gif", "image/webp"]]
    data: Required[str]


@strict_shape
class _PdfBytes(TypedDict, total=False):
    type: Required[Literal["base64"]]
    media_type: Required[Literal["application/pdf"]]
    data: Required[str]


@strict_shape
class _PlainText(TypedDict, total=False):
    type: Required[Literal["text"]]
    media_type: Required[Literal["text/plain"]]
    data: Required[str]


@strict_shape
class _Url(TypedDict, total=False):
    type: Required[Literal["url"]]
    url: Required[str]


_ImageSource = Annotated[_ImageBytes | _Url, Field(discriminator="type")]
_DocumentSource = Annotated[_PdfBytes | _PlainText | _Url, Field(discriminator="type")]


@strict_shape
class _Image(Markable, total=False):
    type: Required[Literal["image"]]
    source: Required[_ImageSource]


@strict_shape
class _Citations(TypedDict, total=False):
    enabled: bool


@strict_shape
class _Document(Markable, total=False):
    type: Required[Literal["document"]]
    source: Required[_DocumentSource]
    title: str | None
    context: str | None
    citations: _Citations | None


@strict_shape
class _SearchResult(Markable, total=False):
    type: Required[Literal["search_result"]]
    source: Required[str]
    title: Required[str]
    content: Required[list[NestedText]]
    citations: _Citations | None


@strict_shape
class _Thinking(TypedDict, total=False):
    type: Required[Literal["thinking"]]
    thinking: Required[str]
    signature: Required[str]


@strict_shape
class _Caller(TypedDict, total=False):
    type: Required[Literal["direct"]]


@strict_shape
class _ToolUse(Markable, total=False):
    type: Required[Literal["tool_use"]]
    id: Required[Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]]
    name: Required[Annotated[str, Field(min_length=1, max_length=200)]]
    input: Required[dict[str, Any]]
    caller: _Caller
    toolset_name: None


@strict_shape
class _NestedImage(TypedDict, total=False):
    type: Required[Literal["image"]]
    source: Required[_ImageSource]


_Nested = Annotated[NestedText | _NestedImage, Field(discriminator="type")]


@strict_shape
class _ToolResult(Markable, total=False):
    type: Required[Literal["tool_result"]]
    tool_use_id: Required[Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]]
    content: Annotated[list[_Nested], BeforeValidator(as_blocks)]
    is_error: bool
    toolset_name: None


Block = Annotated[
    Text | _Image | _Document | _SearchResult | _Thinking | _ToolUse | _ToolResult, Field(discriminator="type")
]
