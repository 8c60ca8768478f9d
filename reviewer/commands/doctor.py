"""`reviewer doctor`: says in plain words which key, token, permission or setting is missing. It writes nothing."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reviewer.core.check import Check
from reviewer.errors import ConfigError, ExitCode, InputError
from reviewer.forge.git import Git
from reviewer.forge.policy import PolicyFiles, commit_policy
from reviewer.guard.terminal import plain
from reviewer.wiring import RunOptions, engine_env, settings_of


def run(repo: Path, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Check everything and print a line for each; exit code 2 where something is missing."""
    from reviewer.forge.doctor import check as check_forge
    from reviewer.model.doctor import check as check_model

    configuration, models = _configuration(repo, options, env)
    with engine_env(options.engine, env) as sdk_env:
        checks = (configuration, *check_model(sdk_env, models), *check_forge(env))
    for check in checks:
        mark = Text("ok      ", style="green") if check.ok else Text("missing ", style="bold red")
        console.print(mark + Text(plain(f"{check.name}: {check.detail}"), style=""))
        if not check.ok and check.step:
            console.print(Text(f"        {plain(check.step)}", style="dim"))
    return ExitCode.PASS if all(check.ok for check in checks) else ExitCode.USAGE


def _configuration(repo: Path, options: RunOptions, env: Mapping[str, str]) -> tuple[Check, tuple[str, ...]]:
    """The configuration of the checkout's HEAD, with the environment's settings, and the models that it names."""
    try:
        policy = _policy(repo)
        settings = settings_of(options, env, policy.config).settings
    except (ConfigError, InputError) as error:
        return Check("Configuration", False, error.what, error.step), ()
    where = (
        ".github/reviewer.yml is read and valid." if policy.config else "no .github/reviewer.yml, so the defaults hold."
    )
    models = settings.models
    return Check("Configuration", True, where), (models.review, models.integration, models.verify, models.audit)


def _policy(repo: Path) -> PolicyFiles:
    try:
        git = Git(repo)
        commit = git.resolve("HEAD")
    except InputError:
        return PolicyFiles(None, {}, {})  # outside of a repository only the environment can be checked
    return commit_policy(git, commit)
