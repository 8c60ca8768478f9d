"""The sub-commands of `reviewer audit` and their flags. Each one's work is imported when it is called."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from reviewer.commands import flags
from reviewer.wiring import RunOptions

if TYPE_CHECKING:
    from reviewer.commands.audit import AuditSource

    Command = Callable[[AuditSource, RunOptions, Mapping[str, str], Console], int]

_HELP = (
    "Audit whole repositories on batches, at half price. Exit codes are those of a review; 0 while nothing is ready."
)


def build_audit(env: Mapping[str, str]) -> typer.Typer:
    """`reviewer audit`."""
    app = typer.Typer(no_args_is_help=True, help=_HELP, pretty_exceptions_enable=False)

    @app.command(help="Begin an audit, or go on with the unfinished one, and leave.")
    def submit(
        repo: flags.AuditRepos = None,
        full: flags.AuditFull = False,
        recover: flags.AuditRecover = False,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        state: flags.AuditState = None,
        sla: flags.AuditSla = None,
        dry_run: flags.DryRun = False,
        json: flags.Json = None,
        sarif: flags.Sarif = None,
        html: flags.Html = None,
        fail_on: flags.FailOn = None,
        budget_usd: flags.BudgetUsd = None,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.audit import submit

        return _ran(submit, _source(repo, full, recover), options, env, Console(stderr=True))

    @app.command(help="Take in whatever is ready and move the audit on; seconds when nothing is.")
    def collect(
        repo: flags.AuditRepos = None,
        recover: flags.AuditRecover = False,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        state: flags.AuditState = None,
        json: flags.Json = None,
        sarif: flags.Sarif = None,
        html: flags.Html = None,
        fail_on: flags.FailOn = None,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.audit import collect

        return _ran(collect, _source(repo, False, recover), options, env, Console(stderr=True))

    @app.command(help="Begin, wait and collect, with progress: for people at a terminal.")
    def run(
        repo: flags.AuditRepos = None,
        full: flags.AuditFull = False,
        recover: flags.AuditRecover = False,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        state: flags.AuditState = None,
        sla: flags.AuditSla = None,
        dry_run: flags.DryRun = False,
        json: flags.Json = None,
        sarif: flags.Sarif = None,
        html: flags.Html = None,
        fail_on: flags.FailOn = None,
        budget_usd: flags.BudgetUsd = None,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.audit import see_through

        return _ran(see_through, _source(repo, full, recover), options, env, Console(stderr=True))

    @app.command(help="How far the audit is, what it cost, how batches and the cache behave. No calls.")
    def status(
        repo: flags.AuditRepos = None,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        state: flags.AuditState = None,
        json: flags.Json = None,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.audit_status import run

        return _ran(run, _source(repo, False, False), options, env, Console())

    @app.command(help="What an audit would ask and cost, and the schedule for its SLA. No calls.")
    def plan(
        repo: flags.AuditRepos = None,
        full: flags.AuditFull = False,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        state: flags.AuditState = None,
        sla: flags.AuditSla = None,
        json: flags.Json = None,
        budget_usd: flags.BudgetUsd = None,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.audit_plan import run

        return _ran(run, _source(repo, full, False), options, env, Console())

    return app


def _ran(
    command: "Command", source: "AuditSource", options: RunOptions, env: Mapping[str, str], console: Console
) -> int:
    """The command, or only the settings or the plan that it would go by."""
    if options.show_config:
        from reviewer.commands.audit import show_settings

        return show_settings(source, options, env)
    if options.dry_run:
        from reviewer.commands.audit_plan import run

        return run(source, options, env, Console())
    return command(source, options, env, console)


def _source(repo: list[Path] | None, full: bool, recover: bool) -> "AuditSource":
    from reviewer.commands.audit import AuditSource

    return AuditSource(tuple(repo or [Path()]), full, recover)
