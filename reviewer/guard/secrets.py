"""Secrets: finding what looks like one, masking it, and removing known values in whatever form they leak."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from reviewer.guard.redaction import Redactor

__all__ = ["Redactor", "Secret", "find_secrets", "mask"]

# A start inside a run of token characters is refused: it would be no token, and every run is scanned once.
_START = r"(?<![\w-])"
# Kind, what any text with such a secret contains (in small letters), and the shape; group 1 is the secret if given.
_SHAPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("aws-access-key", ("akia", "asia", "abia", "acca"), _START + r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?!\w)"),
    (
        "aws-secret-key",
        ("aws",),
        r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    (
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        _START + r"(?:gh[pousr]_[A-Za-z0-9_]{36,255}(?:\.[\w-]{10,2000}){0,2}|github_pat_\w{36,255})",
    ),
    ("gitlab-token", ("glpat-",), _START + r"glpat-[\w-]{20,300}"),
    ("anthropic-key", ("sk-ant-",), _START + r"sk-ant-[\w-]{20,300}"),
    (
        "openai-key",
        ("sk-",),
        _START + r"sk-(?!ant-)(?:(?:proj|svcacct|admin)-[\w-]{20,300}|[A-Za-z0-9]{40,64}(?![\w-]))",
    ),
    (
        "slack-token",
        ("xox", "xapp-"),
        _START + r"(?:xox[abeoprs]-(?=[A-Za-z-]{0,8}\d)[0-9A-Za-z-]{10,300}|xapp-\d-[0-9A-Za-z-]{20,300})",
    ),
    (
        "slack-webhook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows)/T\w{6,20}/\w{6,20}/\w{16,64}",
    ),
    ("google-key", ("aiza",), _START + r"AIza[\w-]{35}(?![\w-])"),
    (
        "stripe-key",
        ("k_live_", "k_test_", "whsec_"),
        _START + r"(?:[sr]k_(?:live|test)_[0-9A-Za-z]{16,255}|whsec_[0-9A-Za-z+/]{32,128})",
    ),
    ("npm-token", ("npm_",), _START + r"npm_[A-Za-z0-9]{36}(?!\w)"),
    ("pypi-token", ("pypi-age",), _START + r"pypi-AgE[\w-]{50,1000}"),
    ("jwt", ("eyj",), _START + r"eyJ[\w-]{10,4000}+\.eyJ[\w-]{10,4000}+\.[\w-]{16,2000}"),
    (
        "url-password",
        ("://",),
        r"://[^\s:/@\"'`]{0,64}:([^\s:/@\"'`]{6,128})@(?=[\w\[])",
    ),
)
_SHAPE = tuple((kind, needles, re.compile(shape, re.ASCII)) for kind, needles, shape in _SHAPES)

# The value is looked for first and its name looked back for, since that is three times as fast as the other way.
_VALUE = re.compile(r"[:=]>?\s{0,4}(?P<quote>[\"'`])(?=(?P<value>[^\"'`\s]{8,256})(?P=quote))")
_NAME = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"[\w.-]{0,30}[\"'`]?\]?\s{0,4}:?\Z",
    re.IGNORECASE,
)
_NAME_LENGTH = 64
_PLACEHOLDER = re.compile(
    r"change.?me|x{3,}|\*{3,}|\.{3}|•|example|placeholder|dummy|sample|fake|mock|redacted|masked|insert|replace"
    r"|your[-_]?|my[-_]|todo|\$\{|\$\(|\{\{|%\(|%s|<[^>]*>|process\.env|environ|getenv|secrets\.|vault:"
    r"|12345678|abcdefgh|password|passwd|secret|[a-z]+://",
    re.IGNORECASE,
)
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
    for kind, needles, shape in _SHAPE:
        if not any(needle in lower for needle in needles):
            continue
        for match in shape.finditer(text):
            secret = Secret(kind, *match.span(shape.groups))
            if not _documented(kind, text[secret.start : secret.end]):
                yield secret


def _documented(kind: str, value: str) -> bool:
    if kind == "url-password":
        return bool(_PLACEHOLDER.search(value) or _WORDS.fullmatch(value))
    return "EXAMPLE" in value.upper()


def _assigned(text: str) -> Iterator[Secret]:
    for match in _VALUE.finditer(text):
        if _random(match["value"]) and _NAME.search(text[max(0, match.start() - _NAME_LENGTH) : match.start()]):
            yield Secret("assigned-secret", *match.span("value"))


def _random(value: str) -> bool:
    """Whether a quoted value is a secret rather than a placeholder, a name, a path or a sentence."""
    if _PLACEHOLDER.search(value) or _WORDS.fullmatch(value):
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
