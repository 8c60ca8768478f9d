"""The records behind a report: for each finding and each file, the calls that it came from."""

from collections.abc import Iterator, Mapping
from typing import Any

from reviewer.audit.carried import FILES
from reviewer.audit.ledger import Ledger
from reviewer.audit.material import FilePayload
from reviewer.audit.reporting import RepositoryReport
from reviewer.audit.rounds import Rounds
from reviewer.audit.verifying import Candidates
from reviewer.core.audit_provenance import FileFate, Origin, file_record, finding_record


def records(rounds: Rounds, reports: list[RepositoryReport], ledger: Ledger) -> Iterator[Mapping[str, Any]]:
    """One record per finding and per file of every repository, as a stream."""
    files = _files_asked(rounds)
    checks = _checks(rounds)
    for each in reports:
        name, commit = each.repository.name, each.repository.commit
        for finding in each.report.findings:
            origin = finding.provenance
            told = (origin.unit, *origin.also, checks.get((name, finding.fingerprint), ""))
            yield finding_record(finding, rounds.audit.id, name, commit, _known(told, ledger))
        for file in each.report.files:
            blob, units = files.get((name, file.path), ("", ()))
            fate = FileFate(file.path, blob, file.reviewed, file.reason or "", file.path in each.carried)
            yield file_record(fate, rounds.audit.id, name, commit, _known(units, ledger))


def _known(units: tuple[str, ...], ledger: Ledger) -> list[Origin]:
    return [ledger.origins[unit] for unit in units if unit in ledger.origins]


def _files_asked(rounds: Rounds) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """By repository and path: the blob, and the units that asked about it."""
    asked: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for record in rounds.state.requests.units(rounds.audit.id, round=FILES):
        payload = FilePayload.read(record.payload)
        for row in payload.rows:
            if row.path in payload.holds:
                before = asked.get((record.repository, row.path), ("", ()))[1]
                asked[record.repository, row.path] = row.blob, (*before, record.unit)
    return asked


def _checks(rounds: Rounds) -> dict[tuple[str, str], str]:
    """By repository and fingerprint: the unit that verified the finding."""
    checked: dict[tuple[str, str], str] = {}
    for record in rounds.state.requests.units(rounds.audit.id, round="verify", states=["answered"]):
        for fingerprint in Candidates.read(record.payload).fingerprints:
            checked[record.repository, fingerprint] = record.unit
    return checked
