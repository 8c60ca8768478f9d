"""`reviewer pr`: review a pull request on GitHub, from the Actions environment or by its number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from rich.console import Console

from reviewer.commands.carrying import merge_group, same_head
from reviewer.commands.conversing import POSTING_CUT_SHORT, converse, not_reviewed, post_saved, retell
from reviewer.commands.reviewing import Reviewed, cut_short, tell
from reviewer.commands.session import PullSession
from reviewer.commands.vouching import vouch
from reviewer.config.loading import show
from reviewer.core.publication import Publication
from reviewer.errors import EventError, UsageError
from reviewer.forge.access import Access
from reviewer.forge.event import DispatchEvent, MergeGroupEvent, PullRequestEvent, ScheduleEvent, read_event
from reviewer.forge.github import GitHub
from reviewer.wiring import RunOptions, settings_of

_DRAFT = "It is a draft, so it was not reviewed. Mark it ready for review, or set `review-drafts: true`."


@dataclass(frozen=True, slots=True)
class PullSource:
    """Which pull request: by name, or from the event. `repo` is a checkout, if there is one."""

    repository: str | None = None
    number: int | None = None
    repo: Path | None = None
    post_only: Path | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """The pull request that is meant; `group` is set where its merge group is to be judged."""

    repository: str
    number: int
    force: bool = False
    group: MergeGroupEvent | None = None


def run(source: PullSource, options: RunOptions, env: Mapping[str, str], console: Console, started: float) -> int:
    """Review it, say so on GitHub, write what was asked for; the exit code is the verdict's."""
    target = _target(source, env)
    hub = _hub(target.repository, env)
    options = replace(options, force=options.force or target.force)
    if not options.dry_run and options.engine == "anthropic" and source.post_only is None:
        from reviewer.model.client import load_sdk_early

        load_sdk_early()
    pull = hub.pull_request(target.number)
    policy = hub.policy(target.group.base_sha if target.group else pull.base_sha)
    loaded = settings_of(options, env, policy.config)
    if options.show_config:
        print(show(loaded))
        return 0
    checkout = _checkout(source, env)
    session = PullSession(hub, pull, policy, loaded.settings, options, env, console, checkout, started)
    reviewed, publications = _outcome(session, target, source.post_only)
    return _tell(session, reviewed, publications)


def _outcome(session: PullSession, target: _Target, post_only: Path | None) -> tuple[Reviewed, list[Publication]]:
    if post_only:
        return _vouched(session, *post_saved(session, post_only))
    if target.group:
        return merge_group(session, target.group), [_QUEUED]
    changes = session.governed(session.hub.change_set(session.pull, session.checkout))
    if session.pull.draft and not session.settings.review_drafts:
        return not_reviewed(session, changes, _DRAFT), []
    if session.options.dry_run:
        return session.review(changes), []
    carried = same_head(session, changes)
    if carried:
        return _vouched(session, carried, retell(session, carried))
    return _said(session, session.review(changes))


def _said(session: PullSession, reviewed: Reviewed) -> tuple[Reviewed, list[Publication]]:
    """Say it on the pull request. A run that is told to stop keeps what it has paid for in the report."""
    if reviewed.interrupted:
        return reviewed, []
    try:
        return _vouched(session, *converse(session, reviewed))
    except KeyboardInterrupt:
        return cut_short(reviewed, POSTING_CUT_SHORT), []


def _vouched(
    session: PullSession, reviewed: Reviewed, publications: list[Publication]
) -> tuple[Reviewed, list[Publication]]:
    reviewed, more = vouch(session, reviewed)
    return reviewed, [*publications, *more]


_QUEUED = Publication(
    "review", "unchanged", "a merge group's lines are not the pull request's, so nothing is posted there"
)


def _tell(session: PullSession, reviewed: Reviewed, publications: list[Publication]) -> int:
    report, options = reviewed.report, session.options
    tell(report, options, session.env, publications)
    for publication in publications:
        if publication.outcome in ("failed", "skipped"):
            session.console.print(f"{publication.channel}: {publication.outcome}: {publication.detail}", markup=False)
    return report.verdict.exit_code


def _target(source: PullSource, env: Mapping[str, str]) -> _Target:
    repository = source.repository or env.get("GITHUB_REPOSITORY", "")
    if source.number is not None:
        if "/" not in repository:
            raise UsageError(
                "The repository is not named.", step="Give --repository OWNER/NAME, or set GITHUB_REPOSITORY."
            )
        return _Target(repository, source.number)
    event = read_event(env)
    match event:
        case PullRequestEvent(number=number):
            return _Target(event.repository, number)
        case DispatchEvent(number=int(number), force=force):
            return _Target(event.repository, number, force)
        case MergeGroupEvent(number=int(number)):
            return _Target(event.repository, number, group=event)
        case MergeGroupEvent():
            raise EventError(
                "The merge group names no pull request.",
                f"Its branch {event.head_ref[:100]!r} is not of the merge queue's form.",
                "Name the pull request with --number N.",
            )
        case DispatchEvent():
            raise EventError(
                "This workflow_dispatch names no pull request.",
                "Its input pr-number is empty.",
                "Start it again with the pull request's number; the audit is `reviewer audit`.",
            )
        case ScheduleEvent():
            raise EventError(
                "A schedule names no pull request.",
                "Nobody waits for it.",
                "Use `reviewer audit` in a scheduled workflow.",
            )
        case _:
            assert_never(event)


def _hub(repository: str, env: Mapping[str, str]) -> GitHub:
    access = Access.of(env)
    if not access.token:
        raise UsageError(
            "There is no GITHUB_TOKEN, so the pull request cannot be read.",
            step="In Actions pass `github-token`, elsewhere set GITHUB_TOKEN to a token that may read pull requests.",
        )
    return GitHub(access.client(repository))


def _checkout(source: PullSource, env: Mapping[str, str]) -> Path | None:
    """A clone of the repository: named, or the workspace of Actions where it holds one. Nothing in it is run."""
    folder = source.repo or Path(env.get("GITHUB_WORKSPACE") or ".")
    return folder if (folder / ".git").exists() else None
