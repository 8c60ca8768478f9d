"""The report of an audit, repository by repository, from what the state holds: the same value that a review reports."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from reviewer.audit.document import AuditDocument, Audited
from reviewer.audit.findings import findings_of
from reviewer.audit.ledger import Ledger
from reviewer.audit.material import FilePayload
from reviewer.audit.rounds import Rounds
from reviewer.audit.sentences import unanswered
from reviewer.audit.stages import FILES, INTEGRATION, VERIFY
from reviewer.audit.verifying import Candidates, Judgements
from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.finding import Finding
from reviewer.core.inventory import NotAudited
from reviewer.core.merge import merge
from reviewer.core.number import number
from reviewer.core.pricing import Price, dollars
from reviewer.core.report import FileReport, Report, cost_of_passes
from reviewer.core.request import Cause
from reviewer.core.verdict import Shortfall, decide
from reviewer.review.screen_findings import aligned
from reviewer.store.audit_values import UnitRecord

_NAMED = 5
"""Files that one sentence of the verdict names; the report's list of files has all."""
_AROUND, _LONGEST = 4, 200
"""Lines kept around a finding, and of one."""
_MISSED = {
    INTEGRATION: ("group of files not compared", "groups of files not compared"),
    VERIFY: ("finding was not verified", "findings were not verified"),
}
_WHY_WAITING = "its request has not come to its end"


@dataclass(slots=True)
class Gathered:
    """One repository's share of the answers."""

    repository: Audited
    findings: list[Finding] = field(default_factory=list)
    files: dict[str, ChangedFile] = field(default_factory=dict)
    reviewed: dict[str, bool] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    screened: dict[str, list[Finding]] = field(default_factory=dict)
    missed: dict[str, tuple[Cause, str]] = field(default_factory=dict)
    shortfalls: list[Shortfall] = field(default_factory=list)

    def __post_init__(self) -> None:
        for suspect in self.repository.suspects:
            self.screened.setdefault(suspect.path, []).append(suspect.finding)

    def show(self, file: ChangedFile, findings: Sequence[Finding]) -> None:
        """Keep of a file what its findings' excerpts show: of a whole repository there would be too much."""
        known = self.files.get(file.path) or ChangedFile(file.path, "changed", commentable=False)
        lines = tuple(file.lines())
        kept = {line.new or 0: line for line in known.lines()}
        for finding in findings:
            place = finding.anchor
            first = max(1, place.start_line - _AROUND)
            last = min(place.end_line, place.start_line + _LONGEST) + _AROUND
            kept |= dict(enumerate(lines[first - 1 : last], first))
        self.files[file.path] = replace(known, hunks=_hunks(kept))


def _hunks(lines: Mapping[int, Line]) -> tuple[Hunk, ...]:
    """The lines by number, those that follow each other in one hunk: an excerpt shows what stands in one."""
    runs: list[list[int]] = []
    for at in sorted(lines):
        if runs and runs[-1][-1] + 1 == at:
            runs[-1].append(at)
        else:
            runs.append([at])
    return tuple(Hunk(run[0], len(run), run[0], len(run), tuple(lines[at] for at in run)) for run in runs)


@dataclass(frozen=True, slots=True)
class RepositoryReport:
    """A repository's report, with the paths that were read and those that an earlier audit had read."""

    repository: Audited
    report: Report
    looked_at: frozenset[str]
    carried: frozenset[str]


def build_reports(
    rounds: Rounds, prices: Mapping[str, Price], ledger: Ledger, *, interim: bool = False
) -> list[RepositoryReport]:
    """One report for each repository; an `interim` one holds the file round, its findings unverified."""
    gathered = {each.name: Gathered(each) for each in rounds.document.repositories}
    judgements = Judgements() if interim else rounds.judgements()
    _gather_files(rounds, judgements, gathered, ledger)
    if interim:
        for each in gathered.values():
            each.shortfalls.append(Shortfall("deadline", _INTERIM))
    else:
        _gather_across(rounds, judgements, gathered)
        _gather_missed_rounds(rounds, gathered, ledger)
    return [_report(rounds.document, each, prices, ledger) for each in gathered.values()]


_INTERIM = (
    "The rounds across files and of verification have not ended: these are the file round's findings, unverified."
)


def _gather_files(rounds: Rounds, judgements: Judgements, gathered: Mapping[str, Gathered], ledger: Ledger) -> None:
    for view in rounds.views():
        mine = gathered[view.repository]
        mine.reviewed[view.path] = view.carried
        mine.sizes[view.path] = view.size
        found = [judgements.of(view.repository, FILES, finding) for finding in findings_of(view)]
        screened = mine.screened.get(view.path, ())
        if found or screened:
            mine.findings += aligned(found, screened)
            mine.show(view.file, [*found, *screened])
    for record in rounds.state.requests.units(rounds.audit.id, round=FILES):
        mine = gathered[record.repository]
        for path in FilePayload.read(record.payload).holds:
            if path not in mine.reviewed:
                mine.missed[path] = _why(record, ledger)
    for mine in gathered.values():
        mine.findings += [finding for found in mine.screened.values() for finding in found]


def _gather_across(rounds: Rounds, judgements: Judgements, gathered: Mapping[str, Gathered]) -> None:
    across = rounds.across()
    for crossing in across.findings():
        mine = gathered[crossing.repository]
        mine.findings.append(judgements.of(crossing.repository, INTEGRATION, crossing.finding))
        view = across.files.get((crossing.repository, crossing.finding.anchor.path))
        if view:
            mine.show(view.file, [crossing.finding])


def _gather_missed_rounds(rounds: Rounds, gathered: Mapping[str, Gathered], ledger: Ledger) -> None:
    missed: Counter[tuple[str, str, Cause, str]] = Counter()
    for round in (INTEGRATION, VERIFY):
        for record in rounds.state.requests.units(rounds.audit.id, round=round):
            if record.state != "answered":
                size = len(Candidates.read(record.payload).fingerprints) if round == VERIFY else 1
                missed[(record.repository, round, *_why(record, ledger))] += size
    for (name, round, cause, reason), count in missed.items():
        gathered[name].shortfalls.append(Shortfall(cause, f"{number(count, *_MISSED[round])}: {reason}"))


def _why(record: UnitRecord, ledger: Ledger) -> tuple[Cause, str]:
    match record.state:
        case "left-out":
            return "budget", record.reason
        case "given-up" | "failed":
            return ledger.cause(record.identity), record.reason or "there is no usable answer"
        case "answered":
            return "answer", "another part of it has no usable answer, or the answer passed over it"
        case _:
            return "api", _WHY_WAITING


def _report(document: AuditDocument, mine: Gathered, prices: Mapping[str, Price], ledger: Ledger) -> RepositoryReport:
    settings, repository = document.settings, mine.repository
    findings = tuple(merge(mine.findings))
    shortfalls = [*mine.shortfalls, *_unread(repository.skipped), *_named(mine.missed)]
    files = tuple(sorted(_files(mine), key=lambda file: file.path))
    passes = tuple(ledger.passes.get(repository.name, ()))
    changes = ChangeSet(
        repository.name,
        repository.commit,
        repository.commit,
        tuple(mine.files.values()),
        changed_files=len(files),
        guidelines=repository.guidelines,
    )
    report = Report(
        verdict=decide(findings, shortfalls, settings.fail_on, settings.on_incomplete),
        strategy="audit",
        engine=document.engine,
        changes=changes,
        files=files,
        passes=passes,
        findings=findings,
        cost=cost_of_passes(passes, prices),
        fail_on=settings.fail_on,
        notes=tuple(_notes(document, mine, findings, ledger)),
        units_failed=len(mine.missed),
    )
    carried = frozenset(path for path, known in mine.reviewed.items() if known)
    return RepositoryReport(repository, report, frozenset(mine.reviewed), carried)


def _files(mine: Gathered) -> Iterator[FileReport]:
    for path in mine.reviewed:
        yield FileReport(path, None, "changed", 0, 0, reviewed=True, reason=None, size=mine.sizes[path])
    for skipped in mine.repository.skipped:
        yield FileReport(skipped.path, None, "changed", 0, 0, reviewed=False, reason=skipped.reason)
    for path, (_, reason) in mine.missed.items():
        yield FileReport(path, None, "changed", 0, 0, reviewed=False, reason=f"not reviewed: {reason}")


def _unread(skipped: Sequence[NotAudited]) -> list[Shortfall]:
    return [Shortfall("diff", f"{each.path} could not be reviewed: {each.reason}.") for each in skipped if each.failed]


def _named(missed: Mapping[str, tuple[Cause, str]]) -> Iterator[Shortfall]:
    by_reason: dict[tuple[Cause, str], list[str]] = defaultdict(list)
    for path, why in missed.items():
        by_reason[why].append(path)
    for (cause, reason), paths in by_reason.items():
        more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
        count = number(len(paths), "file was", "files were")
        yield Shortfall(cause, f"{count} not reviewed ({', '.join(paths[:_NAMED])}{more}): {reason}")


def _notes(document: AuditDocument, mine: Gathered, findings: Sequence[Finding], ledger: Ledger) -> Iterator[str]:
    carried = sum(mine.reviewed.values())
    if carried:
        total = number(len(mine.reviewed), "file")
        said = "is unchanged; its answer was" if carried == 1 else "are unchanged; their answers were"
        yield f"{carried:,} of {total} {said} carried over and cost nothing."
    unverified = sum(finding.counts and finding.verified is None for finding in findings)
    if unverified:
        yield f"{number(unverified, 'finding is', 'findings are')} not verified."
    if document.sampled:
        yield document.sampled
    if document.recovered:
        yield "The audit's state was lost and its batches found again; what it had asked synchronously is not counted."
    if ledger.unsure.sync:
        calls = number(ledger.unsure.sync, "call")
        yield (
            f"Possibly paid twice: {calls} of the sample, at most ${dollars(ledger.unsure.sync_usd)}: a run that was "
            "killed had them under way, and their questions went into a batch."
        )
    if Decimal(document.lost):
        yield unanswered(Decimal(document.lost))
    if ledger.unsure.batch:
        lost = number(ledger.unsure.batch, "request of a batch", "requests of batches")
        yield f"The results of {lost} are gone; they may have cost up to ${dollars(ledger.unsure.batch_usd)} more."
