"""What an audit tells, at its end and before: report files, each repository's issue, the outputs of Actions."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reviewer.audit.budgeting import spent
from reviewer.audit.carried import due, last_ended
from reviewer.audit.combining import combined
from reviewer.audit.document import AuditDocument
from reviewer.audit.driver import Driver, Moved
from reviewer.audit.durations import p95_by_model
from reviewer.audit.evidence import records
from reviewer.audit.history import Evidence, figures_of, history_of, with_records
from reviewer.audit.ledger import read_ledger
from reviewer.audit.reporting import RepositoryReport, build_reports
from reviewer.audit.stages import FILES, INTEGRATION, VERIFY
from reviewer.commands.reviewing import write_actions_files, write_files
from reviewer.core.audit_report import Standing, compare, dump_known, load_known, remembered
from reviewer.core.number import number
from reviewer.core.pricing import Price, dollars
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.core.sla import BATCH_BOUND, COLLECT_GAP, rounds_that_fit, schedule_for
from reviewer.core.verdict import Shortfall, decide
from reviewer.errors import ExitCode
from reviewer.guard.terminal import plain
from reviewer.publish.terminal import print_report
from reviewer.store.audit_values import Audit, AuditStatus
from reviewer.wiring import RunOptions, prices_of

_NONE = "No audit has been submitted yet."


@dataclass(frozen=True, slots=True)
class Telling:
    """One call's channels."""

    options: RunOptions
    env: Mapping[str, str]
    console: Console

    def begun(self) -> None:
        """The outputs of a call that does not come to its end; the last ones that are written count."""
        self._outputs("in-progress")

    def nothing_to_do(self, latest: Audit | None) -> int:
        """No audit is in progress."""
        known = f"No audit is in progress; the last one ended as {latest.status}." if latest else _NONE
        self._say(f"{known} There was nothing to collect, so no report was written and the output `state` is empty.")
        self._outputs("")
        return ExitCode.PASS

    def busy(self) -> int:
        """Another run has the state, and moves the audit on."""
        self._say("Another run is at work on this audit's state and moves it on, so there is nothing to do now.")
        self._outputs("in-progress")
        return ExitCode.PASS

    def in_progress(self, driver: Driver, audit: Audit) -> int:
        """Nothing more is ready."""
        self._say(f"Audit {audit.id} is in progress ({audit.stage} round); `reviewer audit collect` goes on with it.")
        self._outputs("in-progress", self._spent(driver, audit))
        return ExitCode.PASS

    def sampled_out(self, driver: Driver, audit: Audit) -> int:
        """The sample was not usable: nothing else was sent."""
        sampled = AuditDocument.read(audit.document).sampled
        self._say(f"The audit stops after its sample, having spent only that. {sampled}")
        self._outputs("sampled-out", self._spent(driver, audit))
        return ExitCode.INCOMPLETE

    def interim_is_due(self, driver: Driver, audit: Audit, moved: Moved) -> bool:
        """Whether what follows may come after the deadline, so that what there is of the file round is published now.

        While requests of the file round are under way again, that is so where a batch's whole time would pass it.
        Where submissions are as far apart as the SLA allows, less is left of it than the recommended reserve.
        """
        if not moved.filed and not (moved.news and audit.stage == FILES):
            return False
        document = AuditDocument.read(audit.document)
        models = document.settings.models
        now, sla = driver.clock.now(), document.settings.audit.sla
        p95 = p95_by_model(driver.state.figures.durations(), now)
        wanted = [(INTEGRATION, models.integration), (VERIFY, models.verify)]
        left = due(driver.state, audit, sla) - now
        if not moved.filed:
            return left < BATCH_BOUND + COLLECT_GAP
        fits = rounds_that_fit(min(schedule_for(sla).reserve, left), wanted, p95, COLLECT_GAP)
        return not all(fit.fits for fit in fits)

    def interim(self, driver: Driver, audit: Audit) -> None:
        """The file round's findings, unverified, as soon as they are there."""
        told = self._told(driver, audit, interim=True)
        self._publish(told, driver, audit, Evidence())
        if audit.stage == FILES:
            self._say("What the file round has found so far is published, unverified; the rest may pass the deadline.")
        else:
            self._say(
                "The file round's findings are published, unverified; the rounds that follow may pass the deadline."
            )

    def ended(self, driver: Driver, audit: Audit) -> int:
        """Everything is in: report, publish, and put the audit away."""
        told = self._told(driver, audit, interim=False)
        evidence, written = self._evidence(driver, audit, told)
        document, report, publications = self._publish(told, driver, audit, evidence)
        publications += written
        write_actions_files(report, self.options, self.env, publications)
        status: AuditStatus = "incomplete" if report.verdict.state == "incomplete" else "complete"
        driver.finish(audit, status, document)
        self._state(status)
        print_report(report, Console(), self.options.verbose)
        for publication in publications:
            if publication.outcome in ("failed", "skipped"):
                self._say(f"{publication.channel}: {publication.outcome}: {publication.detail}")
        return report.verdict.exit_code

    def _told(self, driver: Driver, audit: Audit, *, interim: bool) -> "_Told":
        driver.state.spare_memory()
        rounds = driver.rounds(audit)
        rounds = replace(rounds, document=self._deciding(rounds.document))
        prices = prices_of(rounds.document.settings, rounds.document.engine)
        ledger = read_ledger(driver.state, audit.id, prices)
        return _Told(rounds.document, prices, build_reports(rounds, prices, ledger, interim=interim))

    def _deciding(self, document: AuditDocument) -> AuditDocument:
        """The audit's settings, but for the severity that this call is told to fail on."""
        given = self.options.flags.get("fail-on")
        if given is None:
            return document
        return replace(document, settings=document.settings.model_copy(update={"fail_on": given}))

    def _publish(
        self, told: "_Told", driver: Driver, audit: Audit, evidence: Evidence
    ) -> tuple[AuditDocument, Report, list[Publication]]:
        """Issues first, since the reports say what became of them; then the files."""
        document, publications = told.document, list[Publication]()
        today = driver.clock.now().date().isoformat()
        earlier = last_ended(driver.state, audit)
        before = AuditDocument.read(earlier.document) if earlier else None
        standings = [_standing(each, before) for each in told.reports]
        for each, standing in zip(told.reports, standings, strict=True):
            publications.append(self._issue(each, standing))
            known = dump_known(remembered(standing, today))
            document = document.with_repository(replace(document.repository(each.repository.name), known=known))
        report = _with_failures(combined(told.reports, document), publications, document)
        run = figures_of(report, standings, audit.id, today)
        history = history_of(told.reports, standings, before, run)
        several = len(told.reports) > 1
        report = replace(report, history=with_records(history, evidence, self.options.html, several=several))
        publications += self._write(told.reports, report)
        return replace(document, trend=history.trend), report, publications

    def _write(self, reports: list[RepositoryReport], report: Report) -> list[Publication]:
        """The files that flags ask for; of several repositories each has its own JSON beside the one of all."""
        written = write_files(report, self.options)
        if len(reports) > 1 and self.options.json:
            from reviewer.publish.json_report import write_json

            for each in reports:
                name = each.repository.name.replace("/", "-")
                written.append(write_json(each.report, self.options.json.with_suffix(f".{name}.json")))
        return written

    def _evidence(self, driver: Driver, audit: Audit, told: "_Told") -> tuple[Evidence, list[Publication]]:
        """The records first: the HTML report links to their lines."""
        beside = self.options.json or self.options.html
        if not beside:
            return Evidence(), []
        from reviewer.publish.provenance import write_provenance

        evidence = Evidence(path := evidence_path(beside))
        rows = records(driver.rounds(audit), told.reports, told.prices)
        count = write_provenance(path, evidence.noting(rows) if self.options.html else rows)
        return evidence, [Publication("provenance", "posted", f"{path} ({number(count, 'record')})")]

    def _issue(self, each: RepositoryReport, standing: Standing) -> Publication:
        repository = each.repository
        if not repository.issue:
            return Publication("issue", "skipped", "switched off by the setting audit.issue")
        from reviewer.forge.access import Access

        access = Access.of(self.env)
        if not access.token or repository.name.count("/") != 1:
            why = "there is no GITHUB_TOKEN" if not access.token else f"{repository.name!r} is no repository on GitHub"
            return Publication("issue", "skipped", why)
        from reviewer.forge.issues import upsert_audit_issue
        from reviewer.publish.audit_issue import draft_issue

        evidence = evidence_path(self.options.json).name if self.options.json else ""
        draft = draft_issue(each.report, standing, f"{access.web_url}/{repository.name}", evidence)
        return upsert_audit_issue(access.client(repository.name), draft)

    def _spent(self, driver: Driver, audit: Audit) -> str:
        document = AuditDocument.read(audit.document)
        return dollars(spent(driver.state, audit.id, prices_of(document.settings, document.engine)))

    def _outputs(self, state: str, usd: str = "") -> None:
        """The step's outputs where there is no report: never green without one. `usd` is what the audit cost so far."""
        path = self.env.get("GITHUB_OUTPUT")
        if path:
            from reviewer.publish.outputs import fallback_outputs

            fallback_outputs(Path(path))
        if usd:
            self._output("cost-usd", usd)
        self._state(state)

    def _state(self, state: str) -> None:
        self._output("state", state)

    def _output(self, name: str, value: str) -> None:
        path = self.env.get("GITHUB_OUTPUT")
        if path:
            from reviewer.guard import workflow

            entry = workflow.output(name, value, f"reviewer-{secrets.token_hex(16)}")
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(entry)

    def _say(self, text: str) -> None:
        self.console.print(Text(plain(text)), soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """What there is to tell."""

    document: AuditDocument
    prices: Mapping[str, Price]
    reports: list[RepositoryReport]


def _with_failures(report: Report, publications: list[Publication], document: AuditDocument) -> Report:
    """A finding that nobody was told of is no finding: a channel that failed makes the audit incomplete."""
    failed = [Shortfall("posting", f"{one.channel}: {one.detail}") for one in publications if one.outcome == "failed"]
    if not failed:
        return report
    settings = document.settings
    posting = decide(report.findings, failed, report.fail_on, settings.on_incomplete)
    reasons = (*report.verdict.incomplete_because, *posting.incomplete_because)
    worst = max(report.verdict.exit_code, posting.exit_code)
    return replace(
        report, verdict=replace(report.verdict, state="incomplete", exit_code=worst, incomplete_because=reasons)
    )


def evidence_path(report: Path) -> Path:
    """Where the records stand: beside the JSON report, or the HTML report where there is no other."""
    return report.with_suffix(".provenance.jsonl")


def _standing(each: RepositoryReport, before: AuditDocument | None) -> Standing:
    name = each.repository.name
    known = next((one.known for one in before.repositories if one.name == name), "") if before else ""
    present = [file.path for file in each.report.files]
    return compare(each.report.findings, load_known(known) if known else (), each.looked_at, present)
