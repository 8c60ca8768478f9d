"""The records behind a report: for each finding and each file, the calls that it came from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from reviewer.audit.ledger import read_origins
from reviewer.audit.material import FilePayload
from reviewer.audit.reporting import RepositoryReport
from reviewer.audit.rounds import Rounds
from reviewer.audit.stages import FILES, VERIFY
from reviewer.audit.verifying import Candidates
from reviewer.core.audit_provenance import FileFate, Origin, file_record, finding_record
from reviewer.core.pricing import Price

_AT_ONCE = 500
"""Statements whose calls are looked up together."""


def records(
    rounds: Rounds, reports: list[RepositoryReport], prices: Mapping[str, Price]
) -> Iterator[Mapping[str, Any]]:
    """One record per finding and per file of every repository, as a stream."""
    told = _told(rounds, reports)
    while some := list(islice(told, _AT_ONCE)):
        units = {unit for one in some for unit in one.units}
        origins = read_origins(rounds.state, rounds.audit.id, units, prices)
        yield from (one.write([origins[unit] for unit in one.units if unit in origins]) for one in some)


@dataclass(frozen=True, slots=True)
class _Told:
    """A statement of the report, with the units that it came from."""

    units: tuple[str, ...]
    write: Callable[[Sequence[Origin]], Mapping[str, Any]]


def _told(rounds: Rounds, reports: list[RepositoryReport]) -> Iterator[_Told]:
    files = _files_asked(rounds)
    checks = _checks(rounds)
    for each in reports:
        place = rounds.audit.id, each.repository.name, each.repository.commit
        for finding in each.report.findings:
            origin = finding.provenance
            check = checks.get((each.repository.name, finding.fingerprint))
            units = (origin.unit, *origin.also, *([check] if check else []))
            yield _Told(units, partial(finding_record, finding, *place))
        for file in each.report.files:
            blob, units = files.get((each.repository.name, file.path), ("", ()))
            fate = FileFate(file.path, blob, file.reviewed, file.reason or "", file.path in each.carried)
            yield _Told(units, partial(file_record, fate, *place))


def _files_asked(rounds: Rounds) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """By repository and path: the blob, and the units that asked about it."""
    asked: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for record in rounds.state.requests.payloads(rounds.audit.id, FILES):
        payload = FilePayload.read(record.payload)
        for row in payload.rows:
            if row.path in payload.holds:
                before = asked.get((record.repository, row.path), ("", ()))[1]
                asked[record.repository, row.path] = row.blob, (*before, record.unit)
    return asked


def _checks(rounds: Rounds) -> dict[tuple[str, str], str]:
    """By repository and fingerprint: the unit that verified the finding."""
    checked: dict[tuple[str, str], str] = {}
    for record in rounds.state.requests.units(rounds.audit.id, round=VERIFY, states=["answered"]):
        for fingerprint in Candidates.read(record.payload).fingerprints:
            checked[record.repository, fingerprint] = record.unit
    return checked
