"""The outputs of the Actions step. All five are always written: one that is not could be set by a forged log line."""

import secrets
from pathlib import Path

from reviewer.core.pricing import dollars
from reviewer.core.report import Report
from reviewer.errors import InputError
from reviewer.guard import workflow
from reviewer.guard.outgoing import clean

_NAMES = ("verdict", "findings", "blocking", "cost-usd", "report")


def write_outputs(path: Path, report: Report, report_path: Path | None) -> None:
    """Append verdict, counts, cost and the JSON's path to GITHUB_OUTPUT, which `path` names."""
    verdict = report.verdict
    _append(
        path,
        verdict.state,
        str(verdict.findings),
        str(verdict.blocking),
        dollars(report.cost.usd),
        str(report_path or ""),
    )


def fallback_outputs(path: Path) -> None:
    """What is written where there is no report: at the start of a run, so that a crash leaves it, or after one."""
    _append(path, "incomplete", "0", "0", "0.000000", "")


def _append(path: Path, *values: str) -> None:
    delimiter = f"reviewer-{secrets.token_hex(16)}"
    entries = zip(_NAMES, values, strict=True)
    text = "".join(workflow.output(name, clean(value), delimiter) for name, value in entries)
    try:
        with path.open("a", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise InputError(
            f"The step's outputs could not be written to {path}: {error.strerror or error}.",
            "GITHUB_OUTPUT may name a file that this user cannot write to.",
            "Let GITHUB_OUTPUT name a writable file, or unset it outside GitHub Actions.",
        ) from error
