"""Removal of known secret values from outgoing text, in plain and in the forms in which they are smuggled out."""

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import AnyStr
from urllib.parse import quote, quote_plus

from reviewer.guard.hidden import INVISIBLE

REDACTED = "[redacted]"
MIN_LENGTH = 8
"""Shorter values are not searched: they would be found in ordinary words."""

# Letters are compared without case and white space, backslashes and invisible characters are skipped, so that a
# value wrapped, spaced out, escaped or written in capitals is still found.
_LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_SKIPPED = bytes(range(0x21)) + b"\\\x7f"
_ASCII = bytes(range(0x80))
_SKIPPED_BEYOND_ASCII = re.compile(rf"[\s{INVISIBLE.pattern[1:-1]}]")
_BLOCK = 1024
_FEW = 32


class Redactor:
    """Removes the given values (those of 8 or more characters; also each such line of a longer value).

    Plain, base64 at any alignment (standard and URL-safe), hex, URL-encoded, JSON- and HTML-escaped, and reversed.
    """

    __slots__ = ("_exact", "_squeezed")

    def __init__(self, values: Iterable[str]) -> None:
        parts = {part for value in values for part in _parts(value)}
        forms = {form for part in parts for form in _forms(part)}
        squeezed = {form: _squeeze(form) for form in forms}
        # A form that is found as it stands is found squeezed, too, unless it is mostly made of what is skipped.
        self._exact = sorted({_small(form) for form, short in squeezed.items() if len(_text(short)) < MIN_LENGTH})
        self._squeezed = sorted({short for short in squeezed.values() if len(_text(short)) >= MIN_LENGTH})

    def redact(self, text: str) -> str:
        """The text with each occurrence as `[redacted]`; line ends inside an occurrence are kept."""
        if len(text) < MIN_LENGTH:
            return text
        squeezed = _squeeze(text)
        spans = [span for form in self._squeezed if form in squeezed for span in _find(squeezed, form)]
        if spans:
            index = _Index(text)
            spans = [(_escaped(text, index.of(start)), index.of(end - 1) + 1) for start, end in spans]
        if self._exact:
            small = _small(text)
            spans += [span for form in self._exact for span in _find(small, form)]
        pieces, position = [], 0
        for start, end in _merged(spans):
            pieces += [text[position:start], REDACTED, "\n" * text.count("\n", start, end)]
            position = end
        return "".join(pieces) + text[position:] if pieces else text


class _Index:
    """Finds the character of a text from which a byte of the squeezed text comes."""

    __slots__ = ("_blocks", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text, self._starts = text, [0]
        self._blocks: dict[int, list[int]] = {}
        for start in range(0, len(text), _BLOCK):
            self._starts.append(self._starts[-1] + len(_squeeze(text[start : start + _BLOCK])))

    def of(self, offset: int) -> int:
        number = bisect_right(self._starts, offset) - 1
        if number not in self._blocks:
            block = range(number * _BLOCK, min((number + 1) * _BLOCK, len(self._text)))
            self._blocks[number] = [index for index in block for _ in _squeeze(self._text[index])]
        return self._blocks[number][offset - self._starts[number]]


def _escaped(text: str, start: int) -> int:
    """Where the backslashes before a character begin: left alone they would escape the replacement."""
    while start and text[start - 1] == "\\":
        start -= 1
    return start


def _squeeze(text: str) -> bytes:
    """In lower case and without what is skipped, as UTF-8: bytes are searched several times faster than text."""
    data = text.encode("utf-8", "surrogatepass").translate(_LOWER, _SKIPPED)
    if data.isascii():
        return data
    # What is beyond ASCII is mostly little, so it is looked at alone, and what occurs of the skipped is taken out.
    found = set(_SKIPPED_BEYOND_ASCII.findall(_text(data.translate(None, _ASCII))))
    if len(found) > _FEW:
        return _SKIPPED_BEYOND_ASCII.sub("", _text(data)).encode("utf-8", "surrogatepass")
    for skipped in found:
        data = data.replace(skipped.encode("utf-8", "surrogatepass"), b"")
    return data


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _small(text: str) -> str:
    """In lower case, ASCII only: nothing changes its place."""
    return _text(text.encode("utf-8", "surrogatepass").translate(_LOWER))


def _parts(value: str) -> Iterator[str]:
    """The value as given and trimmed, and the lines of a value of several lines."""
    yield from (part for part in (value, value.strip()) if len(part.strip()) >= MIN_LENGTH)
    if "\n" in value.strip():
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= MIN_LENGTH)


def _forms(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogatepass")
    yield from (value, value[::-1])
    yield from (data.hex(), data.hex(":"), data.hex("-"), data.hex(","))
    yield from ("".join(f"{mark}{byte:02x}" for byte in data) for mark in ("\\x", "%"))
    yield ",".join(f"0x{byte:02x}" for byte in data)
    for encoded in _base64(data):
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))
    yield from (quote(data, safe=""), quote(data), quote_plus(data))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (html.escape(value), html.escape(value, quote=False), html.escape(value).replace("&#x27;", "&#39;"))


def _base64(data: bytes) -> Iterator[str]:
    """The part of the base64 text that depends on nothing before or after the data, at the three alignments."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        yield encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
    # Alone or at the end of a text the last character is fixed too.
    yield base64.b64encode(data).decode().rstrip("=")


def _find(text: AnyStr, form: AnyStr) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + len(form))


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return iter(merged)
