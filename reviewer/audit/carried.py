"""What an earlier audit read and still holds: files whose content, prompt, model and guidelines are the same.

Carrying over goes by file, not by request: where one file of a pack has changed, only that file is asked about again.
The old request is planned once more, and its answer, which the state keeps, counts for the files that are the same.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reviewer.audit.material import FilePayload, PassedOver, read_files
from reviewer.audit.stages import FILES
from reviewer.core.inventory import Listed, file_identity
from reviewer.core.sla import deadline_of
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit, Planned


@dataclass(slots=True)
class Earlier:
    """The files that the last audit read to their end: by repository and path, their blob and terms."""

    audit: Audit | None = None
    files: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def identity(self, repository: str, file: Listed, terms: str) -> str | None:
        """Under what a file's answer is carried over; None where it must be asked for."""
        if self.files.get((repository, file.path)) != (file.blob, terms):
            return None
        return file_identity(terms, file.path, file.blob)


def earlier(state: AuditState, audit: Audit) -> Earlier:
    """What the last audit that came to its end has read; nothing where there is none."""
    before = last_ended(state, audit)
    return files_of(state, before) if before else Earlier()


def files_of(state: AuditState, audit: Audit) -> Earlier:
    """What an audit has read."""
    found = Earlier(audit)
    for view in read_files(state.requests.units(audit.id, round=FILES, states=["answered"])):
        if not isinstance(view, PassedOver):
            terms = FilePayload.read(view.parts[0].record.payload).terms
            found.files[view.repository, view.path] = view.blob, terms
    return found


def carried_units(state: AuditState, before: Earlier, repository: str, holds: Collection[str]) -> Iterator[Planned]:
    """The earlier audit's units of a repository once more, as far as they answer for the given paths."""
    if before.audit is None or not holds:
        return
    for record in state.requests.units(before.audit.id, round=FILES, states=["answered"]):
        if record.repository != repository:
            continue
        payload = FilePayload.read(record.payload)
        still = frozenset(path for path in payload.holds if path in holds)
        if still:
            # Named after the question: the unit's own name may be taken by what is asked anew of the same pack.
            name = f"carried-{hashlib.sha256(f'{record.repository} {record.identity}'.encode()).hexdigest()[:16]}"
            written = replace(payload, holds=still).write()
            yield Planned(name, FILES, record.repository, record.request, written)


def last_ended(state: AuditState, audit: Audit) -> Audit | None:
    """The last audit before this one that came to its end."""
    before = state.audits.previous(audit)
    while before and before.status not in ("complete", "incomplete"):
        before = state.audits.previous(before)
    return before


def due(state: AuditState, audit: Audit, sla: timedelta) -> datetime:
    """When this audit's file round must be published, by the last audit before it that came to its end."""
    before = last_ended(state, audit)
    return deadline_of(before.started_at if before else None, audit.started_at, sla)
