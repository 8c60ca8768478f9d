"""The commands and their flags. Each one's work is imported when it is called, so that start-up stays fast."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reviewer import __version__
from reviewer.commands import flags
from reviewer.commands.audit_app import build_audit


def build_app(started: float, env: Mapping[str, str]) -> typer.Typer:
    """The application; `started` is the process's monotonic start, from which deadlines count."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

    @app.callback(help="Claude reviews every pull request before the merge. Exit codes: 0 pass, 1 findings, 2 usage, "
                       "3 incomplete, 70 a bug, 130 interrupted.")  # fmt: skip
    def _root(
        version: Annotated[bool, typer.Option("--version", metavar=flags.NO_VALUE, help="Show the version.")] = False,
    ) -> None:
        if version:
            print(f"reviewer {__version__}")

    @app.command(help="Review a local change: a git range, or a unified diff.")
    def diff(
        base: Annotated[str | None, typer.Option(metavar="REV", help="Where the change starts.")] = None,
        head: Annotated[str | None, typer.Option(metavar="REV", help="Where it ends; HEAD unless given.")] = None,
        repo: Annotated[Path, typer.Option(help="The repository.")] = Path(),
        diff_file: Annotated[
            str | None, typer.Option(metavar="FILE", help="A unified diff instead; - is standard input.")
        ] = None,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        dry_run: flags.DryRun = False,
        json: flags.Json = None,
        sarif: flags.Sarif = None,
        html: flags.Html = None,
        fail_on: flags.FailOn = None,
        budget_usd: flags.BudgetUsd = None,
        multi_pass_at: flags.MultiPassAt = None,
        deadline: flags.Deadline = None,
        cache_dir: flags.CacheDir = None,
        force: flags.Force = False,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.diff import DiffSource, run

        return run(DiffSource(base, head, repo, diff_file), options, env, Console(stderr=True), started)

    @app.command(help="Review a pull request on GitHub: the one of the Actions event, or --number.")
    def pr(
        repository: Annotated[
            str | None, typer.Option(metavar="OWNER/NAME", help="GITHUB_REPOSITORY unless given.")
        ] = None,
        number: Annotated[int | None, typer.Option(min=1, help="The pull request; the event's unless given.")] = None,
        repo: Annotated[Path | None, typer.Option(help="A clone to read from; GITHUB_WORKSPACE unless given.")] = None,
        post_only: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Post an earlier run's JSON report; no model call.")
        ] = None,
        max_inline_comments: flags.MaxInlineComments = None,
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        dry_run: flags.DryRun = False,
        json: flags.Json = None,
        sarif: flags.Sarif = None,
        html: flags.Html = None,
        fail_on: flags.FailOn = None,
        budget_usd: flags.BudgetUsd = None,
        multi_pass_at: flags.MultiPassAt = None,
        deadline: flags.Deadline = None,
        cache_dir: flags.CacheDir = None,
        force: flags.Force = False,
        config: flags.Config = None,
        show_config: flags.ShowConfig = False,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.pr import PullSource, run

        source = PullSource(repository, number, repo, post_only)
        return run(source, options, env, Console(stderr=True), started)

    @app.command(help="Check key, token, permissions and configuration, and say what is missing.")
    def doctor(
        repo: Annotated[Path, typer.Option(help="The repository whose configuration is read.")] = Path(),
        engine: flags.Engine = flags.EngineName.ANTHROPIC,
        config: flags.Config = None,
        verbose: flags.Verbose = False,
    ) -> int:
        options = flags.run_options(locals())
        from reviewer.commands.doctor import run

        return run(repo, options, env, Console())

    @app.command(
        help="Show what Reviewer does: the bundled sample pull request, reviewed offline, all outputs in a folder."
    )
    def demo(
        out: Annotated[Path, typer.Option(help="The folder for the outputs.")] = Path("demo-out"),
        verbose: flags.Verbose = False,
    ) -> int:
        from reviewer.commands.demo import run

        return run(out, verbose, Console(stderr=True), started)

    app.add_typer(build_audit(env), name="audit")
    return app
