"""Removal of known secret values from outgoing text, in plain and in the forms in which they are smuggled out."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from reviewer.guard.hidden import INVISIBLE

REDACTED = "[redacted]"
MIN_LENGTH = 8
"""Shorter values are not searched: they would be found in ordinary words."""

# Letters are compared without case and white space, backslashes and invisible characters are skipped, so that a
# value wrapped, spaced out, escaped or written in capitals is still found.
_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
_SKIPPED = re.compile(rf"[\s\\]|{INVISIBLE.pattern}")


class Redactor:
    """Removes the given values (those of 8 or more characters; also each such line of a longer value).

    Plain, base64 at any alignment (standard and URL-safe), hex, URL-encoded, JSON- and HTML-escaped, and reversed.
    """

    __slots__ = ("_exact", "_squeezed")

    def __init__(self, values: Iterable[str]) -> None:
        parts = {part for value in values for part in _parts(value)}
        forms = {form.translate(_LOWER) for part in parts for form in _forms(part)}
        squeezed = {_SKIPPED.sub("", form) for form in forms}
        self._exact = sorted(forms)
        self._squeezed = sorted(form for form in squeezed if len(form) >= MIN_LENGTH)

    def redact(self, text: str) -> str:
        """The text with each occurrence as `[redacted]`; line ends inside an occurrence are kept."""
        lower = text.translate(_LOWER)
        spans = list(_find(lower, self._exact))
        squeezed = _SKIPPED.sub("", lower)
        if hits := list(_find(squeezed, self._squeezed)):
            kept = [index for index, letter in enumerate(lower) if not _SKIPPED.match(letter)]
            spans += [(kept[start], kept[end - 1] + 1) for start, end in hits]
        pieces, position = [], 0
        for start, end in _merged(spans):
            pieces += [text[position:start], REDACTED, "\n" * text.count("\n", start, end)]
            position = end
        return "".join(pieces) + text[position:]


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


def _find(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int]]:
    for form in forms:
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
