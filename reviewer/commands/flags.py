"""The flags that several commands share, as typer understands them, and what they amount to."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reviewer.wiring import RunOptions


class EngineName(StrEnum):
    """What answers: the model, or the rules of the simulator, which is never chosen silently."""

    ANTHROPIC = "anthropic"
    OFFLINE = "offline"


class FailOnName(StrEnum):
    """The least severity that fails the check."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


_OUTPUT, _SETTINGS = "Outputs", "Settings (each also a key of reviewer.yml and a REVIEWER_* variable)"

NO_VALUE = ""
"""The metavar of a switch: typer would name its type, as if a value were to be given."""

Engine = Annotated[EngineName, typer.Option(help="Who answers: the model, or offline rules without any model.")]
DryRun = Annotated[bool, typer.Option("--dry-run", metavar=NO_VALUE, help="Only plan: passes and cost, no model call.")]
Verbose = Annotated[bool, typer.Option("--verbose", metavar=NO_VALUE, help="Show every file and pass, and tracebacks.")]
ShowConfig = Annotated[
    bool, typer.Option("--show-config", metavar=NO_VALUE, help="Print each setting with its origin, and stop.")
]
Force = Annotated[
    bool,
    typer.Option("--force", metavar=NO_VALUE, help="Ask again what was answered before, and say again what was said."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.", rich_help_panel=_OUTPUT)]
Sarif = Annotated[
    Path | None, typer.Option(help="Write the findings as SARIF 2.1.0; a dry run has none.", rich_help_panel=_OUTPUT)
]
Html = Annotated[Path | None, typer.Option(help="Write the report as one HTML page.", rich_help_panel=_OUTPUT)]
Config = Annotated[
    Path | None,
    typer.Option(
        help="A configuration file in place of the base commit's .github/reviewer.yml.", rich_help_panel=_SETTINGS
    ),
]
FailOn = Annotated[
    FailOnName | None, typer.Option(help="The least severity that fails the check.", rich_help_panel=_SETTINGS)
]
BudgetUsd = Annotated[
    str | None, typer.Option(metavar="N", help="A hard cap in US dollars.", rich_help_panel=_SETTINGS)
]
MultiPassAt = Annotated[
    int | None,
    typer.Option(help="Changed files from which several passes are made (14 at most).", rich_help_panel=_SETTINGS),
]
Deadline = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="When to end with what is there, such as 15m.", rich_help_panel=_SETTINGS),
]
CacheDir = Annotated[
    Path | None, typer.Option(help="A folder for answers already paid for.", rich_help_panel=_SETTINGS)
]
MaxInlineComments = Annotated[
    int | None, typer.Option(help="Inline comments in one review.", rich_help_panel=_SETTINGS)
]

AuditRepos = Annotated[
    list[Path] | None, typer.Option("--repo", metavar="DIR", help="A repository; give it several times for several.")
]
AuditState = Annotated[
    str | None,
    typer.Option("--state", metavar="WHERE", help="The audit's state: a file, or a database URL.",
                 rich_help_panel=_SETTINGS),
]  # fmt: skip
AuditSla = Annotated[
    str | None,
    typer.Option("--sla", metavar="TIME", help="Within what time findings are published, such as 30h.",
                 rich_help_panel=_SETTINGS),
]  # fmt: skip
AuditFull = Annotated[bool, typer.Option("--full", metavar=NO_VALUE, help="Carry nothing over from the last audit.")]
AuditRecover = Annotated[
    bool,
    typer.Option(
        "--recover",
        metavar=NO_VALUE,
        help="The state is lost: find the audit's batches from the API and the repository.",
    ),
]


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """The shared flags among a command's arguments, by their parameter names."""
    fail_on = given.get("fail_on")
    cache_dir = given.get("cache_dir")
    return RunOptions(
        engine="offline" if given["engine"] is EngineName.OFFLINE else "anthropic",
        dry_run=given.get("dry_run", False),
        json=given.get("json"),
        sarif=given.get("sarif"),
        html=given.get("html"),
        config=given.get("config"),
        show_config=given.get("show_config", False),
        verbose=given.get("verbose", False),
        force=given.get("force", False),
        flags={
            "fail-on": str(fail_on) if fail_on else None,
            "budget-usd": given.get("budget_usd"),
            "multi-pass-at": given.get("multi_pass_at"),
            "deadline": given.get("deadline"),
            "cache-dir": str(cache_dir) if cache_dir else None,
            "max-inline-comments": given.get("max_inline_comments"),
            "audit": {key: value for key, value in (("state", given.get("state")), ("sla", given.get("sla"))) if value}
            or None,
        },
    )
