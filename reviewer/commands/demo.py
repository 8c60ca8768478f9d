"""`reviewer demo`: the bundled sample pull request through the whole path, offline, with every output in a folder."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from reviewer.commands.reviewing import print_outcome, review_changes, write_files
from reviewer.config.loading import load
from reviewer.core.attributes import parse_attributes
from reviewer.forge.local import local_change_set
from reviewer.forge.policy import local_policy, mark
from reviewer.publish.files import write_whole
from reviewer.publish.summary import job_summary
from reviewer.simulator import sample
from reviewer.wiring import CONFIG_NAME, RunOptions


def run(out: Path, verbose: bool, console: Console, started: float) -> int:
    """Review the sample and write report.json, report.sarif, report.html and summary.md into `out`. 0 when it worked:
    the sample's findings are what the demo is there to show."""
    with tempfile.TemporaryDirectory(prefix="reviewer-demo-") as folder:
        base, head = sample.materialise(Path(folder))
        told = json.loads((sample.HERE / "pull_request.json").read_text(encoding="utf-8"))
        policy = local_policy(Path(folder), base)
        changes = local_change_set(Path(folder), base, head)
    changes = replace(
        changes,
        repository="sample/billing",
        title=told["title"],
        body=told["body"],
        files=mark(changes.files, parse_attributes(policy.attributes)),
        guidelines=policy.guidelines,
    )
    options = RunOptions(
        engine="offline",
        json=out / "report.json",
        sarif=out / "report.sarif",
        html=out / "report.html",
        verbose=verbose,
    )
    settings = load(policy.config, CONFIG_NAME, {}, {}).settings
    report = review_changes(changes, settings, options, {}, console, started).report
    write_files(report, options)
    write_whole(out / "summary.md", job_summary(report))
    print_outcome(report, {}, verbose=verbose)
    console.print(f"Written to {out}: report.json, report.sarif, report.html, summary.md.", highlight=False)
    return 0 if report.verdict.state != "incomplete" else report.verdict.exit_code
