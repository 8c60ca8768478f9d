"""Text that a reader does not see: bidi controls, zero-width and tag characters, controls, look-alike letters.

Emoji sequences and joiners between letters of scripts that need them are ordinary text: neither flagged nor escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal
from unicodedata import normalize

Kind = Literal["bidi", "zero-width", "tag", "control", "variation"]

_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_TAG = r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_VARIATION = r"\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
# Surrogates cannot be encoded at all; U+2028 and U+2029 end a line in JavaScript and in some terminals.
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ZERO_WIDTH = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    r"\ufff0-\ufffb\U00016fe4\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("bidi", _BIDI),
    ("tag", _TAG),
    ("variation", _VARIATION),
    ("control", _CONTROL),
    ("zero-width", _ZERO_WIDTH),
)
_KIND_OF = tuple((kind, re.compile(f"[{members}]")) for kind, members in _KINDS)

INVISIBLE = re.compile(f"[{_BIDI}{_TAG}{_VARIATION}{_CONTROL}{_ZERO_WIDTH}]")
"""Every character that this module speaks of, whatever stands around it."""

SILENT = re.compile(f"[{_BIDI}{_TAG}{_VARIATION}{_ZERO_WIDTH}]")
"""Those that leave no gap: a word with one inside still reads as that word."""

_PICTURE = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    r"\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_PICTURE_STYLE = r"(?:\ufe0f[\U0001f3fb-\U0001f3ff]?|[\U0001f3fb-\U0001f3ff]|\ufe0e)?"
# England, Scotland and Wales are the only flags spelt with tag characters that Unicode recommends.
_TAG_FLAG = r"\U0001f3f4\U000e0067\U000e0062(?:{})\U000e007f".format(
    "|".join("".join(rf"\U000e00{ord(letter):02x}" for letter in part) for part in ("eng", "sct", "wls"))
)
_EMOJI = rf"{_TAG_FLAG}|[0-9#*]\ufe0f\u20e3|{_PICTURE}{_PICTURE_STYLE}(?:\u200d{_PICTURE}{_PICTURE_STYLE})*"
_JOINING = (
    r"\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u0700-\u074f\u0750-\u077f\u07ca-\u07f5\u08a0-\u08e1\u0900-\u0dff"
    r"\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefc"
)
_JOINED = rf"(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
_SCAN = re.compile(rf"(?:{_EMOJI}|{_JOINED})|({INVISIBLE.pattern})")

_TAG_FLAGS = re.compile(_TAG_FLAG)
_TAG_TEXT = re.compile(r"[\U000e0020-\U000e007e]")

_SELECTORS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
LOOKALIKES = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u0475"
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
        "\u03bf\u03bd\u03f2\u03f3\u0585\u057d\u0578\u0570\u13aa\u13a1\u13ac\u13a5\u13c6\u13da",
        "aeopcyxijsdhqwvABEKMHOPCTYXIJSABEZHIKMNOPTYXovcjounhAREiGS",
        strict=True,
    )
)
"""Cyrillic, Greek, Armenian and Cherokee letters, and the Latin letter that each is taken for."""

STYLED = {
    letter: plain
    for letter in map(chr, (*range(0x24B6, 0x24EA), *range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D6A4)))
    if len(plain := normalize("NFKC", letter)) == 1 and plain.isascii()
}
"""Latin letters and signs in another style: full width, in circles, mathematical. Some compilers read them as plain."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """One invisible character: `offset` in the text, its `codepoint`, and what it does."""

    offset: int
    codepoint: int
    kind: Kind


_READ_AS = str.maketrans(LOOKALIKES | STYLED)
_STYLED = "".join(letter for letter, plain in STYLED.items() if plain.isalnum())
_PASSES = re.compile(rf"(?:[0-9A-Za-z\u00c0-\u024f]|[{''.join(LOOKALIKES)}{_STYLED}])+")
_ALL_STYLED = re.compile(rf"[{_STYLED}]{{3,}}")
_ASCII_WORD = re.compile(r"(?<![^\W_])[A-Za-z0-9]{2,}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Disguised:
    """A word at `offset` that reads as another one; `mixed` where it is none of any language.

    It holds Latin letters beside others, or nothing but Latin letters in another style.
    """

    offset: int
    word: str
    reads_as: str
    mixed: bool


def find_hidden(text: str) -> tuple[Hidden, ...]:
    """Every invisible character, in order. The carriage return of a CR LF line end is not one."""
    return tuple(each_hidden(text))


def each_hidden(text: str) -> Iterator[Hidden]:
    """The same one by one, for texts that may hold millions."""
    if INVISIBLE.search(text) is None:
        return
    for match in _SCAN.finditer(text):
        if match[1] and not text.startswith("\r\n", match.start()):
            yield Hidden(match.start(), ord(match[1]), _kind(match[1]))


def reveal(text: str) -> str:
    r"""The text with invisible characters, also every CR, written as `\u{202E}`; LF and TAB stay."""
    if INVISIBLE.search(text) is None:
        return text
    return _SCAN.sub(lambda match: _spelt(match[1]) if match[1] else match[0], text)


def line_ends(text: str) -> str:
    """The text with CR LF as LF, so that a sanitiser need not show the CR of an ordinary line end."""
    return text.replace("\r\n", "\n")


def decode_tags(text: str) -> str:
    """The ASCII smuggled in Unicode tag characters (U+E0020..U+E007E), in order; flags of countries are not."""
    if _TAG_TEXT.search(text) is None:
        return ""
    return "".join(chr(ord(tag) - 0xE0000) for tag in _TAG_TEXT.findall(_TAG_FLAGS.sub("", text)))


def decode_variations(text: str) -> str:
    """The ASCII smuggled in runs of variation selectors, of which each stands for a byte; empty for other bytes."""
    values = map(ord, "".join(_SELECTORS.findall(text)))
    numbers = [value - 0xFE00 if value < 0xFE10 else value - 0xE0100 + 16 for value in values]
    return "".join(map(chr, numbers)) if all(0x20 <= number < 0x7F or number in (9, 10) for number in numbers) else ""


def find_disguised(text: str) -> tuple[Disguised, ...]:
    """Words that read as Latin ones and are not: of Latin letters and look-alikes, or of look-alikes alone.

    The latter may be words of their own; it is the Latin word standing near by that makes them a disguise.
    """
    if text.isascii():
        return ()
    words = (match for match in _WORD.finditer(text) if not match[0].isascii() and _PASSES.fullmatch(match[0]))
    read = ((match, match[0].translate(_READ_AS)) for match in words)
    return tuple(
        Disguised(match.start(), match[0], reads_as, bool(_LATIN.search(match[0]) or _ALL_STYLED.fullmatch(match[0])))
        for match, reads_as in read
        if reads_as != match[0]
    )


def latin_words(text: str) -> frozenset[str]:
    """The words of ASCII letters and digits."""
    return frozenset(_ASCII_WORD.findall(text))


@cache
def _spelt(character: str) -> str:
    return f"\\u{{{ord(character):X}}}"


@cache
def _kind(character: str) -> Kind:
    return next(kind for kind, members in _KIND_OF if members.match(character))
