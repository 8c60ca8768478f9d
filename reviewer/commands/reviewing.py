"""What `diff` and `pr` share: from a change set and settings to a report, and the report to the local channels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from reviewer.clock import Clock, SystemClock
from reviewer.config.settings import Settings
from reviewer.core.change import ChangeSet
from reviewer.core.estimate import planned_passes
from reviewer.core.plan import Plan, make_plan
from reviewer.core.publication import Publication
from reviewer.core.report import Estimate, FileReport, PassReport, Report
from reviewer.core.select import select
from reviewer.core.tokens import estimate_tokens
from reviewer.core.verdict import Shortfall, Verdict
from reviewer.errors import ExitCode
from reviewer.publish.live import LiveProgress
from reviewer.review.reporting import Terms, assemble, shortfalls_of
from reviewer.wiring import Ran, RunOptions, engine_notes, prices_of, run_passes

NO_KEY = (
    "There is no API key, so nothing was reviewed. Set the secret ANTHROPIC_API_KEY; for a pull request from a fork, "
    "which gets no secrets, a maintainer can start the review by hand (Actions, Run workflow, with its number). When "
    "that run has ended, run this job again (Re-run failed jobs): it takes the verdict over."
)

INTERRUPTED = (
    "The run was interrupted, so this is what was reviewed until then. Run it again; with `cache-dir` set, what was "
    "answered costs nothing."
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A report, with what is needed to decide its verdict anew."""

    report: Report
    terms: Terms
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether the run was told to stop: nothing more is sent or posted."""
        return self.report.verdict.exit_code == ExitCode.INTERRUPTED


def review_changes(
    changes: ChangeSet,
    settings: Settings,
    options: RunOptions,
    env: Mapping[str, str],
    console: Console,
    started: float,
    clock: Clock | None = None,
) -> Reviewed:
    """Screen, plan, ask, and put the report together; a dry run only plans. `started` is the run's monotonic start."""
    clock = clock or SystemClock()
    terms = Terms(options.engine, settings.fail_on, settings.on_incomplete, prices_of(settings, options.engine))
    if options.dry_run:
        return Reviewed(_planned(changes, settings, terms), terms)
    from reviewer.review.screening import screen  # not for dry runs, which show names and numbers alone

    screened = screen(changes)
    changes = screened.changes
    selection = select(changes, settings.ignore)
    plan = make_plan(changes, selection, settings.multi_pass_at)
    outside: tuple[Shortfall, ...] = ()
    ran: Ran | None = None
    if not _can_ask(options, env):
        outside = (Shortfall("no-key", NO_KEY),) if plan.units else ()
    elif plan.units:
        deadline = started + settings.deadline.total_seconds()
        with LiveProgress(console) as progress:
            ran = run_passes(
                changes,
                plan,
                settings,
                options,
                env,
                progress,
                likely=_planned_passes(changes, plan, settings, terms)[1],
                deadline=deadline,
                clock=clock,
            )
    seconds = clock.monotonic() - started
    outcome = ran.outcome if ran else None
    report = assemble(
        changes, selection, plan, terms, outcome, ran.passes if ran else (), outside, seconds, screened.findings
    )
    notes = (*report.notes, *_lost(ran), *engine_notes(options.engine))
    report = replace(report, notes=notes, estimate=ran.estimate if ran else None)
    reviewed = Reviewed(report, terms, (*outside, *shortfalls_of(changes, selection, outcome)))
    return cut_short(reviewed, INTERRUPTED) if ran and ran.interrupted else reviewed


def cut_short(reviewed: Reviewed, why: str) -> Reviewed:
    """The report of a run that was told to stop."""
    from reviewer.review.stopping import finish_undisturbed

    finish_undisturbed()
    verdict = reviewed.report.verdict
    reasons = (why, *verdict.incomplete_because)
    verdict = replace(verdict, state="incomplete", exit_code=int(ExitCode.INTERRUPTED), incomplete_because=reasons)
    return replace(reviewed, report=replace(reviewed.report, verdict=verdict))


def _lost(ran: Ran | None) -> tuple[str, ...]:
    """What is not known of the cost: the API may have answered, and billed, where the answer did not arrive."""
    if ran is None or not ran.unsure:
        return ()
    return (f"Calls whose answers did not arrive may have cost up to about ${ran.unsure:.4f} more.",)


def _can_ask(options: RunOptions, env: Mapping[str, str]) -> bool:
    from reviewer.model.client import has_credentials

    return options.engine == "offline" or has_credentials(env)


def _planned(changes: ChangeSet, settings: Settings, terms: Terms) -> Report:
    """The report of a dry run: what would be asked and what it would cost."""
    selection = select(changes, settings.ignore)
    plan = make_plan(changes, selection, settings.multi_pass_at)
    passes, estimate = _planned_passes(changes, plan, settings, terms)
    report = assemble(changes, selection, plan, terms, None)
    skipped = {skip.file.path for skip in selection.skipped}
    files = tuple(file if file.path in skipped else _would_review(file) for file in report.files)
    verdict = Verdict("incomplete", 0, 0, 0, ("Dry run: nothing was reviewed.",))
    return replace(report, verdict=verdict, passes=passes, estimate=estimate, plan_only=True, files=files)


def _planned_passes(
    changes: ChangeSet, plan: Plan, settings: Settings, terms: Terms
) -> tuple[tuple[PassReport, ...], Estimate]:
    overview = changes.title + changes.body + "".join(changes.guidelines.values())
    shared = estimate_tokens(overview) + 8 * min(200, len(changes.files))
    models = (settings.models.review, settings.models.integration, settings.models.verify)
    return planned_passes(plan, shared, models, terms.prices)


def _would_review(file: FileReport) -> FileReport:
    return replace(file, reviewed=False, reason=None)


def write_files(report: Report, options: RunOptions) -> list[Publication]:
    """The reports that flags ask for."""
    written: list[Publication] = []
    if options.json:
        from reviewer.publish.json_report import write_json

        written.append(write_json(report, options.json))
    if options.sarif and not report.plan_only:  # code scanning would close its alerts for a plan without findings
        from reviewer.publish.sarif import write_sarif

        written.append(write_sarif(report, options.sarif))
    if options.html:
        from reviewer.publish.html import write_html

        written.append(write_html(report, options.html))
    return written


def write_actions_files(
    report: Report, options: RunOptions, env: Mapping[str, str], publications: list[Publication]
) -> None:
    """The job summary and the step's outputs, where Actions named files for them; the outputs in any case."""
    summary, outputs = env.get("GITHUB_STEP_SUMMARY"), env.get("GITHUB_OUTPUT")
    try:
        if summary:
            from reviewer.publish.summary import job_summary, write_job_summary

            write_job_summary(job_summary(report, publications), Path(summary))
    finally:
        if outputs:
            from reviewer.publish.outputs import write_outputs

            write_outputs(Path(outputs), report, options.json)


def tell(report: Report, options: RunOptions, env: Mapping[str, str], publications: list[Publication]) -> None:
    """Files, job summary, outputs and standard output, each also where the one before it could not be written.

    `publications` is added to. InputError where a file cannot be written: what was paid for is told all the same.
    """
    try:
        publications += write_files(report, options)
    finally:
        try:
            write_actions_files(report, options, env, publications)
        finally:
            print_outcome(report, env, verbose=options.verbose)


def print_outcome(report: Report, env: Mapping[str, str], *, verbose: bool) -> None:
    """The report on standard output and, where Actions reads it, the annotations of the changed lines."""
    from reviewer.publish.annotations import annotations
    from reviewer.publish.terminal import print_report

    print_report(report, Console(), verbose)
    if env.get("GITHUB_ACTIONS") == "true" and not report.plan_only:
        for line in annotations(report):
            print(line)
    print(end="", flush=True)
