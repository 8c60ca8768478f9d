"""Claims become findings: placed, given an identity that survives line shifts, and told apart from their duplicates."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from reviewer.core.anchor import anchor, anchored_text
from reviewer.core.change import ChangedFile, ChangeSet
from reviewer.core.digest import digest
from reviewer.core.finding import Anchor, Claim, Disposition, Finding, Provenance, worst_first
from reviewer.core.quote import flat
from reviewer.core.view import content_lines

_WORD = re.compile(r"\w{3,}")
_ALIKE = 0.5
"""Share of common words from which two texts are taken to say the same."""
_EQUALS = 200
"""Equal lines of one file that are told apart when a push has moved them."""


def place(claims: Iterable[Claim], changes: ChangeSet, provenance: Provenance, seen: Sequence[str]) -> list[Finding]:
    """Findings of one answer. Two claims of one answer on the same line with the same category are two problems,
    unless their titles are the same, too: then the second is a duplicate. Of what has no line in the change, the number
    tells whether it is the same place."""
    found: list[Finding] = []
    said: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for claim in claims:
        where = anchor(claim, changes, seen)
        fingerprint = fingerprint_of(claim, where, changes.file(where.path))
        told, title, line = said[fingerprint], flat(claim.title).lower(), where.start_line
        said_twice = (title, line) in told
        if told and title != told[0][0]:
            fingerprint = digest(fingerprint, title)
        if any(title == other and line != elsewhere for other, elsewhere in told):
            fingerprint = digest(fingerprint, str(line))
        told.append((title, line))
        disposition = Disposition.DUPLICATE if said_twice else Disposition.SUMMARY
        found.append(Finding(claim, where, fingerprint, provenance, disposition))
    return found


def fingerprint_of(claim: Claim, where: Anchor, file: ChangedFile | None) -> str:
    """16 hex digits from path, category, the line's text and which of its equals it is: line numbers play no part."""
    text = anchored_text(where, file)
    if text is None or file is None:
        return digest(where.path, claim.category, " ".join(_words(claim.title)))
    flattened = flat(text)
    occurrence = _equals_before(flattened, where, file)
    return digest(file.path, claim.category, where.side, flattened, str(occurrence))


def fingerprints_of_equals(finding: Finding, file: ChangedFile | None) -> frozenset[str]:
    """What the finding's fingerprint would be on any of the lines with the same text; empty where it has no line."""
    where, claim = finding.anchor, finding.claim
    text = anchored_text(where, file)
    if text is None or file is None:
        return frozenset()
    parts = (file.path, claim.category, where.side, flat(text))
    plain = frozenset(digest(*parts, str(number)) for number in range(_EQUALS))
    if finding.fingerprint in plain:
        return plain
    told_apart = frozenset(digest(one, flat(claim.title).lower()) for one in plain)
    return told_apart if finding.fingerprint in told_apart else frozenset()


def set_apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of one pass, each with a fingerprint of its own: the second on a line is told by its title."""
    taken: set[str] = set()
    for finding in findings:
        while finding.fingerprint in taken:
            finding = apart(finding)
        taken.add(finding.fingerprint)
        yield finding


def apart(finding: Finding) -> Finding:
    """The finding with a fingerprint that its title is part of."""
    return replace(finding, fingerprint=digest(finding.fingerprint, flat(finding.claim.title).lower()))


def _equals_before(flattened: str, where: Anchor, file: ChangedFile) -> int:
    lines = content_lines(file) if where.side == "RIGHT" else None
    if lines:
        before: Iterable[str] = lines[: where.start_line - 1]
    else:
        numbered = ((line.new if where.side == "RIGHT" else line.old, line.text) for line in file.lines())
        before = (text for number, text in numbered if number is not None and number < where.start_line)
    word = max(flattened.split(), key=len, default="")
    return sum(word in text and flat(text) == flattened for text in before)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower()) or text.lower().split()


def alike(one: str, other: str) -> float:
    """How much two texts share: common words over all words, 0 to 1."""
    a, b = set(_words(one)), set(_words(other))
    return len(a & b) / len(a | b) if a and b else float(one.strip() == other.strip())


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Mark what several passes report: the better text stays, the other is a duplicate, both provenances are kept.

    All findings come back, worst first, duplicates with their disposition.
    """
    ordered = sorted(findings, key=_order)
    kept = [finding for finding in ordered if finding.disposition is Disposition.SUMMARY]
    others = [finding for finding in ordered if finding.disposition is not Disposition.SUMMARY]
    # Of two problems on one line, the one in like words is the twin of another pass's, so those find each other first.
    for same in (in_like_words, same_problem):
        kept, duplicates = _joined(kept, same)
        others += duplicates
    return sorted(kept, key=_order) + others


def _joined(
    findings: Iterable[Finding], same: Callable[[Finding, Finding], bool]
) -> tuple[list[Finding], list[Finding]]:
    kept: dict[str, list[Finding]] = defaultdict(list)
    duplicates: list[Finding] = []
    for finding in findings:
        beside = kept[finding.anchor.path]
        twins = [index for index, other in enumerate(beside) if same(finding, other)]
        if not twins:
            beside.append(finding)
            continue
        twin = max(twins, key=lambda index: alike(_said(finding), _said(beside[index])))
        beside[twin], duplicate = _join(beside[twin], finding)
        duplicates.append(duplicate)
    return [finding for found in kept.values() for finding in found], duplicates


def _order(finding: Finding) -> tuple[object, ...]:
    """Worst first, and the same order for the same findings, however they came in."""
    claim, origin = finding.claim, finding.provenance
    return (
        *worst_first(finding),
        finding.anchor.end_line,
        finding.fingerprint,
        origin.unit,
        claim.title,
        claim.explanation,
    )


def same_problem(one: Finding, other: Finding) -> bool:
    """By place and fingerprint: the same line and category from two passes, or the same place in like words."""
    if one.fingerprint == other.fingerprint:
        return not _origins(one) & _origins(other)
    return in_like_words(one, other)


def in_like_words(one: Finding, other: Finding) -> bool:
    """Whether two passes say the same of the same place. What one answer reports twice is two problems."""
    if one.anchor.path != other.anchor.path or one.anchor.side != other.anchor.side:
        return False
    overlap = one.anchor.start_line <= other.anchor.end_line and other.anchor.start_line <= one.anchor.end_line
    return overlap and not _origins(one) & _origins(other) and alike(_said(one), _said(other)) >= _ALIKE


def _origins(finding: Finding) -> set[str]:
    return {finding.provenance.unit, *finding.provenance.also}


def _said(finding: Finding) -> str:
    return f"{finding.claim.title} {finding.claim.explanation}"


def _join(kept: Finding, other: Finding) -> tuple[Finding, Finding]:
    """The kept finding with the other's origin and, where it says more, its words; and the duplicate."""
    if _quality(other) > _quality(kept):
        kept, other = other, kept
    severity = min(kept.claim.severity, other.claim.severity, key=lambda severity: severity.rank)
    also = (*kept.provenance.also, other.provenance.unit, *other.provenance.also)
    notes = (*kept.notes, *other.notes)
    if alike(_said(kept), _said(other)) < _ALIKE:
        notes = (*notes, f"{other.claim.title}: {other.claim.explanation}")
    joined = replace(
        kept,
        claim=replace(kept.claim, severity=severity, suggestion=kept.claim.suggestion or _proposed(other, kept)),
        provenance=replace(kept.provenance, also=tuple(dict.fromkeys(also))),
        notes=notes,
    )
    return joined, replace(other, disposition=Disposition.DUPLICATE)


def _proposed(other: Finding, kept: Finding) -> str:
    """The other's code, where it is for the very same lines."""
    return other.claim.suggestion if other.anchor == kept.anchor else ""


def _quality(finding: Finding) -> tuple[int, int, int, int, int]:
    """Which of two texts to keep: what code itself has found, the better placed, with a suggestion, the surer, the
    fuller."""
    placed = {"line": 3, "hunk": 2, "file": 1, "none": 0}[finding.anchor.kind]
    claim = finding.claim
    by_code = not finding.provenance.model and finding.verified is True
    return (by_code, placed, bool(claim.suggestion.strip()), -claim.confidence.rank, min(len(claim.explanation), 600))
