"""Where each of an audit's statements came from: one record per finding and per file, each complete in itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from reviewer.core.finding import Finding
from reviewer.core.pricing import dollars
from reviewer.core.request import Kind, Usage


@dataclass(frozen=True, slots=True)
class Origin:
    """One request and its answer. `model` is the one that answered; times are ISO 8601 in UTC, or empty.

    `audit` is the audit that bought the answer: an earlier one than the record's where it was carried over. `files`
    counts the files that shared the request, and with it usage and dollars.
    """

    audit: str
    kind: Kind
    unit: str
    model: str
    prompt_sha256: str
    lane: Literal["sync", "batch"] = "batch"
    batch_id: str = ""
    custom_id: str = ""
    request_id: str = ""
    message_id: str = ""
    attempt: int = 1
    submitted_at: str = ""
    ended_at: str = ""
    usage: Usage = Usage()
    usd: Decimal = Decimal(0)
    files: int = 1


@dataclass(frozen=True, slots=True)
class FileFate:
    """One file of the commit: reviewed (perhaps by an earlier audit), or not and why."""

    path: str
    blob: str
    reviewed: bool
    reason: str = ""
    carried: bool = False


def record_id(finding: Finding) -> str:
    """The id of a finding's record, by which a report links to it."""
    return f"finding-{finding.fingerprint}"


def finding_record(
    finding: Finding, audit: str, repository: str, commit: str, origins: Sequence[Origin]
) -> dict[str, Any]:
    """A finding's record; its origins are the requests that reported it and the one that checked it."""
    claim, place = finding.claim, finding.anchor
    return {
        "id": record_id(finding),
        "type": "finding",
        **_context(audit, repository, commit),
        "path": place.path,
        "start_line": place.start_line,
        "end_line": place.end_line,
        "fingerprint": finding.fingerprint,
        "severity": str(claim.severity),
        "category": str(claim.category),
        "title": claim.title,
        "disposition": str(finding.disposition),
        "verified": finding.verified,
        "origins": [_origin(origin) for origin in origins],
    }


def file_record(file: FileFate, audit: str, repository: str, commit: str, origins: Sequence[Origin]) -> dict[str, Any]:
    """A file's record; without origins its reason says why it was not reviewed."""
    return {
        "id": f"file-{repository}:{file.path}",
        "type": "file",
        **_context(audit, repository, commit),
        "path": file.path,
        "blob": file.blob,
        "reviewed": file.reviewed,
        "carried_over": file.carried,
        "reason": file.reason or None,
        "origins": [_origin(origin) for origin in origins],
    }


def _context(audit: str, repository: str, commit: str) -> dict[str, Any]:
    return {"schema_version": 1, "audit": audit, "repository": repository, "commit": commit}


def _origin(origin: Origin) -> dict[str, Any]:
    return asdict(origin) | {"usd": dollars(origin.usd)}
