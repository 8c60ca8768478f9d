"""Text that addresses the reviewer instead of a reader of the code: suspicions to report, never a filter to rely on.

`high` is text that has hardly another purpose; `low` is text that prompts, tests and manuals hold too. A phrase in
quotes is mentioned rather than used, so it is `low`.
"""

import base64
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reviewer.guard.hidden import LOOKALIKES, SILENT, decode_tags, reveal
from reviewer.guard.phrases import PHRASES, Confidence, Kind

EXCERPT = 120
"""Characters of a suspicion's excerpt."""

_PLAIN = str.maketrans(
    {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    | {letter: latin.lower() for letter, latin in LOOKALIKES.items()}
)
_QUOTES = "\"'`“‘"
_TAGS = re.compile(r"[\U000e0020-\U000e007e]")
_WORDS = re.compile(r"[A-Za-z]{3,}")
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{24,}+(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_-]{4,}+)*+")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_BLOB_LENGTH = 16_384
_BLOBS_LENGTH = 262_144
"""Characters of base64 that are decoded, of one blob and of all: the search must stay short on data files."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Suspect text from `start` to `end`; the excerpt is one line, decoded, with hidden characters shown."""

    kind: Kind
    confidence: Confidence
    start: int
    end: int
    excerpt: str


def find_injection(text: str) -> tuple[Suspicion, ...]:
    """What in the text addresses a reviewing model, in order; of overlapping ones of a kind the surer one."""
    found = sorted([*_phrases(text), *_encoded(text), *_tagged(text)], key=lambda each: (each.start, each.end))
    latest: dict[Kind, Suspicion] = {}
    kept: list[Suspicion] = []
    for suspicion in found:
        before = latest.get(suspicion.kind)
        if before is None or suspicion.start >= before.end:
            kept.append(suspicion)
        elif (before.confidence, suspicion.confidence) == ("low", "high"):
            kept[kept.index(before, max(0, len(kept) - len(PHRASES)))] = suspicion
        else:
            continue
        latest[suspicion.kind] = suspicion
    return tuple(kept)


def _phrases(text: str) -> Iterator[Suspicion]:
    """Phrases, also when hidden characters or look-alike letters stand inside them."""
    clean, offsets = text, None
    if SILENT.search(text):
        offsets = [index for index, letter in enumerate(text) if not SILENT.match(letter)]
        clean = SILENT.sub("", text)
    clean = clean.translate(_PLAIN)
    for kind, confidence, start, end in _matches(clean):
        if offsets:
            start, end = offsets[start], offsets[end - 1] + 1
        yield Suspicion(kind, confidence, start, end, _excerpt(text[start:end]))


def _matches(clean: str) -> Iterator[tuple[Kind, Confidence, int, int]]:
    for phrase in PHRASES:
        if not any(needle in clean for needle in phrase.needles):
            continue
        for match in phrase.pattern.finditer(clean):
            start, end = match.span()
            before = clean[start - 1] if start else ""
            if before.isalnum() and clean[start].isalnum() and not clean.startswith(("n't", "n’t"), start):
                continue
            yield phrase.kind, "low" if before and before in _QUOTES else phrase.confidence, start, end


def _tagged(text: str) -> Iterator[Suspicion]:
    """ASCII in Unicode tag characters: nobody writes it but to hide it."""
    if _WORDS.search(hidden := decode_tags(text)):
        places = [match.start() for match in _TAGS.finditer(text)]
        yield Suspicion("hidden", "high", places[0], places[-1] + 1, _excerpt(hidden))


def _encoded(text: str) -> Iterator[Suspicion]:
    """Phrases in base64, each blob read at all four alignments; everything decoded is searched in one go."""
    pieces, starts, spans, length = [], [], [], 0
    for (start, end), decoded in _decoded(text):
        pieces.append(decoded)
        starts.append(length)
        spans.append((start, end))
        length += len(decoded) + 1
    # NUL belongs to no phrase's word, and no phrase begins or ends with one.
    for suspicion in _phrases("\0".join(pieces)):
        start, end = spans[bisect_right(starts, suspicion.start) - 1]
        yield replace(suspicion, kind="encoded", start=start, end=end)


def _decoded(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    budget = _BLOBS_LENGTH
    for blob in _BLOB.finditer(text):
        letters = blob[0][:_BLOB_LENGTH].replace("-", "+").replace("_", "/")
        letters = _NOT_BASE64.sub("", letters)
        budget -= len(letters)
        if budget < 0:
            return
        for shift in range(4):
            part = letters[shift:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            data = base64.b64decode(part + "=" * (-len(part) % 4))
            # Orders to a model have spaces; most of what is no text has none, or is no text at all.
            if b" " in data:
                yield blob.span(), data.decode("latin-1")


def _excerpt(text: str) -> str:
    shown = reveal(" ".join(text[:EXCERPT].split()))
    return shown if len(shown) <= EXCERPT else shown[: EXCERPT - 1] + "…"
