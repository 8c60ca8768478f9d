"""Claims become findings: placed, given an identity that survives line shifts, and told apart from their duplicates."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reviewer.core.anchor import anchor, anchored_text
from reviewer.core.change import ChangedFile, ChangeSet
from reviewer.core.finding import Anchor, Claim, Disposition, Finding, Provenance, worst_first
from reviewer.core.view import content_lines

_WORD = re.compile(r"[a-z0-9_]{3,}")
_ALIKE = 0.5
"""Share of common words from which two texts are taken to say the same."""


def place(claims: Iterable[Claim], changes: ChangeSet, provenance: Provenance, seen: Sequence[str]) -> list[Finding]:
    """Findings of one answer. Two claims of one answer on the same line with the same category are two problems."""
    found: list[Finding] = []
    taken: set[str] = set()
    for claim in claims:
        where = anchor(claim, changes, seen)
        file = changes.file(where.path)
        fingerprint = fingerprint_of(claim, where, file)
        if fingerprint in taken:
            fingerprint = _digest(fingerprint, " ".join(_words(claim.title)))
        said_twice = fingerprint in taken
        taken.add(fingerprint)
        disposition = Disposition.DUPLICATE if said_twice else Disposition.SUMMARY
        found.append(Finding(claim, where, fingerprint, provenance, disposition))
    return found


def fingerprint_of(claim: Claim, where: Anchor, file: ChangedFile | None) -> str:
    """16 hex digits from path, category, the line's text and which of its equals it is: line numbers play no part."""
    text = anchored_text(where, file)
    if text is None or file is None:
        return _digest(where.path, claim.category, " ".join(_words(claim.title)))
    flat = " ".join(text.split())
    if where.side == "RIGHT":
        lines = content_lines(file)
        numbered = enumerate(lines, 1) if lines else ((line.new, line.text) for line in file.lines())
    else:
        numbered = ((line.old, line.text) for line in file.lines())
    equals = [number for number, other in numbered if number is not None and " ".join(other.split()) == flat]
    occurrence = sum(number < where.start_line for number in equals)
    return _digest(file.path, claim.category, where.side, flat, str(occurrence))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def alike(one: str, other: str) -> float:
    """How much two texts share: common words over all words, 0 to 1."""
    a, b = set(_words(one)), set(_words(other))
    return len(a & b) / len(a | b) if a and b else float(one.strip() == other.strip())


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Mark what several passes report: the better text stays, the other is a duplicate, both provenances are kept.

    All findings come back, worst first, duplicates with their disposition.
    """
    kept: list[Finding] = []
    duplicates: list[Finding] = []
    for finding in sorted(findings, key=worst_first):
        if finding.disposition is not Disposition.SUMMARY:
            duplicates.append(finding)
            continue
        twin = next((index for index, other in enumerate(kept) if same_problem(finding, other)), None)
        if twin is None:
            kept.append(finding)
        else:
            kept[twin], duplicate = _join(kept[twin], finding)
            duplicates.append(duplicate)
    return sorted(kept, key=worst_first) + duplicates


def same_problem(one: Finding, other: Finding) -> bool:
    """By place and fingerprint: the same line and category from two passes, or the same place in like words."""
    if one.provenance.unit == other.provenance.unit:
        return False
    if one.fingerprint == other.fingerprint:
        return True
    if one.anchor.path != other.anchor.path or one.anchor.side != other.anchor.side:
        return False
    overlap = one.anchor.start_line <= other.anchor.end_line and other.anchor.start_line <= one.anchor.end_line
    return overlap and alike(_said(one), _said(other)) >= _ALIKE


def _said(finding: Finding) -> str:
    return f"{finding.claim.title} {finding.claim.explanation}"


def _join(kept: Finding, other: Finding) -> tuple[Finding, Finding]:
    """The kept finding with the other's origin and, where it says more, its words; and the duplicate."""
    if _quality(other) > _quality(kept):
        kept, other = other, kept
    severity = min(kept.claim.severity, other.claim.severity, key=lambda severity: severity.rank)
    also = (*kept.provenance.also, other.provenance.unit, *other.provenance.also)
    notes = kept.notes
    if alike(_said(kept), _said(other)) < _ALIKE:
        notes = (*notes, f"{other.claim.title}: {other.claim.explanation}")
    joined = replace(
        kept,
        claim=replace(kept.claim, severity=severity),
        provenance=replace(kept.provenance, also=tuple(dict.fromkeys(also))),
        notes=notes,
    )
    return joined, replace(other, disposition=Disposition.DUPLICATE)


def _quality(finding: Finding) -> tuple[int, int, int, int]:
    """Which of two texts to keep: the better placed, with a suggestion, the surer, the fuller."""
    placed = {"line": 3, "hunk": 2, "file": 1, "none": 0}[finding.anchor.kind]
    claim = finding.claim
    return (placed, bool(claim.suggestion.strip()), -claim.confidence.rank, min(len(claim.explanation), 600))
