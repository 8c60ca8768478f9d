"""From what a run gathered to the one report that every publisher reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewer.core.change import ChangeSet
from reviewer.core.finding import Finding
from reviewer.core.merge import merge
from reviewer.core.plan import Plan
from reviewer.core.pricing import Price
from reviewer.core.report import Engine, FileReport, PassReport, Report, cost_of_passes
from reviewer.core.request import Cause
from reviewer.core.select import Selection
from reviewer.core.verdict import FailOn, Policy, Shortfall, decide

if TYPE_CHECKING:
    from reviewer.review.flow import Outcome


@dataclass(frozen=True, slots=True)
class Terms:
    """By what the verdict is decided, and what the report says of the run."""

    engine: Engine
    fail_on: FailOn = "high"
    on_incomplete: Mapping[Cause, Policy] | Policy = "fail"
    prices: Mapping[str, Price] = field(default_factory=dict)


def shortfalls_of(changes: ChangeSet, selection: Selection, outcome: "Outcome | None") -> list[Shortfall]:
    """Everything that should have been reviewed and was not."""
    found = [
        Shortfall("diff", f"{skipped.file.path} could not be reviewed: {skipped.detail}.")
        for skipped in selection.skipped
        if skipped.failed
    ]
    if changes.missing:
        found.append(Shortfall("diff", changes.missing))
    for failure in outcome.failures if outcome else ():
        found.append(Shortfall(failure.cause, str(failure)))
    return found


def assemble(
    changes: ChangeSet,
    selection: Selection,
    plan: Plan,
    terms: Terms,
    outcome: "Outcome | None",
    passes: Sequence[PassReport] = (),
    shortfalls: Iterable[Shortfall] = (),
    seconds: float = 0.0,
    screened: Sequence[Finding] = (),
) -> Report:
    """The report. Without an outcome nothing was asked; `shortfalls` are causes from outside the passes.

    `screened` is what was found without a model; what a pass says of the same is joined with it.
    """
    missed = [*shortfalls, *shortfalls_of(changes, selection, outcome)]
    findings = outcome.findings if outcome else ()
    if screened:
        from reviewer.review.screen_findings import aligned

        findings = tuple(merge([*screened, *aligned(findings, screened)]))
    return Report(
        verdict=decide(findings, missed, terms.fail_on, terms.on_incomplete),
        strategy=plan.strategy,
        engine=terms.engine,
        changes=changes,
        files=_files(changes, selection, outcome, missed),
        passes=tuple(passes),
        findings=findings,
        cost=cost_of_passes(passes, terms.prices),
        fail_on=terms.fail_on,
        summaries=outcome.summaries if outcome else (),
        shed=outcome.shed if outcome else (),
        notes=_notes(passes),
        seconds=seconds,
        units_failed=outcome.units_failed if outcome else 0,
    )


def _files(
    changes: ChangeSet, selection: Selection, outcome: "Outcome | None", missed: Sequence[Shortfall]
) -> tuple[FileReport, ...]:
    reasons = {skipped.file.path: str(skipped) for skipped in selection.skipped}
    if outcome is None:
        # Its first sentence: what to do stands once in the report, not beside each file.
        why = missed[0].message.partition(". ")[0].removesuffix(".") if missed else "nothing was asked"
        reasons |= dict.fromkeys((file.path for file in selection.chosen), why)
    else:
        said = {path: failure.message for failure in outcome.failures for path in failure.files}
        reasons |= {path: said.get(path, "its pass failed") for path in outcome.failed_paths}
    return tuple(FileReport.of(file, reasons.get(file.path)) for file in changes.files)


def _notes(passes: Sequence[PassReport]) -> tuple[str, ...]:
    remembered = sum(made.memo for made in passes)
    if not remembered:
        return ()
    return (f"{remembered} of {len(passes)} answers were taken from earlier runs and cost nothing.",)
