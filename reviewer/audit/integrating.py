"""The integration round: related files side by side, by what their readings noted.

The first audit, and every full one, clusters all files. A later one keeps the clusters of the last, whose answers count
for the files that are still the same, and asks anew only around what has changed: what the changed files promise and
expect now, beside the files that share names with them, and around what has been deleted.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from reviewer.audit.material import FileView
from reviewer.audit.since import Since, notes_of, same_notes
from reviewer.audit.stages import INTEGRATION
from reviewer.core.cluster import Related, cluster
from reviewer.core.plan import ContextBudget, Item, Unit
from reviewer.core.tokens import estimate_tokens
from reviewer.prompts.audit import AuditPrompter
from reviewer.prompts.render import FileNotes
from reviewer.store.audit_values import Planned, UnitRecord

NOTES_SHARE = 0.6
"""Share of a context that notes may take; the rest is for the files themselves."""
_SEGMENT = 2_000
"""Files that are clustered together, neighbours in the tree: grouping takes more than linear time and memory."""
_AROUND = 1 / 12
"""Size of the groups around a changed file, as a share of a context."""
_SMALLER = 2
"""A context around changed files is so many times smaller than one of a whole cluster."""
_CODE_LEAST, _CODE_TIMES = 4_000, 3
"""Tokens of code beside changed files: so much, or so many times what has changed itself."""
_GONE = "DELETED since the last audit, no longer in the repository. What it was: "
_FRESH_FROM = 0.3
"""Share of changed files from which the last audit's clusters are of no more use."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One file as the integration round needs it; one that is gone has no `view`.

    `changed` says that its notes have: an edit that leaves what a file promises and expects as it was changes nothing
    for the others.
    """

    path: str
    blob: str
    notes: FileNotes
    tokens: int
    view: FileView | None
    changed: bool

    @classmethod
    def of(cls, view: FileView, since: Since) -> "Noted":
        """From the file round's answer, and what was said of the file before."""
        notes = notes_of(view)
        before = since.said.get((view.repository, view.path))
        changed = not view.carried and not (before and same_notes(notes, before))
        return cls(view.path, view.blob, notes, notes_tokens(notes), view, changed)

    @classmethod
    def gone(cls, before: FileNotes) -> "Noted":
        """A file that has been deleted: the others may still expect what it promised."""
        told = tuple(f"{_GONE}{note}" for note in before.notes or ("(nothing was noted)",))
        notes = FileNotes(before.path, told)
        return cls(before.path, "", notes, notes_tokens(notes), None, True)


@dataclass(frozen=True, slots=True)
class ClusterPayload:
    """What is stored of a cluster: its files with the blobs that its answer is about."""

    members: Mapping[str, str]
    terms: str

    def write(self) -> bytes:
        """As bytes for the state."""
        return json.dumps({"members": dict(self.members), "terms": self.terms}).encode()

    @classmethod
    def read(cls, data: bytes) -> "ClusterPayload":
        """What `write` wrote."""
        value = json.loads(data)
        return cls(value["members"], value["terms"])


def notes_tokens(row: FileNotes) -> int:
    """Estimated tokens of a file's notes in the prompt."""
    overhead = 6 * (len(row.notes) + len(row.reported) + 4)
    return estimate_tokens(row.path + "".join(row.notes) + "".join(row.reported)) + overhead


@dataclass(frozen=True, slots=True)
class Integration:
    """Plans the round for one repository. `since` tells of the files that the last audit knew."""

    repository: str
    prompter: AuditPrompter
    model: str
    budget: ContextBudget
    terms: str
    since: Since = Since()

    def plan(self, views: Iterable[FileView], before: Sequence[UnitRecord]) -> Iterator[Planned]:
        """The clusters to ask about, and those of the last audit (`before`) that still hold in part."""
        blobs: dict[str, str] = {}
        alike: set[str] = set()
        gone = [Noted.gone(notes) for (name, _), notes in self.since.gone.items() if name == self.repository]
        rows = (Noted.of(view, self.since) for view in views)
        for segment in _segments(rows, gone if before else []):
            blobs |= {row.path: row.blob for row in segment}
            alike |= {row.path for row in segment if row.view and not row.view.carried and not row.changed}
            yield from self._segment(segment, bool(before))
        for record in before:
            payload = ClusterPayload.read(record.payload)
            # An answer that was about a file as it was still counts where the file says of itself what it said then.
            members = {path: blobs[path] if path in alike else blob for path, blob in payload.members.items()}
            if sum(blobs.get(path) == blob for path, blob in members.items()) >= 2:
                name = f"carried-{_digest(self.repository, record.identity)}"
                written = ClusterPayload(members, payload.terms).write()
                yield Planned(name, INTEGRATION, self.repository, record.request, written)

    def _segment(self, rows: Sequence[Noted], known: bool) -> Iterator[Planned]:
        changed = {row.path for row in rows if row.changed}
        around_changes = known and len(changed) <= len(rows) * _FRESH_FROM
        room = self.budget.integration // (_SMALLER if around_changes else 1)
        limit = int(room * NOTES_SHARE)
        groups = around(rows, changed, limit) if around_changes else grouped(rows, limit)
        for group in groups:
            if len(group) > 1 and any(row.view for row in group):
                yield self._planned(group, _room(group, room) if around_changes else room)

    def _planned(self, group: Sequence[Noted], room: int) -> Planned:
        members = {row.path: row.blob for row in group if row.view}
        # What is gone belongs to the question, and so to its name.
        name = _digest(self.repository, *(text for row in group for text in (row.path, row.blob)))
        unit = Unit(f"integration-{name}", "integration", tuple(_items(group, room)))
        request = self.prompter.integration(unit, [row.notes for row in group], self.model)
        return Planned(unit.id, INTEGRATION, self.repository, request, ClusterPayload(members, self.terms).write())


def _segments(rows: Iterator[Noted], gone: Sequence[Noted]) -> Iterator[list[Noted]]:
    """Runs of neighbours, each with the files that have gone from among them."""
    left = sorted(gone, key=_place)
    segment = list(islice(rows, _SEGMENT))
    while segment:
        following = list(islice(rows, _SEGMENT))
        mine = [row for row in left if not following or _place(row) < _place(following[0])]
        left = left[len(mine) :]
        yield sorted([*segment, *mine], key=_place) if mine else segment
        segment = following


def _place(row: Noted) -> tuple[str, str]:
    return row.path.rpartition("/")[0], row.path


def _room(group: Sequence[Noted], room: int) -> int:
    """Enough for the notes, the changed files and some of those around them."""
    changed = sum(row.view.tokens for row in group if row.changed and row.view)
    return min(room, sum(row.tokens for row in group) + max(_CODE_LEAST, _CODE_TIMES * changed))


def _items(group: Sequence[Noted], room: int) -> Iterator[Item]:
    """As many of the files themselves as fit, changed ones first, then the smallest; in the group's order."""
    room -= sum(row.tokens for row in group)
    chosen = set()
    shown = [(row, row.view) for row in group if row.view]
    for row, view in sorted(shown, key=lambda pair: (not pair[0].changed, pair[1].tokens)):
        room -= view.tokens
        if room < 0:
            break
        chosen.add(row.path)
    for row, view in shown:
        if row.path in chosen:
            yield Item(view.file, view.file.hunks, True, view.tokens)


def grouped(rows: Sequence[Noted], limit: int) -> list[list[Noted]]:
    """All files in clusters of at most `limit` tokens of notes."""
    by_path = {row.path: row for row in rows}
    related = [Related(row.path, row.notes.notes, row.tokens) for row in rows]
    return [[by_path[path] for path in paths] for paths in cluster(related, limit)]


def around(rows: Sequence[Noted], changed: Collection[str], limit: int) -> list[list[Noted]]:
    """The changed files with those most closely related to them, packed into contexts."""
    if not changed:
        return []
    small = grouped(rows, max(1, int(limit * _AROUND)))
    packed: list[list[Noted]] = []
    size = 0
    for group in small:
        if not any(row.path in changed for row in group):
            continue
        weight = sum(row.tokens for row in group)
        if not packed or size + weight > limit:
            packed.append([])
            size = 0
        packed[-1] += group
        size += weight
    return packed


def by_repository(views: Iterable[FileView]) -> Iterator[tuple[str, Iterator[FileView]]]:
    """Files in runs of one repository."""
    return groupby(views, key=lambda view: view.repository)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
