"""The review of a change: passes on the synchronous lane, from plan to findings.

Single: one context for all files, then verify. Multi: each file in a context of its own, then across files, and every
candidate verified in a fresh context as soon as its file is through. The only lane accepted is the synchronous one, so
that a blocked human can never wait for a batch (rule 1).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from reviewer.core.answer import Reviewed
from reviewer.core.change import ChangeSet
from reviewer.core.finding import Disposition, Finding, Provenance, Severity
from reviewer.core.merge import merge, place
from reviewer.core.number import number
from reviewer.core.plan import Plan, Unit
from reviewer.core.progress import Progress
from reviewer.core.report import PassReport
from reviewer.core.request import Cause
from reviewer.prompts.render import FileNotes, Prompter
from reviewer.review.answers import read_review
from reviewer.review.asking import Asker, Failed
from reviewer.review.integrating import Integrated, Integrator
from reviewer.review.pressure import Pressure
from reviewer.review.verifying import Verifier

_RENDERED = 512
"""Requests that may be held ready at once: prompts are made when they are about to be sent, not before."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model reviews, integrates and verifies."""

    review: str
    integration: str
    verify: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the passes found, what failed, and what was shed; paths in `failed_paths` were not (wholly) reviewed."""

    findings: tuple[Finding, ...]
    failures: tuple[Failed, ...]
    failed_paths: frozenset[str]
    summaries: tuple[str, ...]
    shed: tuple[str, ...]
    units_failed: int


@dataclass(slots=True)
class _Gathered:
    """What came in so far. `waiting`: findings that wait for their file's other parts, or for their verify pass; each
    list by its identity."""

    findings: list[Finding] = field(default_factory=list)
    waiting: dict[int, Sequence[Finding]] = field(default_factory=dict)
    failures: list[Failed] = field(default_factory=list)
    failed: list[tuple[Unit, Failed]] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    notes: dict[str, FileNotes] = field(default_factory=dict)
    shed: list[str] = field(default_factory=list)


class ReviewFlow:
    """One run over one change set."""

    def __init__(
        self,
        changes: ChangeSet,
        plan: Plan,
        prompter: Prompter,
        asker: Asker,
        models: ModelChoice,
        pressure: Pressure,
        progress: Progress,
    ) -> None:
        self._changes = changes
        self._plan = plan
        self._prompter = prompter
        self._asker = asker
        self._models = models
        self._pressure = pressure
        self._progress = progress
        self._verifier = Verifier(changes, prompter, asker, models.verify, plan.budget)
        self._integrator = Integrator(changes, prompter, asker, models.integration, plan.budget)
        self._ready = asyncio.Semaphore(_RENDERED)
        self._got = _Gathered()
        self._done: set[str] = set()

    async def run(self) -> Outcome:
        """Ask everything, verify everything, merge."""
        async with asyncio.TaskGroup() as group:
            if self._plan.strategy == "single":
                await self._review_all(group, [[unit] for unit in self._plan.units])
            else:
                await self._review_all(group, _by_file(self._plan.units))
                await self._second_look(group)
                await self._integrate(group)
        return self._outcome([unit for unit, _ in self._got.failed])

    def so_far(self) -> Outcome:
        """What there is when the run is stopped: units that were not answered have failed, the others' findings are
        there, judged or not."""
        return self._outcome([unit for unit in self._plan.units if unit.id not in self._done])

    def _outcome(self, failed_units: Sequence[Unit]) -> Outcome:
        got = self._got
        failed_paths = frozenset(path for unit in failed_units for path in unit.paths)
        waiting = [finding for found in got.waiting.values() for finding in found]
        return Outcome(
            tuple(merge(got.findings + waiting)),
            tuple(got.failures),
            failed_paths,
            tuple(got.summaries),
            tuple(got.shed),
            len(failed_units),
        )

    async def _review_all(self, group: asyncio.TaskGroup, sets: Sequence[Sequence[Unit]]) -> None:
        """Every set of units (one file's chunks belong together); the smallest opens the cache, then largest first."""
        ordered = sorted(sets, key=lambda units: sum(unit.tokens for unit in units), reverse=True)
        ordered = ordered[-1:] + ordered[:-1]
        for units in ordered:
            self._progress.planned(units[0].kind, len(units))
        await asyncio.gather(*(self._review_set(group, units) for units in ordered))

    async def _review_set(self, group: asyncio.TaskGroup, units: Sequence[Unit]) -> None:
        answers = await asyncio.gather(*(self._review(unit) for unit in units))
        findings = [finding for found in answers for finding in found]
        self._verify(group, merge(findings) if len(units) > 1 else findings)
        for found in answers:
            self._got.waiting.pop(id(found), None)

    async def _review(self, unit: Unit) -> list[Finding]:
        async with self._ready:
            got = await self._asker.ask(self._prompter.review(unit, self._models.review), read_review)
        if isinstance(got, Failed):
            self._got.failures.append(got)
            self._got.failed.append((unit, got))
            return []
        answer, record = got
        self._done.add(unit.id)
        self._note(unit, answer)
        found = place(answer.claims, self._changes, _provenance(unit, record), unit.paths)
        self._got.waiting[id(found)] = found
        return found

    def _note(self, unit: Unit, answer: Reviewed) -> None:
        if answer.summary.strip() and unit.kind == "single":
            self._got.summaries.append(answer.summary.strip())
        for path in unit.paths:
            before = self._got.notes.get(path, FileNotes(path, ()))
            titles = tuple(claim.title for claim in answer.claims)
            self._got.notes[path] = FileNotes(path, before.notes + answer.notes, before.reported + titles)

    def _verify(self, group: asyncio.TaskGroup, findings: Iterable[Finding]) -> None:
        """Start verifying these findings; duplicates and the like are kept as they are."""
        findings = list(findings)
        waiting = [finding for finding in findings if finding.disposition is Disposition.SUMMARY]
        self._got.findings += [finding for finding in findings if finding.disposition is not Disposition.SUMMARY]
        for candidates in self._verifier.groups(waiting):
            if self._pressure.high:
                candidates = self._shed_low(candidates)
            if candidates:
                self._progress.planned("verify", 1)
                self._got.waiting[id(candidates)] = candidates
                group.create_task(self._verify_group(candidates))

    def _shed_low(self, candidates: Sequence[Finding]) -> list[Finding]:
        low = [finding for finding in candidates if finding.severity is Severity.LOW]
        if low:
            self._got.findings += low
            self._got.shed.append(f"verification of {number(len(low), 'low finding')} on {low[0].anchor.path}")
        return [finding for finding in candidates if finding.severity is not Severity.LOW]

    async def _verify_group(self, candidates: Sequence[Finding]) -> None:
        async with self._ready:
            judged, failure = await self._verifier.verify(candidates)
        del self._got.waiting[id(candidates)]
        self._got.findings += judged
        if failure:
            unverified = sum(finding.verified is None for finding in judged)
            self._missed(failure, f"verification of {number(unverified, 'finding')} on {candidates[0].anchor.path}")

    def _missed(self, failure: Failed, what: str) -> None:
        """A pass on which no file's coverage depends failed: where time or money ended it, the report names it."""
        self._got.failures.append(failure)
        if failure.cause in ("budget", "deadline"):
            self._got.shed.append(what)

    async def _second_look(self, group: asyncio.TaskGroup) -> None:
        """Units that failed while most did not are asked once more: what failed them has likely passed."""
        failed = self._got.failed
        passing = [failure for _, failure in failed if not failure.final]
        if not passing or len(failed) * 2 > len(self._plan.units) or self._pressure.high:
            return
        again = [unit for unit, failure in failed if not failure.final]
        self._got.failed = [(unit, failure) for unit, failure in failed if failure.final]
        # By identity: a verify pass on the same file may have failed in the same words, and is not asked again.
        gone = set(map(id, passing))
        self._got.failures = [failure for failure in self._got.failures if id(failure) not in gone]
        self._progress.note(f"asking again for {len(again)} that failed")
        await self._review_all(group, _by_file(again))

    async def _integrate(self, group: asyncio.TaskGroup) -> None:
        notes = [self._got.notes[file.path] for file in self._changes.files if file.path in self._got.notes]
        if len(notes) < 2:
            return
        clusters = self._integrator.clusters(notes)
        if self._pressure.high and len(clusters) > 1:
            clusters = self._shed_clusters(clusters)
        self._progress.planned("integration", len(clusters))
        await self._integrator.run(clusters, partial(self._integrated, group))

    def _integrated(self, group: asyncio.TaskGroup, done: Integrated) -> None:
        if isinstance(done.answer, Failed):
            self._missed(done.answer, _across(done.paths))
            return
        if done.answer.summary.strip():
            self._got.summaries.append(done.answer.summary.strip())
        claims = done.answer.claims
        self._verify(group, place(claims, self._changes, _provenance(done.unit, done.record), done.paths))

    def _shed_clusters(self, clusters: list[list[FileNotes]]) -> list[list[FileNotes]]:
        """Keep the riskier half; name the rest, which makes the review incomplete."""
        kept, dropped = clusters[: (len(clusters) + 1) // 2], clusters[(len(clusters) + 1) // 2 :]
        cause: Cause = "budget" if self._asker.lane.budget.near() else "deadline"
        for rows in dropped:
            files = tuple(row.path for row in rows)
            name = _across(files)
            self._got.shed.append(name)
            step = "Raise `budget-usd`." if cause == "budget" else "Raise `deadline`."
            self._got.failures.append(Failed(cause, f"Left out under pressure: {name}.", step, (), final=True))
        return kept


def _across(paths: Sequence[str]) -> str:
    return f"integration across {len(paths)} files around {paths[0]}"


def _by_file(units: Sequence[Unit]) -> list[list[Unit]]:
    sets: dict[tuple[str, ...], list[Unit]] = {}
    for unit in units:
        sets.setdefault(unit.paths, []).append(unit)
    return list(sets.values())


def _provenance(unit: Unit, record: PassReport | None) -> Provenance:
    if record is None:
        return Provenance(unit.id, unit.kind)
    return Provenance(
        unit=unit.id,
        kind=record.kind,
        model=record.model,
        request_id=record.request_id,
        message_id=record.message_id,
        batch_id=record.batch_id,
        custom_id=record.custom_id,
        prompt_sha256=record.prompt_sha256,
        attempt=max(1, record.attempts),
    )
