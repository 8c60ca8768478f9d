"""Secrets: finding what looks like one, masking it, and removing known values in whatever form they leak."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from reviewer.guard.redaction import Redactor
from reviewer.guard.secret_shapes import NEEDLES, SHAPES

__all__ = ["Redactor", "Secret", "find_secrets", "mask"]

# The value is looked for first and its name looked back for, since that is three times as fast as the other way.
_VALUE = re.compile(r"[:=]>?\s{0,4}(?P<quote>[\"'`])(?=(?P<value>[^\"'`\s]{8,256})(?P=quote))")
_TYPE = (
    r"&?(?:'static )?(?:optional\[|final\[)?(?:str|string|bytes|secretstr|any)\]?(?:\s?\|\s?(?:none|null|undefined))?"
)
# Names that speak of a secret without holding it, and tokens that nobody keeps secret.
_NOT_KEPT = "".join(f"(?<!{word})" for word in ("publickey", "next", "next_", "page", "page_", "continuation"))
_ABOUT_IT = "".join(
    f"(?<!{word})"
    for word in (
        "name",
        "_ref",
        "id",
        "address",
        "type",
        "_re",
        "regex",
        "pattern",
        "url",
        "uri",
        "path",
        "file",
        "arn",
        "prefix",
    )
)
_KEPT = (
    rf"{_NOT_KEPT}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
)
_NAME = re.compile(
    rf"{_KEPT}[\w.-]{{0,30}}{_ABOUT_IT}[\"'`]?\]?(?:\s{{0,2}}:?\s{{0,2}}{_TYPE})?\s{{0,4}}:?\Z", re.IGNORECASE
)
# Settings without quotes, a line each: `.env`, shell, YAML, properties.
_BARE = re.compile(
    r"^[+-]?[ \t]{0,32}+(?:(?:#|//|-)[ \t]{0,4}+)?(?:(?:export|ENV|ARG|set|SET)[ \t]{1,8}+)?"
    r"(?P<name>[\w.-]{2,64}+)(?P<sign>[ \t]{0,4}[:=][ \t]{0,4})(?P<value>[\w!@#%^&*+/=~?.-]{8,256}+)[ \t\r]{0,32}+$",
    re.MULTILINE | re.ASCII,
)
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")
_TURNS = re.compile(r"(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]")
_MANY_TURNS = 4
"""Between letters and digits: names of variables, which stand there without quotes, too, have fewer."""
_MARKED_UP = re.compile(r">([^<>\s]{8,128}+)</\w{0,40}?(?:password|passphrase|secret|token|api_?key)>", re.IGNORECASE)
_BEARER = re.compile(r"bearer[ \t]{1,2}([\w.~+/-]{20,500}+={0,2})", re.IGNORECASE | re.ASCII)
_NAME_LENGTH = 64
_PLACEHOLDER = re.compile(
    r"change.?me|x{3,}|\*{3,}|\.{3}|•|example|placeholder|dummy|sample|fake|mock|redacted|masked|insert|replace"
    r"|your[-_]?|my[-_]|todo|\$\{|\$\(|\{\{|%\(|%s|<[^>]*>|process\.env|environ|getenv|secrets\.|vault:"
    r"|12345678|abcdefgh|password|passwd|secret|[a-z]+://",
    re.IGNORECASE,
)
# What documentation writes: one letter over and over, the alphabet, and the subject of the sample JSON Web Token.
_MADE_UP = re.compile(r"EXAMPLE|(?!a)(.)\1{5}|abcdefg|eyJzdWIiOiIxMjM0NTY3ODkw", re.IGNORECASE)
_ADDRESS = re.compile(r"0x[0-9a-f]{40}", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z]*\d{0,2}(?:[-_./:#@ ][A-Za-z]*\d{0,2})*")
_MIN_ENTROPY = 2.75

_KEY_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{32,}")
_KEY_LINES = re.compile(r"(?:(?:\\[rn]|[\s+\"'])*+[A-Za-z0-9/][A-Za-z0-9+/=]{15,}+){1,400}")
_KEY_LENGTH = 20_000
"""A PEM block is not longer; what is left over behind an unclosed one stays visible."""

_MASK = re.compile(r"\[masked [a-z-]{3,30} [^\]\n]{1,8}\]|•{4}")

# A removed or added line of a diff keeps its mark and its indentation.
_LINE_HEAD = re.compile(r"(?:\+|-(?!----E))?[ \t]*")


@dataclass(frozen=True, slots=True)
class Secret:
    """What looks like a secret of `kind` at `start` to `end` of the text; the name of a variable is not part of it."""

    kind: str
    start: int
    end: int


def find_secrets(text: str) -> tuple[Secret, ...]:
    """What looks like a secret, in order and without overlaps; documented examples and placeholders do not."""
    found: list[Secret] = []
    for candidates in (_private_keys(text), _shaped(text), _assigned(text)):
        found = _with(found, candidates)
    return tuple(found)


def mask(text: str) -> str:
    """The text with each secret as `[masked KIND ••••]`, in every line that the secret touches."""
    return mask_found(text, find_secrets(text))


def holds_mask(text: str) -> bool:
    """Whether a mask stands in the text, or what a model makes of one: written into code, it would break that."""
    return _MASK.search(text) is not None


def mask_found(text: str, secrets: Iterable[Secret]) -> str:
    """The same for secrets that have been found, in order. The number of lines stays."""
    pieces, position = [], 0
    for secret in secrets:
        note = f"[masked {secret.kind} ••••]"
        first, *rest = text[secret.start : secret.end].split("\n")
        pieces += [text[position : secret.start], note if first else ""]
        pieces += [f"\n{_head(line)}{note}" for line in rest]
        position = secret.end
    return "".join(pieces) + text[position:]


def _head(line: str) -> str:
    match = _LINE_HEAD.match(line)
    return match[0] if match else ""


def _with(found: list[Secret], candidates: Iterable[Secret]) -> list[Secret]:
    """Both, sorted, without those candidates that touch what was found before or a candidate that starts earlier."""
    candidates = sorted(candidates, key=lambda secret: secret.start)
    if not candidates:
        return found
    merged = list(found)
    index = end = 0
    for candidate in candidates:
        while index < len(found) and found[index].end <= candidate.start:
            index += 1
        if candidate.start >= end and (index == len(found) or candidate.end <= found[index].start):
            merged.append(candidate)
            end = candidate.end
    return sorted(merged, key=lambda secret: secret.start)


def _shaped(text: str) -> Iterator[Secret]:
    lower = text.lower()
    # A hundred needles in every passage: a set says it in a third of the time that `any` takes over a generator.
    present = {needle for needle in NEEDLES if needle in lower}
    for kind, needles, shape in SHAPES if present else ():
        if present.isdisjoint(needles):
            continue
        for match in shape.finditer(text):
            secret = Secret(kind, *match.span(shape.groups))
            if not _documented(kind, text[secret.start : secret.end]):
                yield secret


def _documented(kind: str, value: str) -> bool:
    if kind == "url-password":
        return bool(_PLACEHOLDER.search(value) or _WORDS.fullmatch(value))
    return bool(_MADE_UP.search(value))


def _assigned(text: str) -> Iterator[Secret]:
    for match in _VALUE.finditer(text):
        if _random(match["value"]) and _NAME.search(text[max(0, match.start() - _NAME_LENGTH) : match.start()]):
            yield Secret("assigned-secret", *match.span("value"))
    for match in _BARE.finditer(text):
        if _NAME.search(match["name"]) and _random(match["value"]) and _set(match):
            yield Secret("assigned-secret", *match.span("value"))
    for shape, least in ((_MARKED_UP, 0), (_BEARER, _MANY_TURNS)):
        for match in shape.finditer(text):
            if _random(match[1]) and len(_TURNS.findall(match[1])) >= least:
                yield Secret("assigned-secret", *match.span(1))


def _set(match: re.Match[str]) -> bool:
    """Whether a value without quotes is one, and not a name that code assigns from."""
    if match["sign"] == "=" and _ENVIRONMENT.fullmatch(match["name"]):
        return True
    return len(_TURNS.findall(match["value"])) >= _MANY_TURNS


def _random(value: str) -> bool:
    """Whether a quoted value is a secret rather than a placeholder, a name, a path or a sentence."""
    if any(shape.search(value) for shape in (_PLACEHOLDER, _MADE_UP)):
        return False
    if _WORDS.fullmatch(value) or _ADDRESS.fullmatch(value):
        return False
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return False
    return _entropy(value) >= _MIN_ENTROPY


def _entropy(value: str) -> float:
    """Shannon's entropy in bits per character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _private_keys(text: str) -> Iterator[Secret]:
    begins = [match.span() for match in _KEY_BEGIN.finditer(text)]
    ends = iter([match.end() for match in _KEY_END.finditer(text)] if begins else [])
    end = next(ends, len(text) + 1)
    for (start, body), (following, _) in pairwise([*begins, (len(text), len(text))]):
        while end <= body:
            end = next(ends, len(text) + 1)
        if end <= min(following, body + _KEY_LENGTH):
            if _KEY_BODY.search(text, body, end):
                yield Secret("private-key", start, end)
        elif lines := _KEY_LINES.match(text, body, min(following, body + _KEY_LENGTH)):
            yield Secret("private-key", start, lines.end())
