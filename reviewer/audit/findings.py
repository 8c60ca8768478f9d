"""From the answers of the file round to findings, each with the record of the call that it came from."""

from reviewer.audit.material import FileView, Said
from reviewer.core.answer import Unusable
from reviewer.core.change import ChangeSet
from reviewer.core.finding import Finding, Provenance
from reviewer.core.inventory import audit_changes
from reviewer.core.merge import merge, place
from reviewer.core.request import Answered, Request
from reviewer.review.answers import read_review, read_verdicts
from reviewer.store.audit_values import UnitRecord


def judge(request: Request, answered: Answered) -> str:
    """Why an answer is of no use and has to be asked for again; empty where it can be used."""
    if request.shape == "verify":
        verdicts = read_verdicts(answered.text)
        if isinstance(verdicts, Unusable):
            return verdicts.reason
        return "" if verdicts else "it judges no candidate"
    answer = read_review(answered.text)
    return answer.reason if isinstance(answer, Unusable) else ""


def findings_of(view: FileView) -> list[Finding]:
    """What the file round says of one file, placed in the whole of it; parts that say the same are merged."""
    if not any(said.answer.claims for said in view.parts):
        return []
    changes = audit_changes(view.repository, "", [view.file])
    found = [finding for said in view.parts for finding in _placed(said, changes, view.path)]
    return merge(found) if len(view.parts) > 1 else found


def _placed(said: Said, changes: ChangeSet, path: str) -> list[Finding]:
    return place(said.answer.claims, changes, provenance_of(said.record), (path,))


def provenance_of(record: UnitRecord) -> Provenance:
    """Which request a unit's findings came from; a carried answer names the one that an earlier audit paid for."""
    call = record.reply.call if record.reply else None
    source = record.source
    return Provenance(
        unit=record.unit,
        kind=record.request.kind,
        model=call.model if call else record.request.model,
        request_id=call.request_id if call else "",
        message_id=call.message_id if call else "",
        batch_id=source.batch_id if source else "",
        custom_id=source.custom_id if source else "",
        prompt_sha256=record.identity,
        attempt=source.attempt if source else record.attempt,
    )
