"""The report on its way to the pull request: nothing twice, nothing against a person, nothing lost."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from reviewer.commands.carrying import state_of
from reviewer.commands.reviewing import Reviewed
from reviewer.commands.session import PullSession
from reviewer.core.carry import patch_id
from reviewer.core.change import ChangeSet
from reviewer.core.conversation import Conversation, parse_summary, reconcile, still_counting, summary_marker
from reviewer.core.finding import Disposition, Finding, worst_first
from reviewer.core.following import follow
from reviewer.core.plan import make_plan
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.core.select import select
from reviewer.core.verdict import Shortfall, decide
from reviewer.errors import ForgeError, InputError
from reviewer.forge.access import Access
from reviewer.forge.standing import Standing
from reviewer.publish.review_comments import draft_review
from reviewer.publish.saved_report import read_report
from reviewer.publish.summary import summary_comment
from reviewer.review.reporting import assemble
from reviewer.review.screening import masked

_DUE = ("review", "summary")
"""Channels without which the review has not reached anybody on the pull request."""
_NOT_POSTED = "could not be posted:"
POSTING_CUT_SHORT = (
    f"The review {_NOT_POSTED} the run was interrupted, and perhaps not all of it stands there. The report is "
    "complete; `reviewer pr --post-only FILE`, or another run, posts the rest."
)


def converse(session: PullSession, reviewed: Reviewed, *, carries: bool = True) -> tuple[Reviewed, list[Publication]]:
    """Post what is new, resolve what is gone, write the summary; the report with every finding's fate.

    `carries`: whether later runs may go by this verdict: only if it was made under this session's policy.
    """
    report = reviewed.report
    publications: list[Publication] = []
    try:
        standing = session.hub.standing(session.pull.number)
        if standing.head_sha != report.changes.head_sha:
            detail = f"a push made {standing.head_sha[:12]} the head meanwhile; its own run says what is to be said"
            return reviewed, [Publication("review", "skipped", detail)]
        report, publications = _post(session, report, standing)
    except ForgeError as error:
        publications.append(Publication("review", "failed", str(error)))
    reviewed = _decided(replace(reviewed, report=report), publications)
    summary = _summarise(session, reviewed.report, carries=carries)
    return _decided(reviewed, [summary]), [*publications, summary]


def _post(session: PullSession, report: Report, standing: Standing) -> tuple[Report, list[Publication]]:
    number = session.pull.number
    threads = [posted.thread for posted in standing.threads]
    report = replace(report, findings=follow(report.findings, threads, report.changes))
    conversation = reconcile(
        report.findings,
        threads,
        report.changes.head_sha,
        reviewed={file.path for file in report.files if file.reviewed},
        changed={file.path for file in report.changes.files} if not report.changes.missing else None,
        told=standing.told,
        force=session.options.force,
    )
    url = f"{Access.of(session.env).web_url}/{report.changes.repository}"
    run_id = session.env.get("GITHUB_RUN_ID", "") or "-"
    report = replace(report, extra={**report.extra, "run": run_id})
    draft, told = draft_review(report, conversation.new, session.settings.max_inline_comments, url)
    publications = [] if draft.empty else session.hub.post_review(number, draft, standing)
    publications += [session.hub.resolve(thread) for thread in conversation.gone]
    inline = {thread.fingerprint for thread in threads}
    findings = _with_fates(report.findings, conversation, _placed(told, publications), inline)
    notes = (*report.notes, *still_counting(findings, threads))
    return replace(report, findings=findings, notes=notes), publications


def _placed(told: Sequence[Finding], publications: Sequence[Publication]) -> list[Finding]:
    """The findings with the fate that their comments came to: what did not get on its line was not posted there."""
    unplaced = frozenset[str]().union(*(publication.unplaced for publication in publications))
    return [
        replace(finding, disposition=Disposition.SUMMARY)
        if finding.disposition is Disposition.POSTED and finding.fingerprint in unplaced
        else finding
        for finding in told
    ]


def _with_fates(
    findings: Sequence[Finding], talk: Conversation, told: Sequence[Finding], inline: Collection[str]
) -> tuple[Finding, ...]:
    """Every finding, with what became of it; what is known and not `inline` stands in an earlier review's body."""
    fates = [*told]
    for finding in talk.known:
        stands = Disposition.POSTED if finding.fingerprint in inline else Disposition.SUMMARY
        fates.append(replace(finding, disposition=stands))
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
    state = {**_standing(report), **(state_of(session, report) if carries else {})}
    marker = summary_marker(report.changes.head_sha, state)
    try:
        return session.hub.upsert_summary(session.pull.number, summary_comment(report, marker))
    except ForgeError as error:
        return Publication("summary", "failed", str(error))


def retell(session: PullSession, reviewed: Reviewed) -> list[Publication]:
    """A carried verdict: the review stands as it is, the summary is written anew where other findings count now."""
    unchanged = Publication("review", "unchanged", "this head was reviewed before")
    if not session.secret:
        return [unchanged]  # without the secret the new summary would hold no state for the next run
    said = parse_summary(session.hub.summary(session.pull.number) or "")
    now = _standing(reviewed.report)
    if said and {key: said.state.get(key) for key in now} == now:
        return [unchanged]
    return [unchanged, _summarise(session, reviewed.report)]


def _standing(report: Report) -> dict[str, str]:
    """What the summary says, in short: to tell whether it still holds."""
    verdict = report.verdict
    return {"verdict": verdict.state, "counts": f"{verdict.blocking}.{verdict.findings}"}


def not_reviewed(session: PullSession, changes: ChangeSet, why: str) -> Reviewed:
    """The report of a pull request that was not reviewed, and why: never a green check (rule 4)."""
    selection = select(changes, session.settings.ignore)
    plan = make_plan(changes, selection, session.settings.multi_pass_at)
    shortfalls = (Shortfall("diff", why),)
    report = assemble(masked(changes), selection, plan, session.terms, None, shortfalls=shortfalls)
    return Reviewed(report, session.terms, shortfalls)


def post_saved(session: PullSession, path: Path) -> tuple[Reviewed, list[Publication]]:
    """Post an earlier run's report without any model call: what was paid for is never lost to a failure of posting."""
    saved = read_report(path)
    pull = session.pull
    same = saved.changes.repository.lower() == session.hub.repository.lower()
    if not same or saved.changes.number != pull.number:
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
    extra = {**saved.extra, "patch": patch_id(changes)}
    reviewed = Reviewed(replace(saved, changes=masked(changes), extra=extra), session.terms, missing)
    return converse(session, reviewed, carries=saved.extra.get("policy") == session.policy_id)
