"""The verify round: every finding of both rounds is judged in a fresh context, against the code it quotes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reviewer.audit.across import Across, Crossing
from reviewer.audit.findings import findings_of
from reviewer.audit.material import FileView
from reviewer.audit.stages import FILES, INTEGRATION, VERIFY
from reviewer.core.answer import Judgement, Unusable
from reviewer.core.change import ChangedFile, Hunk
from reviewer.core.finding import Disposition, Finding
from reviewer.core.plan import Item, Unit
from reviewer.core.request import Answered
from reviewer.core.view import view_tokens
from reviewer.prompts.audit import AuditPrompter
from reviewer.review.answers import read_verdicts
from reviewer.review.verifying import MAX_CANDIDATES, apply
from reviewer.store.audit_values import Planned, UnitRecord

_RADII = (200, 100, 50, 25, 12)
"""Lines shown on either side of a candidate in a file that does not fit whole, the most that fit."""
Key = tuple[str, str, str]
"""A finding within an audit: its repository, the round it came from, its fingerprint."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is stored of a verify unit: the findings behind F1, F2, …, by the round they came from."""

    origin: str
    fingerprints: tuple[str, ...]

    def write(self) -> bytes:
        """As bytes for the state."""
        return json.dumps([self.origin, self.fingerprints]).encode()

    @classmethod
    def read(cls, data: bytes) -> "Candidates":
        """What `write` wrote."""
        origin, fingerprints = json.loads(data)
        return cls(origin, tuple(fingerprints))


@dataclass(slots=True)
class Judgements:
    """What the verify round has said so far. `asked` holds every finding that was put to it."""

    made: dict[Key, Judgement] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)
    failed: set[Key] = field(default_factory=set)

    def of(self, repository: str, origin: str, finding: Finding) -> Finding:
        """The finding as judged, or as it is."""
        found = self.made.get((repository, origin, finding.fingerprint))
        return apply(finding, found) if found and finding.disposition is Disposition.SUMMARY else finding

    def passed_over(self, key: Key) -> bool:
        """Whether a finding was put to a check whose answer does not mention it."""
        return key in self.asked and key not in self.made and key not in self.failed


def read_judgements(records: Iterable[UnitRecord]) -> Judgements:
    """All verdicts, by the finding they are about."""
    judgements = Judgements()
    for record in records:
        candidates = Candidates.read(record.payload)
        keys: list[Key] = [(record.repository, candidates.origin, name) for name in candidates.fingerprints]
        judgements.asked.update(keys)
        verdicts = read_verdicts(record.reply.text) if isinstance(record.reply, Answered) else Unusable("none")
        if isinstance(verdicts, Unusable):
            judgements.failed.update(keys)
            continue
        for number, key in enumerate(keys, 1):
            judgement = verdicts.get(f"F{number}")
            if judgement:
                judgements.made[key] = judgement
    return judgements


@dataclass(frozen=True, slots=True)
class Verification:
    """Plans the round. `prompters` go by repository; `room` is the tokens of code in one context.

    With `before`, only findings are planned that an earlier answer of this round passed over.
    """

    prompters: Mapping[str, AuditPrompter]
    model: str
    room: int
    before: Judgements | None = None

    def files(self, views: Iterable[FileView]) -> Iterator[Planned]:
        """Checks of what the file round found, each beside its own file."""
        for view in views:
            for group in _groups(self._open(view.repository, FILES, findings_of(view))):
                items = [excerpt(view.file, view.tokens, group, self.room)]
                yield self._planned(view.repository, FILES, group, items)

    def across(self, across: Across) -> Iterator[Planned]:
        """Checks of what the integration round found, beside all files that a finding names."""
        by_place: dict[tuple[str, str, str], list[Crossing]] = {}
        for crossing in across.findings():
            origin = crossing.finding.provenance
            by_place.setdefault((crossing.repository, origin.unit, crossing.finding.anchor.path), []).append(crossing)
        for (repository, _, path), crossings in by_place.items():
            others = dict.fromkeys(other for crossing in crossings for other in crossing.others)
            open_ones = self._open(repository, INTEGRATION, [crossing.finding for crossing in crossings])
            for group in _groups(open_ones):
                items = self._beside(across, repository, path, list(others), group)
                yield self._planned(repository, INTEGRATION, group, items)

    def _beside(
        self, across: Across, repository: str, path: str, others: Sequence[str], group: Sequence[Finding]
    ) -> list[Item]:
        own, room, items = across.files.get((repository, path)), self.room, []
        if own:
            items.append(excerpt(own.file, own.tokens, group, room))
            room -= items[0].tokens
        for other in others:
            view = across.files.get((repository, other))
            if view and view.tokens <= room:
                items.append(Item(view.file, view.file.hunks, True, view.tokens))
                room -= view.tokens
        return items

    def _open(self, repository: str, origin: str, findings: Iterable[Finding]) -> list[Finding]:
        found = [finding for finding in findings if finding.disposition is Disposition.SUMMARY]
        if self.before is None:
            return found
        return [one for one in found if self.before.passed_over((repository, origin, one.fingerprint))]

    def _planned(self, repository: str, origin: str, group: Sequence[Finding], items: Sequence[Item]) -> Planned:
        names = tuple(finding.fingerprint for finding in group)
        again = "again-" if self.before else ""
        material = "\0".join([repository, origin, group[0].provenance.unit, *names])
        digest = hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        unit = Unit(f"verify-{again}{digest}", "verify", tuple(items))
        request = self.prompters[repository].verify(unit, group, self.model)
        return Planned(unit.id, VERIFY, repository, request, Candidates(origin, names).write())


def _groups(findings: Sequence[Finding]) -> list[Sequence[Finding]]:
    return [findings[start : start + MAX_CANDIDATES] for start in range(0, len(findings), MAX_CANDIDATES)]


def excerpt(file: ChangedFile, tokens: int, group: Sequence[Finding], room: int) -> Item:
    """The whole file, or as much around the candidates' lines as has room."""
    if tokens <= room:
        return Item(file, file.hunks, True, tokens)
    lines = tuple(file.lines())
    for radius in _RADII:
        hunks = _around([finding.anchor.start_line for finding in group], lines_count=len(lines), radius=radius)
        cut = tuple(
            Hunk(start, end - start + 1, start, end - start + 1, lines[start - 1 : end]) for start, end in hunks
        )
        size = sum(view_tokens(hunk.lines) for hunk in cut)
        if size <= room:
            break
    return Item(file, cut, False, size)


def _around(numbers: Sequence[int], *, lines_count: int, radius: int) -> list[tuple[int, int]]:
    """Ranges of lines around each number, joined where they touch."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(min(max(1, number), lines_count) for number in numbers):
        start, end = max(1, number - radius), min(lines_count, number + radius)
        if ranges and start <= ranges[-1][1] + 1:
            ranges[-1] = ranges[-1][0], max(end, ranges[-1][1])
        else:
            ranges.append((start, end))
    return ranges
