"""`reviewer diff`: review a local change, from a git range or a unified diff."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from reviewer.commands.reviewing import review_changes, tell
from reviewer.config.loading import show
from reviewer.core.attributes import parse_attributes
from reviewer.core.change import ChangeSet
from reviewer.errors import InputError, UsageError
from reviewer.forge.policy import PolicyFiles, local_policy, mark
from reviewer.wiring import RunOptions, settings_of

MAX_INPUT = 64 << 20
"""Bytes of a diff that is read, all of which are in memory at once."""

_EMPTY = (
    "The diff is empty: nothing was reviewed. A `git diff` that failed leaves the same; "
    "where the change is not empty, look at what it said."
)


@dataclass(frozen=True, slots=True)
class DiffSource:
    """Where the change comes from: a range in a repository, or a file (`-`: standard input)."""

    base: str | None = None
    head: str | None = None
    repo: Path = Path()
    diff_file: str | None = None


def run(source: DiffSource, options: RunOptions, env: Mapping[str, str], console: Console, started: float) -> int:
    """Review it, write what was asked for, print the report; the exit code is the verdict's."""
    _check(source)
    if not options.dry_run and options.engine == "anthropic":
        from reviewer.model.client import load_sdk_early

        load_sdk_early()
    policy = _policy(source)
    loaded = settings_of(options, env, policy.config)
    if options.show_config:
        print(show(loaded))
        return 0
    changes = _changes(source, policy)
    report = review_changes(changes, loaded.settings, options, env, console, started).report
    if source.diff_file and not changes.files:
        report = replace(report, notes=(_EMPTY, *report.notes))
    tell(report, options, env, [])
    return report.verdict.exit_code


def _check(source: DiffSource) -> None:
    if source.diff_file and (source.base or source.head):
        raise UsageError("--diff-file and --base/--head exclude each other.", step="Give the one or the other.")
    if not source.diff_file and not source.base:
        raise UsageError(
            "Nothing to review was named.",
            step="Give --base REV (and --head REV), or --diff-file FILE (- is standard input).",
        )


def _policy(source: DiffSource) -> PolicyFiles:
    if source.base is None:
        return PolicyFiles(None, {}, {})  # a bare diff has no base commit, so only --config can set a policy
    return local_policy(source.repo, source.base)


def _changes(source: DiffSource, policy: PolicyFiles) -> ChangeSet:
    from reviewer.forge.local import local_change_set, patch_change_set

    if source.diff_file:
        changes = patch_change_set(_read(source.diff_file))
    else:
        changes = local_change_set(source.repo, source.base or "", source.head or "HEAD")
    files = mark(changes.files, parse_attributes(policy.attributes))
    return replace(changes, files=files, guidelines=policy.guidelines)


def _read(name: str) -> bytes:
    try:
        if name == "-" and sys.stdin is None:
            raise ValueError("standard input is closed")
        if name == "-":
            data = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_INPUT + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"The diff {name} cannot be read: {why}.", step="Check --diff-file.") from error
    if len(data) > MAX_INPUT:
        raise InputError(
            f"The diff {name} is larger than {MAX_INPUT >> 20} MiB.",
            "It may hold data or generated files.",
            "Name the range with --base and --head instead, which reads what fits file by file, or make it in parts.",
        )
    return data
