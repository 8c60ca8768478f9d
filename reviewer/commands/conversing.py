"""The report on its way to the pull request: nothing twice, nothing against a person, nothing lost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reviewer.commands.reviewing import Reviewed
from reviewer.config.settings import Settings
from reviewer.core.change import ChangeSet
from reviewer.core.conversation import Conversation, reconcile, summary_marker
from reviewer.core.finding import Disposition, Finding, worst_first
from reviewer.core.plan import make_plan
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.core.select import select
from reviewer.core.verdict import Shortfall, decide
from reviewer.errors import ForgeError
from reviewer.forge.github import GitHub
from reviewer.forge.pull import PullRequest
from reviewer.publish.review_comments import draft_review
from reviewer.publish.summary import summary_comment
from reviewer.review.reporting import Terms, assemble
from reviewer.wiring import RunOptions, prices_of

_DUE = ("review", "summary")
"""Channels without which the review has not reached anybody on the pull request."""


def converse(
    hub: GitHub,
    pull: PullRequest,
    reviewed: Reviewed,
    settings: Settings,
    options: RunOptions,
    env: Mapping[str, str],
) -> tuple[Reviewed, list[Publication]]:
    """Post what is new, resolve what is gone, write the summary; the report with every finding's fate."""
    report = reviewed.report
    publications: list[Publication] = []
    try:
        newest = hub.head_sha(pull.number)
        if newest != report.changes.head_sha:
            detail = f"a push made {newest[:12]} the head meanwhile; its own run says what is to be said"
            return reviewed, [Publication("review", "skipped", detail)]
        report, publications = _post(hub, pull, report, settings, options, env)
    except ForgeError as error:
        publications.append(Publication("review", "failed", str(error)))
    missed = [_missed(publication) for publication in publications if _failed(publication)]
    reviewed = _decided(replace(reviewed, report=report, shortfalls=(*reviewed.shortfalls, *missed)))
    if not missed:
        publications.append(_summarise(hub, pull, reviewed.report))
        if _failed(publications[-1]):
            shortfalls = (*reviewed.shortfalls, _missed(publications[-1]))
            reviewed = _decided(replace(reviewed, shortfalls=shortfalls))
    return reviewed, publications


def _post(
    hub: GitHub, pull: PullRequest, report: Report, settings: Settings, options: RunOptions, env: Mapping[str, str]
) -> tuple[Report, list[Publication]]:
    server = env.get("GITHUB_SERVER_URL") or "https://github.com"
    conversation = reconcile(
        report.findings,
        hub.threads(pull.number),
        report.changes.head_sha,
        reviewed={file.path for file in report.files if file.reviewed},
        changed={file.path for file in report.changes.files} if not report.changes.missing else None,
        told=hub.told(pull.number),
        force=options.force,
    )
    url = f"{server}/{report.changes.repository}"
    draft, told = draft_review(report, conversation.new, settings.max_inline_comments, url)
    publications = [] if draft.empty else hub.post_review(pull.number, draft)
    publications += [hub.resolve(thread) for thread in conversation.gone]
    return replace(report, findings=_with_fates(report.findings, conversation, told)), publications


def _with_fates(findings: Sequence[Finding], talk: Conversation, told: Sequence[Finding]) -> tuple[Finding, ...]:
    """Every finding, with what became of it."""
    fates = [*told]
    fates += [replace(finding, disposition=Disposition.POSTED) for finding in talk.known]
    fates += [replace(finding, disposition=Disposition.DUPLICATE) for finding in talk.repeated]
    fates += [replace(finding, disposition=Disposition.SUPPRESSED) for finding in talk.suppressed]
    rest = [finding for finding in findings if not finding.counts]
    return (*sorted(fates, key=worst_first), *rest)


def _failed(publication: Publication) -> bool:
    return publication.outcome == "failed" and publication.channel in _DUE


def _missed(publication: Publication) -> Shortfall:
    return Shortfall(
        "posting",
        f"The {publication.channel} could not be posted: {publication.detail} The report is complete; "
        "`reviewer pr --post-only FILE` posts it later without any model call.",
    )


def _decided(reviewed: Reviewed) -> Reviewed:
    terms, report = reviewed.terms, reviewed.report
    verdict = decide(report.findings, reviewed.shortfalls, terms.fail_on, terms.on_incomplete)
    return replace(reviewed, report=replace(report, verdict=verdict))


def _summarise(hub: GitHub, pull: PullRequest, report: Report) -> Publication:
    marker = summary_marker(report.changes.head_sha, {"verdict": report.verdict.state})
    try:
        return hub.upsert_summary(pull.number, summary_comment(report, marker))
    except ForgeError as error:
        return Publication("summary", "failed", str(error))


def plain_report(changes: ChangeSet, settings: Settings, options: RunOptions, why: str) -> Reviewed:
    """The report of a pull request that was not reviewed, and why: never a green check (rule 4)."""
    terms = Terms(options.engine, settings.fail_on, settings.on_incomplete, prices_of(settings, options.engine))
    selection = select(changes, settings.ignore)
    plan = make_plan(changes, selection, settings.multi_pass_at)
    shortfalls = (Shortfall("diff", why),)
    report = assemble(changes, selection, plan, terms, None, shortfalls=shortfalls)
    return Reviewed(report, terms, shortfalls)
