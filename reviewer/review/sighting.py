"""What code alone sees in text that others wrote: orders to a reviewer, and what a reader does not see.

Ordinary text is left alone: emoji, joiners and marks of scripts that need them, a byte order mark, soft hyphens in
prose, prose in any script. Of surmises (`low`), those that ordinary code holds all the time are left out.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from reviewer.core.finding import Confidence
from reviewer.guard.hidden import (
    INVISIBLE,
    Disguised,
    Hidden,
    decode_tags,
    decode_variations,
    each_hidden,
    find_disguised,
    latin_words,
    reveal,
)
from reviewer.guard.injection import Suspicion, find_injection

Group = Literal["secret", "injection", "hidden"]
Part = tuple[int, str]

_COMMON = frozenset({"suppression", "role"})
"""Kinds of surmise that nearly always mean something else: "do not report progress", "pretend to be root"."""
_SHOWN = 160
_ENOUGH = 40
"""Hidden characters of one line that are looked at: more say nothing more."""
# No gap of a phrase is as long, so that none goes over from one hunk to the next.
_APART = "\n" + "\0" * 16

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u05ff\u0600-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FULL_WIDTH = re.compile(r"[\uff01-\uff5e]")
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MARKS = frozenset({0x061C, 0x200E, 0x200F})
_ACTIVE = frozenset({0x08, 0x1B, 0x85, 0x9B, 0x2028, 0x2029})
"""Controls that move a terminal's cursor, or end a line for some readers and not for others."""
_ACTS = re.compile(r"[\x08\x1b]|\r(?![\r\n]|\Z)")
"""Those of ASCII, and a carriage return inside a line: what follows it is another line to some compilers."""
_EAST_ASIAN = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\uac00-\ud7a3]|" + _IDEOGRAPH.pattern)
_SELECTORS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_PROSE = re.compile(
    r"\.(?:md|mdx|markdown|rst|txt|adoc|asciidoc|html?|xhtml|tex|po|pot|org|textile|srt|vtt|strings|xliff|ftl)$"
    r"|(?:^|/)(?:locales?|i18n|l10n|lang|translations)/",
    re.IGNORECASE,
)
_NAMES = {
    0x061C: "Arabic letter mark",
    0x200E: "left-to-right mark",
    0x200F: "right-to-left mark",
    0x202A: "left-to-right embedding",
    0x202B: "right-to-left embedding",
    0x202C: "end of embedding",
    0x202D: "left-to-right override",
    0x202E: "right-to-left override",
    0x2066: "left-to-right isolate",
    0x2067: "right-to-left isolate",
    0x2068: "first strong isolate",
    0x2069: "end of isolate",
    0x00AD: "soft hyphen",
    0x200B: "zero-width space",
    0x200C: "zero-width non-joiner",
    0x200D: "zero-width joiner",
    0x2060: "word joiner",
    0xFEFF: "byte order mark",
    0x3164: "Hangul filler",
    0x1B: "escape",
    0x2028: "line separator",
    0x2029: "paragraph separator",
    0x08: "backspace",
    0x0D: "carriage return",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place. `shown` makes it visible, without anything hidden; `grave` marks what nobody writes by chance."""

    group: Group
    kind: str
    line: int
    shown: str
    confidence: Confidence = Confidence.HIGH
    grave: bool = False


class Passage:
    """Lines of one text by their numbers, in runs that stand together."""

    def __init__(self, runs: Iterable[Sequence[Part]], prose: bool = False) -> None:
        self.prose = prose
        self._runs = [run for run in runs if run]
        self.text = f"{_APART}\n".join("\n".join([text for _, text in run]) for run in self._runs)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins: most texts hold nothing of which that has to be known."""
        starts, at = [], 0
        for run in self._runs:
            for _, text in run:
                starts.append(at)
                at += len(text) + 1
            at += len(_APART)
        return starts

    @cached_property
    def _numbers(self) -> list[int]:
        return [number for run in self._runs for number, _ in run]

    def line(self, offset: int) -> int:
        """The number of the line in which a place of the text is."""
        return self._numbers[bisect_right(self._starts, offset) - 1]

    def lines(self) -> Iterator[Part]:
        """Every line."""
        for run in self._runs:
            yield from run


def is_prose(path: str) -> bool:
    """Whether a file holds text for people, by its name."""
    return _PROSE.search(path) is not None


def see(passage: Passage) -> list[Sighting]:
    """Orders and hidden text, at most one of each on a line, in order."""
    if not passage.text:
        return []
    orders = list(_orders(passage))
    told = {each.line for each in orders if each.kind == "hidden"}
    return [*orders, *(each for each in _hidden(passage) if each.kind != "tag" or each.line not in told)]


def _orders(passage: Passage) -> Iterator[Sighting]:
    by_line: dict[int, list[Suspicion]] = {}
    for suspicion in find_injection(passage.text):
        if suspicion.confidence == "high" or suspicion.kind not in _COMMON:
            by_line.setdefault(passage.line(suspicion.start), []).append(suspicion)
    for line, several in by_line.items():
        first = min(several, key=lambda each: each.confidence != "high")
        shown = "; ".join(dict.fromkeys(each.excerpt for each in several[:3]))
        grave = any(each.kind in ("encoded", "hidden") and each.confidence == "high" for each in several)
        sure = Confidence.HIGH if first.confidence == "high" else Confidence.LOW
        yield Sighting("injection", first.kind, line, shown, sure, grave)


def _hidden(passage: Passage) -> Iterator[Sighting]:
    text = passage.text
    if text.isascii() and not _ACTS.search(text):
        return
    known: frozenset[str] | None = None
    for number, line in passage.lines():
        if line.isascii() and not _ACTS.search(line):
            continue
        counted = (each for each in each_hidden(line) if _counts(each, line, number, passage.prose))
        found = list(islice(counted, _ENOUGH))
        if found:
            yield _characters(number, line, found)
            continue
        for word in find_disguised(line):
            if not word.mixed and known is None:
                known = latin_words(text)
            if _FULL_WIDTH.search(word.word) and _EAST_ASIAN.search(line):
                continue
            if word.mixed or (known and word.reads_as in known):
                yield _disguise(number, word)
                break


def _counts(hidden: Hidden, line: str, number: int, prose: bool) -> bool:
    at = hidden.offset
    left, right = line[at - 1 : at] if at else "", line[at + 1 : at + 2]
    match hidden.kind:
        case "tag":
            return True
        case "bidi":
            return hidden.codepoint not in _MARKS or not _RIGHT_TO_LEFT.search(line)
        case "variation":
            run = _SELECTORS.match(left) or _SELECTORS.match(right)
            return run is not None or (hidden.codepoint >= 0xE0100 and not _IDEOGRAPH.match(left))
        case "control":
            return hidden.codepoint in _ACTIVE or (hidden.codepoint == 0x0D and bool(line[at:].strip("\r")))
        case _:
            if hidden.codepoint == 0xFEFF and at == 0 and number == 1:
                return False
            return _out_of_place(hidden, left, right, prose)


def _out_of_place(hidden: Hidden, left: str, right: str, prose: bool) -> bool:
    """Whether a zero-width character is of no use where it stands."""
    beside = [_INVISIBLE if INVISIBLE.match(letter) else letter for letter in (left, right)]
    if any(letter.isalpha() and not letter.isascii() for letter in beside):
        return False
    if not prose:
        return True
    return hidden.codepoint != 0xAD and all(letter == _INVISIBLE or letter.isalnum() for letter in beside)


_INVISIBLE = "\0"
_RANK = ("tag", "bidi", "variation", "zero-width", "control")


def _characters(number: int, line: str, found: Sequence[Hidden]) -> Sighting:
    kinds = {each.kind for each in found}
    kind = next(each for each in _RANK if each in kinds)
    counts: dict[int, int] = {}
    for each in found:
        counts[each.codepoint] = counts.get(each.codepoint, 0) + 1
    more = "+" if len(found) == _ENOUGH else ""
    names = [f"U+{code:04X}{_named(code)}{f' ×{n}{more}' if n > 1 else ''}" for code, n in counts.items()]
    smuggled = (decode_tags(line) or decode_variations(line)) if kinds & {"tag", "variation"} else ""
    shown = f"{', '.join(names[:6])}{' and others' if len(names) > 6 else ''}: {_around(line, found[0].offset)}"
    if smuggled.strip():
        shown += f" (the hidden characters spell: {_clip(' '.join(smuggled.split()), _SHOWN)})"
    marks = kind == "bidi" and all(each.codepoint in _MARKS for each in found if each.kind == "bidi")
    grave = kind == "tag" or (kind == "bidi" and not marks) or bool(smuggled.strip())
    return Sighting("hidden", kind, number, shown, Confidence.HIGH, grave)


def _disguise(number: int, word: Disguised) -> Sighting:
    spelt = "".join(letter if letter.isascii() else f"\\u{{{ord(letter):X}}}" for letter in word.word[:_SHOWN])
    shown = f"“{_clip(word.reads_as, 60)}” is spelt {spelt}"
    return Sighting("hidden", "lookalike", number, shown, Confidence.MEDIUM)


def _named(code: int) -> str:
    return f" ({_NAMES[code]})" if code in _NAMES else ""


def _around(line: str, at: int) -> str:
    """The line around a place, with what is hidden spelt out."""
    start = max(0, at - _SHOWN // 2)
    shown = reveal(line[start : start + _SHOWN].strip(" \t"))
    return ("…" if start else "") + _clip(shown, 2 * _SHOWN) + ("…" if start + _SHOWN < len(line) else "")


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
