"""`reviewer pr`: review a pull request on GitHub, from the Actions environment or by its number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from rich.console import Console

from reviewer.commands.conversing import converse, plain_report
from reviewer.commands.reviewing import (
    Reviewed,
    print_annotations,
    review_changes,
    write_actions_files,
    write_files,
)
from reviewer.config.loading import Loaded, show
from reviewer.core.attributes import parse_attributes
from reviewer.core.change import ChangeSet
from reviewer.core.publication import Publication
from reviewer.errors import EventError, UsageError
from reviewer.forge.event import DispatchEvent, MergeGroupEvent, PullRequestEvent, ScheduleEvent, read_event
from reviewer.forge.github import GitHub
from reviewer.forge.policy import PolicyFiles, mark
from reviewer.forge.pull import PullRequest
from reviewer.publish.terminal import print_report
from reviewer.wiring import RunOptions, settings_of


@dataclass(frozen=True, slots=True)
class PullSource:
    """Which pull request: by name, or from the event. `repo` is a checkout, if there is one."""

    repository: str | None = None
    number: int | None = None
    repo: Path | None = None
    post_only: Path | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    repository: str
    number: int
    force: bool = False


def run(source: PullSource, options: RunOptions, env: Mapping[str, str], console: Console, started: float) -> int:
    """Review it, say so on GitHub, write what was asked for; the exit code is the verdict's."""
    target = _target(source, env)
    hub = _hub(target.repository, env)
    options = replace(options, force=options.force or target.force)
    if not options.dry_run and options.engine == "anthropic" and source.post_only is None:
        from reviewer.model.client import load_sdk_early

        load_sdk_early()
    pull = hub.pull_request(target.number)
    policy = hub.policy(pull.base_sha)
    loaded = settings_of(options, env, policy.config)
    if options.show_config:
        print(show(loaded))
        return 0
    reviewed, publications = _review(hub, pull, policy, loaded, options, env, console, source, started)
    report = reviewed.report
    publications += write_files(report, options)
    write_actions_files(report, options, env, publications)
    print_report(report, Console(), options.verbose)
    for publication in publications:
        if publication.outcome in ("failed", "skipped"):
            console.print(f"{publication.channel}: {publication.outcome}: {publication.detail}", markup=False)
    print_annotations(report, env)
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
            return _Target(event.repository, number)
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
    token = env.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise UsageError(
            "There is no GITHUB_TOKEN, so the pull request cannot be read.",
            step="In Actions pass `github-token`, elsewhere set GITHUB_TOKEN to a token that may read pull requests.",
        )
    api_url = env.get("GITHUB_API_URL") or "https://api.github.com"
    return GitHub(token, repository, api_url=api_url, graphql_url=env.get("GITHUB_GRAPHQL_URL") or None)


def _review(
    hub: GitHub,
    pull: PullRequest,
    policy: PolicyFiles,
    loaded: Loaded,
    options: RunOptions,
    env: Mapping[str, str],
    console: Console,
    source: PullSource,
    started: float,
) -> tuple[Reviewed, list[Publication]]:
    settings = loaded.settings
    changes = _changes(hub, pull, policy, _checkout(source, env))
    if pull.draft and not settings.review_drafts:
        return plain_report(changes, settings, options, _DRAFT), []
    reviewed = review_changes(changes, settings, options, env, console, started)
    if options.dry_run:
        return reviewed, []
    return converse(hub, pull, reviewed, settings, options, env)


_DRAFT = "It is a draft, so it was not reviewed. Mark it ready for review, or set `review-drafts: true`."


def _changes(hub: GitHub, pull: PullRequest, policy: PolicyFiles, checkout: Path | None) -> ChangeSet:
    changes = hub.change_set(pull, checkout)
    files = mark(changes.files, parse_attributes(policy.attributes))
    return replace(changes, files=files, guidelines=policy.guidelines)


def _checkout(source: PullSource, env: Mapping[str, str]) -> Path | None:
    """A clone of the repository: named, or the workspace of Actions where it holds one. Nothing in it is run."""
    folder = source.repo or Path(env.get("GITHUB_WORKSPACE") or ".")
    return folder if (folder / ".git").exists() else None
