"""An audit's findings against those of the last one: new, persisting, fixed; and the one issue that tells of them."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from reviewer.core.finding import Disposition, Finding, Severity, worst_first
from reviewer.core.merge import alike

AUDIT_LABEL = "reviewer-audit"
"""The label by which the audit's issue is found, and by which people find it."""
_MARKER = re.compile(r"<!-- reviewer:audit (?P<commit>[0-9a-f]{7,64}) -->\s*\Z")
_ALIKE = 0.5
"""Share of common words from which two titles in one file are taken to mean one problem."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of the last audit; `since` is the day on which an audit first had it, as YYYY-MM-DD."""

    fingerprint: str
    path: str
    line: int
    severity: Severity
    title: str
    since: str


@dataclass(frozen=True, slots=True)
class Persisting:
    """A finding that the last audit had, too."""

    finding: Finding
    since: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an audit's findings stand against the last one's. Every finding of either is in exactly one pile.

    fixed: its file was looked at, or is gone, and the problem is not there. refuted: a fresh look says that it never
    was one. unseen: its file was not looked at, so nobody can say.
    """

    new: tuple[Finding, ...] = ()
    persisting: tuple[Persisting, ...] = ()
    fixed: tuple[Known, ...] = ()
    refuted: tuple[Known, ...] = ()
    unseen: tuple[Known, ...] = ()

    @property
    def open(self) -> int:
        """How many problems stand, as far as anybody knows."""
        return len(self.new) + len(self.persisting) + len(self.unseen)


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """The audit's issue as it should be. `keep` leaves it open or closed as it is; `reopen` says that a closed one is
    worth opening again: what a person closed stays closed until there is something new."""

    title: str
    body: str
    state: Literal["open", "closed", "keep"]
    reopen: bool = False


def compare(
    findings: Iterable[Finding], before: Sequence[Known], looked_at: Collection[str], present: Collection[str]
) -> Standing:
    """Sort this audit's findings and the last one's. `looked_at` are the paths that this audit reviewed or carried
    over, `present` all paths of the commit.

    Fingerprints survive moved lines; where the line itself was edited, a like title in the same file is the same.
    """
    given = list(findings)
    now = {finding.fingerprint: finding for finding in sorted(given, key=worst_first, reverse=True) if finding.counts}
    refuted = {finding.fingerprint for finding in given if finding.disposition is Disposition.REFUTED}
    pairs = {known.fingerprint: now[known.fingerprint] for known in before if known.fingerprint in now}
    pairs |= _by_title([known for known in before if known.fingerprint not in pairs], now, pairs.values())
    matched = {finding.fingerprint for finding in pairs.values()}
    piles: dict[str, list[Known]] = {"fixed": [], "refuted": [], "unseen": []}
    for known in before:
        if known.fingerprint not in pairs:
            piles[_fate(known, refuted, looked_at, present)].append(known)
    return Standing(
        new=tuple(sorted((one for one in now.values() if one.fingerprint not in matched), key=worst_first)),
        persisting=tuple(Persisting(pairs[one.fingerprint], one.since) for one in before if one.fingerprint in pairs),
        **{name: tuple(pile) for name, pile in piles.items()},
    )


def remembered(standing: Standing, today: str) -> tuple[Known, ...]:
    """What the next audit is to be compared with: all that stands now; `today` is a day as YYYY-MM-DD."""
    rows = [_known(finding, today) for finding in standing.new]
    rows += [_known(row.finding, row.since) for row in standing.persisting]
    return tuple(dict.fromkeys([*rows, *standing.unseen]))


def dump_known(known: Iterable[Known]) -> str:
    """Findings as JSON, to be kept from audit to audit."""
    return json.dumps([asdict(one) for one in known], ensure_ascii=False)


def load_known(text: str) -> tuple[Known, ...]:
    """Read what `dump_known` wrote; ValueError for anything else."""
    try:
        return tuple(Known(**row | {"severity": Severity(row["severity"])}) for row in json.loads(text))
    except (TypeError, KeyError) as error:
        message = f"not the findings of an audit: {error}"
        raise ValueError(message) from error


def issue_marker(commit: str) -> str:
    """The hidden last line of the audit's issue. ValueError for what is no commit id."""
    marker = f"<!-- reviewer:audit {commit} -->"
    if not _MARKER.fullmatch(marker):
        message = f"{commit!r} is no commit id"
        raise ValueError(message)
    return marker


def audited_commit(body: str) -> str | None:
    """The commit that an issue's marker names; None for a body that is no audit's."""
    found = _MARKER.search(body)
    return found["commit"] if found else None


def _by_title(before: Iterable[Known], now: dict[str, Finding], taken: Collection[Finding]) -> dict[str, Finding]:
    """The last audit's findings without a twin, each with the likest finding of its file that is free."""
    free: dict[str, list[Finding]] = {}
    used = {finding.fingerprint for finding in taken}
    for finding in now.values():
        if finding.fingerprint not in used:
            free.setdefault(finding.anchor.path, []).append(finding)
    pairs = {}
    for known in before:
        beside = free.get(known.path, [])
        likest = max(beside, key=lambda finding: alike(known.title, finding.claim.title), default=None)
        if likest and alike(known.title, likest.claim.title) >= _ALIKE:
            pairs[known.fingerprint] = likest
            beside.remove(likest)
    return pairs


def _fate(known: Known, refuted: Collection[str], looked_at: Collection[str], present: Collection[str]) -> str:
    if known.fingerprint in refuted:
        return "refuted"
    return "fixed" if known.path in looked_at or known.path not in present else "unseen"


def _known(finding: Finding, since: str) -> Known:
    place = finding.anchor
    return Known(finding.fingerprint, place.path, place.start_line, finding.severity, finding.claim.title, since)
