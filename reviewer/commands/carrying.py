"""Verdicts that still hold: a rerun on the same head, or a merge group with the same change, asks nothing again."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from reviewer.commands.reviewing import Reviewed
from reviewer.commands.session import PullSession
from reviewer.core.anchor import anchor
from reviewer.core.carry import Carried, Kept, patch_id, patch_of, seal, unseal, unseal_vouched
from reviewer.core.change import ChangeSet
from reviewer.core.conversation import SummaryMark, parse_summary, reconcile, still_counting
from reviewer.core.finding import Anchor, Disposition, Finding, Provenance
from reviewer.core.number import number
from reviewer.core.plan import make_plan
from reviewer.core.publication import Thread
from reviewer.core.report import FileReport, Report
from reviewer.core.select import select
from reviewer.core.verdict import decide
from reviewer.forge.event import MergeGroupEvent
from reviewer.guard.outgoing import clean
from reviewer.review.flow import Outcome
from reviewer.review.reporting import assemble
from reviewer.review.screening import masked

_TOLD = "Reported before, see the comment on the pull request"


def state_of(session: PullSession, report: Report) -> dict[str, str]:
    """What the summary comment keeps of a complete review; an incomplete one leaves nothing to carry.

    Nor does a saved report of the other engine: the offline rules' verdict never stands for the model's.
    """
    if report.verdict.incomplete_because or report.engine != session.options.engine:
        return {}
    found = [_kept(finding) for finding in report.findings if _carries(finding)]
    patch = report.extra.get("patch") or patch_id(report.changes)
    carried = Carried(patch, session.policy_id, tuple(found))
    return seal(carried, report.changes.head_sha, session.secret)


def _kept(finding: Finding) -> Kept:
    # What is packed can be read by anybody and searched by no sanitiser, so it is cleaned before.
    claim, at = finding.claim, finding.anchor
    return Kept(
        finding.fingerprint,
        replace(
            claim,
            path=at.path,
            start_line=at.start_line,
            end_line=at.end_line,
            quote=clean(claim.quote),
            title=clean(claim.title),
            explanation=clean(claim.explanation),
        ),
    )


def _carries(finding: Finding) -> bool:
    return finding.counts or finding.disposition is Disposition.SUPPRESSED


def same_head(session: PullSession, changes: ChangeSet) -> Reviewed | None:
    """The verdict of an earlier complete review of this very head under this policy, or None. `force` asks again."""
    found = None if session.options.force else _left_behind(session)
    if found is None or found[1] != changes.head_sha or found[0].patch != patch_id(changes):
        return None
    return _carried(session, changes, *found, session.hub.threads(session.pull.number))


def merge_group(session: PullSession, event: MergeGroupEvent) -> Reviewed:
    """The verdict on what a merge group brings: the pull request's own where its change is the same, else that and the
    review of the difference. Always a verdict: a queue that waits for a check waits for ever."""
    group = session.governed(session.hub.range(session.pull, event.base_sha, event.head_sha, session.checkout))
    if session.options.force or session.options.dry_run:
        return session.review(group)
    threads = session.hub.threads(session.pull.number)
    found = _left_behind(session)
    if found is None:
        return _settled(session.review(group), threads)
    if found[0].patch == patch_id(group):
        return _carried(session, group, *found, threads)
    own = session.governed(session.hub.change_set(session.pull, session.checkout))
    if found[0].patch != patch_id(own):
        return _settled(session.review(group), threads)
    return _settled(_difference(session, group, own, *found, threads), threads)


def _left_behind(session: PullSession) -> tuple[Carried, str] | None:
    mark = parse_summary(session.hub.summary(session.pull.number) or "")
    carried = _opened(session, mark) if mark else None
    if mark is None or carried is None or carried.policy != session.policy_id:
        return None
    return carried, mark.head_sha


def _opened(session: PullSession, mark: SummaryMark) -> Carried | None:
    """With a secret by the seal alone; without one, as a fork's run is, by what the head's status vouches for."""
    if session.secret:
        return unseal(mark.state, mark.head_sha, session.secret)
    return unseal_vouched(mark.state, mark.head_sha, session.hub.imprint(mark.head_sha))


def _carried(
    session: PullSession, changes: ChangeSet, carried: Carried, head: str, threads: Sequence[Thread]
) -> Reviewed:
    settings = session.settings
    selection = select(changes, settings.ignore)
    plan = make_plan(changes, selection, settings.multi_pass_at)
    shown = masked(changes)
    outcome = Outcome(_findings(carried, shown, threads), (), frozenset(), (), (), 0)
    note = f"Nothing was asked: the complete review of {head[:12]} was of the same change, so its verdict holds."
    report = assemble(shown, selection, plan, session.terms, outcome)
    notes = (note, *still_counting(report.findings, threads))
    return Reviewed(replace(report, notes=notes), session.terms)


def _difference(
    session: PullSession, group: ChangeSet, own: ChangeSet, carried: Carried, head: str, threads: Sequence[Thread]
) -> Reviewed:
    """Review the files whose change is another than on the pull request; the others' verdict is carried."""
    known = {patch_of(file) for file in own.files}
    files = tuple(file for file in group.files if patch_of(file) not in known)
    reviewed = session.review(replace(group, files=files, changed_files=len(files)))
    same = number(len(group.files) - len(files), "file is as it was", "files are as they were")
    note = f"{same} reviewed at {head[:12]}; the others were reviewed now."
    shown = masked(group)
    report = replace(
        reviewed.report,
        changes=shown,
        files=(*reviewed.report.files, *_as_before(session, group, {file.path for file in files})),
        findings=(*reviewed.report.findings, *_still_told(carried, shown, threads, reviewed.report)),
        notes=(*reviewed.report.notes, note),
    )
    return replace(reviewed, report=report)


def _as_before(session: PullSession, group: ChangeSet, apart_from: Collection[str]) -> list[FileReport]:
    """Reviewed or skipped, each as on the pull request."""
    skipped = {skip.file.path: str(skip) for skip in select(group, session.settings.ignore).skipped}
    return [FileReport.of(file, skipped.get(file.path)) for file in group.files if file.path not in apart_from]


def _still_told(carried: Carried, shown: ChangeSet, threads: Sequence[Thread], now: Report) -> list[Finding]:
    """The carried findings, but for those of files that were reviewed anew: of these the new review tells."""
    again = {file.path for file in now.files if file.reviewed}
    known = {finding.fingerprint for finding in now.findings}
    return [
        finding
        for finding in _findings(carried, shown, threads)
        if finding.fingerprint not in known and finding.anchor.path not in again
    ]


def _settled(reviewed: Reviewed, threads: Sequence[Thread]) -> Reviewed:
    """The same with what a person resolved or dismissed on the pull request suppressed: it stops no queue either."""
    report, terms = reviewed.report, reviewed.terms
    talk = reconcile(report.findings, threads, report.changes.head_sha, reviewed=())
    silent = {finding.fingerprint for finding in talk.suppressed}
    findings = tuple(
        replace(finding, disposition=Disposition.SUPPRESSED)
        if finding.counts and finding.fingerprint in silent
        else finding
        for finding in report.findings
    )
    verdict = report.verdict  # an interrupted run is incomplete, whatever was found until then
    if not reviewed.interrupted:
        verdict = decide(findings, reviewed.shortfalls, terms.fail_on, terms.on_incomplete)
    return replace(reviewed, report=replace(report, findings=findings, verdict=verdict))


def _findings(carried: Carried, shown: ChangeSet, threads: Sequence[Thread]) -> tuple[Finding, ...]:
    """The findings in their places in this change; what a person resolved since is suppressed."""
    by_fingerprint = {thread.fingerprint: thread for thread in threads}
    return tuple(_finding(kept, shown, by_fingerprint.get(kept.fingerprint)) for kept in carried.findings)


def _finding(kept: Kept, shown: ChangeSet, thread: Thread | None) -> Finding:
    claim = kept.claim
    if thread and not claim.title:
        line = thread.line or 0
        claim = replace(claim, path=thread.path, start_line=line, end_line=line, title=thread.title)
    claim = replace(claim, title=claim.title or _TOLD, explanation=claim.explanation or f"{_TOLD}.")
    silent = thread is not None and (thread.resolved_by_person or thread.dismissed)
    stands = Disposition.POSTED if thread else Disposition.SUMMARY
    return Finding(
        claim,
        anchor(claim, shown) if claim.path else Anchor("none", "", 0, 0),
        kept.fingerprint,
        Provenance("carried", "carried"),
        Disposition.SUPPRESSED if silent else stands,
        verified=True,
    )
