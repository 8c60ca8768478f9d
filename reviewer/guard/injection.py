"""Text that addresses the reviewer instead of a reader of the code: suspicions to report, never a filter to rely on.

`high` is text that has hardly another purpose; `low` is text that prompts, tests and manuals hold too. A phrase in
quotes is mentioned rather than used, so it is `low`.
"""

import re
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reviewer.guard.hidden import LOOKALIKES, SILENT, STYLED, decode_tags, reveal
from reviewer.guard.phrases import PHRASES, Confidence, Kind, Needles, Phrase

EXCERPT = 120
"""Characters of a suspicion's excerpt."""
_STRETCH, _LONGEST = 6_144, 768
"""Characters that are searched together for a phrase whose words stand among them, and more than a phrase has."""
_LETTERS = bytes(code if chr(code).islower() and code < 0x80 else 0x20 for code in range(256))

_PLAIN = str.maketrans(
    {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    | {letter: latin.lower() for letter, latin in (LOOKALIKES | STYLED).items()}
)
_IDEOGRAPHS = "\u2e80"
"""From here on, scripts put no space between words."""
_OTHER_SCRIPTS = re.compile(r"[\u0370-\u058f\u13a0-\u13ff\u24b6-\u24e9\uff01-\uff5e\U0001d400-\U0001d6a3]")
_QUOTES = "\"'`“‘"
_TAGS = re.compile(r"[\U000e0020-\U000e007e]")
_WORDS = re.compile(r"[A-Za-z]{3,}")
_JOINT = r"[\"',+\\ \t]{0,6}\r?\n[ \t]{0,16}(?:(?:\#|//|\*|--|;|>)[ \t]{1,4})?[\"']?"
"""Between the lines of a blob that stands in a comment, or in literals put together."""
_BLOB = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_-]{4,}+"
    rf"|{_JOINT}[A-Za-z0-9+/_-]{{4,}}+(?==*[\"',;+\\ \t)\]]{{0,6}}(?:\r?\n|\Z)))*+"
)
_JOINTS = re.compile(_JOINT)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_LEAD = 40
"""Characters of decoded text that an excerpt shows before the phrase."""
_NOT_ASCII = bytes(range(0x80, 0x100))
_MOSTLY = 0.7
_BLOB_LENGTH = 16_384
_BLOBS_LENGTH = 262_144
"""Characters of base64 that are decoded, of one blob and of all: the search must stay short on data files."""


def _by_word() -> dict[str, frozenset[int]]:
    """The numbers of the phrases that a word may belong to, by the first group of needles that are all words."""
    found: dict[str, set[int]] = {}
    for number, phrase in enumerate(PHRASES):
        group = next((needles for needles in phrase.needles if not needles.others), None)
        for word in group.words if group else ():
            found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_BY_WORD = _by_word()
_ALWAYS = frozenset(range(len(PHRASES))).difference(*_BY_WORD.values())
"""The numbers of the phrases that no word alone tells of."""


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
    clean, gone = text, []
    if not text.isascii():
        # Where letters are gone, and how many before each: the place in the text for a place in the rest.
        gone = [match.start() - count for count, match in enumerate(SILENT.finditer(text))]
        clean = SILENT.sub("", text) if gone else text
    clean = _plain(clean)
    for kind, confidence, start, end in _matches(clean):
        start, end = start + bisect_right(gone, start), end + bisect_right(gone, end - 1)
        yield Suspicion(kind, confidence, start, end, _excerpt(text[start:end]))


def _plain(text: str) -> str:
    """In lower case, of as many characters, look-alikes as what they read as."""
    if text.isascii() or _OTHER_SCRIPTS.search(text) is None:
        small = text.lower()
        if len(small) == len(text):
            return small
    return text.translate(_PLAIN)


def _matches(clean: str) -> Iterator[tuple[Kind, Confidence, int, int]]:
    """Stretch by stretch: the words of a phrase stand somewhere in any long text, but seldom close by each other."""
    for at in range(0, len(clean), _STRETCH):
        end = min(at + _STRETCH + _LONGEST, len(clean))
        words = _words(clean[at:end])
        likely = _ALWAYS.union(*(_BY_WORD[word] for word in words & _BY_WORD.keys()))
        for phrase in (PHRASES[number] for number in sorted(likely)):
            if all(_holds(clean, group, words, at, end) for group in phrase.needles):
                for match in phrase.pattern.finditer(clean, at, end):
                    if match.start() < at + _STRETCH and (found := _told(clean, phrase, match)):
                        yield found


def _words(stretch: str) -> set[str]:
    """The words of ASCII letters. By way of bytes, which takes half the time of a pattern."""
    letters = stretch.encode("ascii", "replace").translate(_LETTERS)
    return set(letters.decode("ascii").split())


def _holds(clean: str, needles: Needles, words: set[str], start: int, end: int) -> bool:
    """Whether one of the needles stands there."""
    if not needles.words.isdisjoint(words):
        return True
    return any(clean.find(other, start, end) >= 0 for other in needles.others)


def _told(clean: str, phrase: Phrase, match: re.Match[str]) -> tuple[Kind, Confidence, int, int] | None:
    """The match, unless it begins in the middle of a word."""
    start, end = match.span()
    before = clean[start - 1] if start else ""
    joined = before.isalnum() and clean[start].isalnum() and clean[start] < _IDEOGRAPHS
    if joined and not clean.startswith(("n't", "n’t"), start):
        return None
    return phrase.kind, "low" if before and before in _QUOTES else phrase.confidence, start, end


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
        number = bisect_right(starts, suspicion.start) - 1
        start, end = spans[number]
        lead = max(0, suspicion.start - starts[number] - _LEAD)
        yield replace(suspicion, kind="encoded", start=start, end=end, excerpt=_excerpt(pieces[number][lead:]))


def _decoded(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    budget = _BLOBS_LENGTH
    for blob in _BLOB.finditer(text):
        if blob[0] in (blob[0].lower(), blob[0].upper()):
            continue  # a name, a rule of dashes, a number
        letters = _JOINTS.sub("", blob[0][:_BLOB_LENGTH]).replace("-", "+").replace("_", "/")
        letters = _NOT_BASE64.sub("", letters)
        budget -= len(letters)
        if budget < 0:
            return
        for shift in range(4):
            part = letters[shift:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            data = a2b_base64(part + "=" * (-len(part) % 4))
            # Orders to a model have spaces and are mostly ASCII; half of the bytes of what is no text are not.
            if b" " in data and len(data.translate(None, _NOT_ASCII)) > _MOSTLY * len(data):
                yield blob.span(), data.decode("ascii", "ignore")


def _excerpt(text: str) -> str:
    shown = reveal(" ".join(text[:EXCERPT].split()))
    return shown if len(shown) <= EXCERPT else shown[: EXCERPT - 1] + "…"
