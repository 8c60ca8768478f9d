"""The report on its way to the pull request: nothing twice, nothing against a person, nothing lost."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reviewer.commands.carrying import state_of
from reviewer.commands.reviewing import Reviewed
from reviewer.commands.session import PullSession
from reviewer.core.change import ChangeSet
from reviewer.core.conversation import Conversation, parse_summary, reconcile, summary_marker
from reviewer.core.finding import Disposition, Finding, worst_first
from reviewer.core.plan import make_plan
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.core.select import select
from reviewer.core.verdict import Shortfall, decide
from reviewer.errors import ForgeError, InputError
from reviewer.publish.review_comments import draft_review
from reviewer.publish.saved_report import read_report
from reviewer.publish.summary import summary_comment
from reviewer.review.reporting import assemble

_DUE = ("review", "summary")
"""Channels without which the review has not reached anybody on the pull request."""
_NOT_POSTED = "could not be posted:"


def converse(session: PullSession, reviewed: Reviewed, *, carries: bool = True) -> tuple[Reviewed, list[Publication]]:
    """Post what is new, resolve what is gone, write the summary; the report with every finding's fate.

    `carries`: whether later runs may go by this verdict: only if it was made under this session's policy.
    """
    report = reviewed.report
    publications: list[Publication] = []
    try:
        newest = session.hub.head_sha(session.pull.number)
        if newest != report.changes.head_sha:
            detail = f"a push made {newest[:12]} the head meanwhile; its own run says what is to be said"
            return reviewed, [Publication("review", "skipped", detail)]
        report, publications = _post(session, report)
    except ForgeError as error:
        publications.append(Publication("review", "failed", str(error)))
    reviewed = _decided(replace(reviewed, report=report), publications)
    summary = _summarise(session, reviewed.report, carries=carries)
    return _decided(reviewed, [summary]), [*publications, summary]


def _post(session: PullSession, report: Report) -> tuple[Report, list[Publication]]:
    number = session.pull.number
    conversation = reconcile(
        report.findings,
        session.hub.threads(number),
        report.changes.head_sha,
        reviewed={file.path for file in report.files if file.reviewed},
        changed={file.path for file in report.changes.files} if not report.changes.missing else None,
        told=session.hub.told(number),
        force=session.options.force,
    )
    server = session.env.get("GITHUB_SERVER_URL") or "https://github.com"
    url = f"{server}/{report.changes.repository}"
    run_id = session.env.get("GITHUB_RUN_ID", "") or "-"
    report = replace(report, extra={**report.extra, "run": run_id})
    draft, told = draft_review(report, conversation.new, session.settings.max_inline_comments, url)
    publications = [] if draft.empty else session.hub.post_review(number, draft)
    publications += [session.hub.resolve(thread) for thread in conversation.gone]
    return replace(report, findings=_with_fates(report.findings, conversation, told)), publications


def _with_fates(findings: Sequence[Finding], talk: Conversation, told: Sequence[Finding]) -> tuple[Finding, ...]:
    """Every finding, with what became of it."""
    fates = [*told]
    fates += [replace(finding, disposition=Disposition.POSTED) for finding in talk.known]
    fates += [replace(finding, disposition=Disposition.DUPLICATE) for finding in talk.repeated]
    fates += [replace(finding, disposition=Disposition.SUPPRESSED) for finding in talk.suppressed]
    rest = [finding for finding in findings if not finding.counts]
    return (*sorted(fates, key=worst_first), *rest)


def _decided(reviewed: Reviewed, publications: Sequence[Publication]) -> Reviewed:
    """The verdict anew: findings have their fates now, and what was due and not posted makes it incomplete."""
    missed = [
        Shortfall(
            "posting",
            f"The {publication.channel} {_NOT_POSTED} {publication.detail} The report is complete; "
            "`reviewer pr --post-only FILE` posts it later without any model call.",
        )
        for publication in publications
        if publication.outcome == "failed" and publication.channel in _DUE
    ]
    terms, report = reviewed.terms, reviewed.report
    shortfalls = (*reviewed.shortfalls, *missed)
    verdict = decide(report.findings, shortfalls, terms.fail_on, terms.on_incomplete)
    return replace(reviewed, report=replace(report, verdict=verdict), shortfalls=shortfalls)


def _summarise(session: PullSession, report: Report, *, carries: bool = True) -> Publication:
    state = {"verdict": report.verdict.state, **(state_of(session, report) if carries else {})}
    marker = summary_marker(report.changes.head_sha, state)
    try:
        return session.hub.upsert_summary(session.pull.number, summary_comment(report, marker))
    except ForgeError as error:
        return Publication("summary", "failed", str(error))


def retell(session: PullSession, reviewed: Reviewed) -> list[Publication]:
    """A carried verdict: the review stands as it is, the summary is written anew where it says another verdict."""
    unchanged = Publication("review", "unchanged", "this head was reviewed before")
    said = parse_summary(session.hub.summary(session.pull.number) or "")
    if said and said.state.get("verdict") == reviewed.report.verdict.state:
        return [unchanged]
    return [unchanged, _summarise(session, reviewed.report)]


def not_reviewed(session: PullSession, changes: ChangeSet, why: str) -> Reviewed:
    """The report of a pull request that was not reviewed, and why: never a green check (rule 4)."""
    selection = select(changes, session.settings.ignore)
    plan = make_plan(changes, selection, session.settings.multi_pass_at)
    shortfalls = (Shortfall("diff", why),)
    report = assemble(changes, selection, plan, session.terms, None, shortfalls=shortfalls)
    return Reviewed(report, session.terms, shortfalls)


def post_saved(session: PullSession, path: Path) -> tuple[Reviewed, list[Publication]]:
    """Post an earlier run's report without any model call: what was paid for is never lost to a failure of posting."""
    saved = read_report(path)
    pull = session.pull
    if saved.changes.repository != session.hub.repository or saved.changes.number != pull.number:
        raise InputError(
            f"{path} is a report on {saved.changes.repository} #{saved.changes.number}.",
            f"This is {session.hub.repository} #{pull.number}.",
            "Name the report of this pull request, or the pull request of this report.",
        )
    if saved.changes.head_sha != pull.head_sha:
        raise InputError(
            f"{path} is a report on {saved.changes.head_sha[:12]}; the head is {pull.head_sha[:12]} now.",
            "It was pushed to since.",
            "Review it again; with `cache-dir` set, unchanged files cost nothing.",
        )
    changes = session.governed(session.hub.change_set(pull, session.checkout))
    # The causes are not in the file, so what was missing then is held against the strictest of policies.
    missing = tuple(Shortfall("api", text) for text in saved.verdict.incomplete_because if _NOT_POSTED not in text)
    reviewed = Reviewed(replace(saved, changes=changes), session.terms, missing)
    return converse(session, reviewed, carries=saved.extra.get("policy") == session.policy_id)
