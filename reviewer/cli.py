"""The command line: parse, dispatch, and turn whatever happens into an exit code. Commands are imported when called."""

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

from reviewer import __version__
from reviewer.errors import ExitCode, ReviewerError

_STARTED = time.monotonic()


def main(arguments: list[str] | None = None) -> NoReturn:
    """The `reviewer` command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:  # answered without loading anything
        print(f"reviewer {__version__}")
        sys.exit(ExitCode.PASS)
    held: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: held.append(number))
    gc.freeze()
    from reviewer.publish.streams import clean_streams

    clean_streams()
    verbose = "--verbose" in arguments or os.environ.get("RUNNER_DEBUG") == "1"
    sys.exit(_printed(guarded(lambda: _begin(arguments, held), verbose=verbose)))


def _begin(arguments: list[str], held: list[int]) -> int:
    """Load what every command needs, during which an interrupt would be lost or ugly, and heed them from then on."""
    import typer  # noqa: F401

    import reviewer.commands.app
    import reviewer.wiring  # noqa: F401

    # A shell that starts jobs in the background has them ignore interrupts; a runner must be able to stop this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupted)
    if held:
        raise KeyboardInterrupt
    return _dispatch(arguments)


def _printed(code: int) -> int:
    """The exit code, or 2 where what was asked for could not be printed."""
    if sys.stdout:
        sys.stdout.flush()
    failure = getattr(sys.stdout, "failure", None)
    if failure is None:
        return code
    _say(f"reviewer: standard output could not be written: {failure.strerror}. The other outputs are whole.")
    return code if code >= ExitCode.BUG else int(ExitCode.USAGE)


def _interrupted(_: int, frame: FrameType | None) -> None:
    """Actions sends SIGTERM some seconds after SIGINT; both end the same way, whoever handles the first."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)


def guarded(command: Callable[[], int], *, verbose: bool) -> int:
    """Run a command; expected failures become one message and their exit code, bugs exit 70."""
    _fallback_outputs()  # the last ones count, so these are for runs that never come to write theirs
    try:
        return command()
    except ReviewerError as error:
        _say(f"reviewer: {error}")
        _annotate(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        _say("reviewer: interrupted; nothing more was sent or posted.")
        return int(ExitCode.INTERRUPTED)
    except Exception as error:
        _fallback_outputs()
        _say(f"reviewer: a bug in Reviewer: {type(error).__name__}: {error}")
        _say(traceback.format_exc() if verbose else "Run it again with --verbose for the traceback, and report it.")
        return int(ExitCode.BUG)


def _dispatch(arguments: list[str]) -> int:
    """Parse and run; a misused command line shows its usage and is exit code 2."""
    import typer
    from typer.exceptions import TyperException

    from reviewer.wiring import environment

    env = environment()
    _tell_unknown(env)
    from reviewer.commands.app import build_app

    try:
        command = typer.main.get_command(build_app(_STARTED, env))
        code = int(command.main(arguments or ["--help"], prog_name="reviewer", standalone_mode=False) or 0)
        if code == ExitCode.INTERRUPTED:  # typer has caught the interrupt and made a code of it
            raise KeyboardInterrupt
        return code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except TyperException as error:
        _fallback_outputs()
        show = getattr(error, "show", None)
        if show:
            show()
        return int(ExitCode.USAGE)


def _tell_unknown(env: Mapping[str, str]) -> None:
    """Variables that look like settings and are none: no error, since they may be another tool's."""
    from reviewer.config.loading import unknown_variables

    for name, near in unknown_variables(env).items():
        hint = f" Did you mean {near}?" if near else ""
        _say(f"reviewer: the variable {name} is none of Reviewer's settings, so it has no effect.{hint}")


def _say(text: str) -> None:
    from reviewer.guard.workflow import log

    print(log(text), file=sys.stderr)


def _annotate(text: str) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from reviewer.guard.workflow import command

        print(command("error", text, title="Reviewer"))


def _fallback_outputs() -> None:
    """An output that is not written could be forged by a log line, so they always are."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        from reviewer.publish.outputs import fallback_outputs

        try:
            fallback_outputs(Path(path))
        except ReviewerError as error:
            _say(f"reviewer: {error}")
