"""What has become of the last audit's files: which are gone, and what was said then of those that are read anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.audit.findings import findings_of
from reviewer.audit.material import FilePayload, FileView, read_files
from reviewer.audit.stages import FILES
from reviewer.prompts.render import FileNotes
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit

Place = tuple[str, str]
"""A repository and a path in it."""


@dataclass(frozen=True, slots=True)
class Since:
    """`said` holds the earlier notes of files that are read anew, `gone` those of files that are no longer there."""

    said: Mapping[Place, FileNotes] = field(default_factory=dict)
    gone: Mapping[Place, FileNotes] = field(default_factory=dict)


def notes_of(view: FileView) -> FileNotes:
    """What a reading noted of one file, and the titles of what it reported."""
    titles = tuple(finding.claim.title for finding in findings_of(view))
    return FileNotes(view.path, view.answer.notes, titles)


def same_notes(one: FileNotes, other: FileNotes) -> bool:
    """Whether two readings say the same, whatever the order."""
    return _said(one) == _said(other)


def _said(notes: FileNotes) -> tuple[list[str], list[str]]:
    return sorted({note.casefold() for note in notes.notes}), sorted({title.casefold() for title in notes.reported})


def since(state: AuditState, audit: Audit, before: Audit | None, skipped: frozenset[Place]) -> Since:
    """Compare an audit's files with those of the last one; `skipped` are there, though nobody reads them."""
    if before is None:
        return Since()
    present, anew = set(skipped), set[Place]()
    for each in state.requests.payloads(audit.id, FILES):
        places = {(each.repository, path) for path in FilePayload.read(each.payload).holds}
        present |= places
        anew |= set() if each.carried else places
    units: list[str] = []
    for each in state.requests.payloads(before.id, FILES):
        places = {(each.repository, path) for path in FilePayload.read(each.payload).holds}
        if places & anew or places - present:
            units.append(each.unit)
    said: dict[Place, FileNotes] = {}
    for view in read_files(state.requests.named(before.id, FILES, units)):
        if isinstance(view, FileView):
            said[view.repository, view.path] = notes_of(view)
    gone = {place: notes for place, notes in said.items() if place not in present}
    return Since({place: notes for place, notes in said.items() if place in anew}, gone)
