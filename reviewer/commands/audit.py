"""`reviewer audit submit · collect · run`: an audit is begun, moved by whatever is ready, or seen through."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reviewer.audit.carried import last_ended
from reviewer.audit.document import AuditDocument, Audited
from reviewer.audit.driver import Driver, Moved
from reviewer.audit.stages import REPORT
from reviewer.clock import Clock, SystemClock
from reviewer.commands.audit_telling import Telling
from reviewer.config.loading import show
from reviewer.config.settings import Settings
from reviewer.core.number import number
from reviewer.core.sla import at_risk, waits
from reviewer.errors import EngineError, ExitCode, UsageError
from reviewer.forge.git import Git
from reviewer.forge.local import repository_name
from reviewer.forge.policy import commit_policy
from reviewer.guard.terminal import plain
from reviewer.store.audit import AuditState
from reviewer.store.audit_database import StateInUse
from reviewer.store.audit_values import Audit
from reviewer.wiring import RunOptions, audit_driver, settings_of

_OFFLINE_LOOK = 0.05
"""Seconds between two looks at the simulator, whose batches end at once."""


@dataclass(frozen=True, slots=True)
class AuditSource:
    """Which repositories; `full` carries nothing over, `recover` looks for the batches of a state that is lost."""

    repos: tuple[Path, ...] = (Path(),)
    full: bool = False
    recover: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """The repositories of an audit as they are now, and the settings in force: those of the first."""

    settings: Settings
    repositories: tuple[Audited, ...]


def submit(source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Begin an audit, or go on with the unfinished one, and leave."""
    return _run(source, options, env, console, begin=True, wait=False)


def collect(source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Move the unfinished audit by whatever is ready; nothing to do is fine, and so is another run that does it."""
    try:
        return _run(source, options, env, console, begin=source.recover, wait=False)
    except StateInUse:
        return Telling(options, env, console).busy()


def see_through(source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Begin, wait and collect, for people at a terminal."""
    return _run(source, options, env, console, begin=True, wait=True)


def read_setting(source: AuditSource, options: RunOptions, env: Mapping[str, str]) -> Setting:
    """The repositories' commits and policies. UsageError where two of them have one name."""
    audited: list[Audited] = []
    first: Settings | None = None
    for repo in source.repos:
        git = Git(repo)
        commit = git.resolve("HEAD")
        policy = commit_policy(git, commit)
        settings = settings_of(options, env, policy.config).settings
        first = first or settings
        name = _name(git, env, alone=len(source.repos) == 1)
        _check_name(name, repo, audited)
        audited.append(
            Audited(
                name,
                str(repo.resolve()),
                commit,
                policy.guidelines,
                settings.instructions,
                settings.ignore,
                settings.audit.paths,
                policy.attributes,
                settings.audit.issue,
            )
        )
    assert first is not None  # noqa: S101 - there is at least one --repo
    return Setting(first, tuple(audited))


def _check_name(name: str, repo: Path, audited: Sequence[Audited]) -> None:
    """Findings, answers and issues go by a repository's name."""
    twin = next((each for each in audited if each.name == name), None)
    if twin:
        raise UsageError(
            f"Two of the repositories are called {name!r}: {twin.folder} and {repo.resolve()}.",
            "They are named after their remote `origin`, or after their folder where they have none.",
            "Give each --repo once; give different repositories different remotes, or rename one of the folders.",
        )


def _name(git: Git, env: Mapping[str, str], *, alone: bool) -> str:
    """By its own remote: a central workflow audits repositories that are not the one it runs in."""
    named = repository_name(git)
    return named if "/" in named or not alone else env.get("GITHUB_REPOSITORY") or named


@contextmanager
def opened(where: str, clock: Clock) -> Iterator[AuditState]:
    """The state, closed at the end."""
    state = AuditState.open(where, clock.now())
    try:
        yield state
    finally:
        state.close()


def _run(
    source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console, *, begin: bool, wait: bool
) -> int:
    clock = SystemClock()
    settings = state_settings(source, options, env)
    with opened(settings.audit.state, clock) as state, state.exclusive():
        found = _unfinished(state, begin=begin)
        if found is None and not begin:
            return Telling(options, env, console).nothing_to_do(state.audits.latest())
        setting = None if found else read_setting(source, options, env)
        document = AuditDocument.read(found.document) if found else _document(setting, source, state, options, clock)
        _check_key(document, env)
        with audit_driver(state, document.settings, document.engine, env, clock) as driver:
            session = _Session(driver, options, env, console, clock)
            session.begun()
            audit = found or session.begin(document, recovering=source.recover)
            if found and begin:
                session.say(waits(found.started_at, clock.now(), document.settings.audit.sla), *_mended(driver, found))
            return session.go_on(audit.id, wait=wait or document.engine == "offline")


def _unfinished(state: AuditState, *, begin: bool) -> Audit | None:
    """The audit to go on with. One that has not sent anything yet gives way to a new one where an audit is begun.

    So whoever mends a setting that the API refused in the sample, such as a model's name, begins with what is mended.
    """
    found = state.audits.unfinished()
    if found and begin and not found.recovering and state.idle(found.id):
        state.discard(found.id)
        return None
    return found


def state_settings(source: AuditSource, options: RunOptions, env: Mapping[str, str]) -> Settings:
    """Where the state is: as given, else from the first repository's configuration, if it has one."""
    given = (options.flags.get("audit") or {}).get("state") or env.get("REVIEWER_AUDIT_STATE")
    return settings_of(options, env, None if given else _config(source.repos[0])).settings


def show_settings(source: AuditSource, options: RunOptions, env: Mapping[str, str]) -> int:
    """Print each setting of the first repository, which are those in force, with its origin."""
    print(show(settings_of(options, env, _config(source.repos[0]))))
    return ExitCode.PASS


def _config(repo: Path) -> str | None:
    """The configuration that the HEAD of a checkout has; None where there is no checkout."""
    if not (repo / ".git").exists():
        return None
    git = Git(repo)
    return commit_policy(git, git.resolve("HEAD")).config


def _document(
    setting: Setting | None, source: AuditSource, state: AuditState, options: RunOptions, clock: Clock
) -> AuditDocument:
    assert setting is not None  # noqa: S101 - read where there is no unfinished audit
    before = last_complete(state)
    now = clock.now()
    full = source.full or before is None or full_is_due(before, now, setting.settings)
    full_at = now.isoformat() if full or not before else AuditDocument.read(before.document).full_at
    return AuditDocument(options.engine, setting.repositories, setting.settings, full, full_at)


def full_is_due(before: Audit, now: datetime, settings: Settings) -> bool:
    """Whether it is time to audit what is unchanged, too."""
    since = AuditDocument.read(before.document).full_since
    return since is None or now - since >= settings.audit.full_every


def last_complete(state: AuditState) -> Audit | None:
    """The last audit that came to its end."""
    latest = state.audits.latest()
    if latest and latest.status not in ("complete", "incomplete"):
        return last_ended(state, latest)
    return latest


def _check_key(document: AuditDocument, env: Mapping[str, str]) -> None:
    from reviewer.model.client import has_credentials

    if document.engine == "anthropic" and not has_credentials(env):
        raise EngineError("There is no API key, so nothing was audited.", step="Set the secret ANTHROPIC_API_KEY.")


def _mended(driver: Driver, audit: Audit) -> Sequence[str]:
    again = driver.reopen(audit)
    return [f"Sent again: {number(again, 'request')} that the API had refused."] if again else []


class _Session:
    """One call of the command."""

    def __init__(
        self, driver: Driver, options: RunOptions, env: Mapping[str, str], console: Console, clock: Clock
    ) -> None:
        self._driver, self._console, self._clock = driver, console, clock
        self._telling = Telling(options, env, console)
        self._sleep: Callable[[float], None] = time.sleep
        self._chance = random.Random()  # noqa: S311 - jitter, not a secret

    def begun(self) -> None:
        """Whatever ends this call early, the step's outputs say that the audit goes on."""
        self._telling.begun()

    def begin(self, document: AuditDocument, *, recovering: bool) -> Audit:
        """Start, and say where the deadline is at risk."""
        before = last_complete(self._driver.state)
        sla = document.settings.audit.sla
        self.say(at_risk(before.started_at if before else None, self._clock.now(), sla))
        audit = self._driver.start(document, recovering=recovering)
        kind = "a full audit" if document.full else "what is unchanged is carried over"
        self.say(
            f"Audit {audit.id} of {number(len(document.repositories), 'repository', 'repositories')} begins: {kind}."
        )
        return audit

    def go_on(self, audit: str, *, wait: bool) -> int:
        """Move it, once or until it ends; the exit code."""
        while True:
            moved = self._driver.go_on(audit)
            self.say(*moved.notes)
            now = self._driver.state.audits.get(audit)
            if now.status == "sampled-out":
                return self._telling.sampled_out(self._driver, now)
            if now.stage == REPORT:
                return self._telling.ended(self._driver, now)
            if not wait and self._telling.interim_is_due(self._driver, now, moved):
                self._telling.interim(self._driver, now)
            if not wait:
                return self._telling.in_progress(self._driver, now)
            self._sleep(self._pause(now, moved))

    def _pause(self, audit: Audit, moved: Moved) -> float:
        if AuditDocument.read(audit.document).engine == "offline":
            return _OFFLINE_LOOK
        return self._driver.look_again(audit.id, moved, self._chance.random()) or 60.0

    def say(self, *notes: str) -> None:
        """A line each, on standard error."""
        for note in notes:
            if note:
                self._console.print(Text(plain(note)), soft_wrap=True)
