"""`reviewer audit plan`: what an audit would ask and cost, and the schedule that its SLA takes. No calls."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from reviewer.audit.carried import Earlier, files_of
from reviewer.audit.composing import audit_prompter
from reviewer.audit.document import Audited
from reviewer.audit.durations import p95_by_model
from reviewer.audit.planning import source_of
from reviewer.audit.sampling import sample_size
from reviewer.audit.stages import FILES, INTEGRATION, VERIFY
from reviewer.clock import SystemClock
from reviewer.commands.audit import AuditSource, Setting, full_is_due, last_complete, opened, read_setting
from reviewer.config.durations import parse_duration
from reviewer.config.settings import Settings
from reviewer.core.inventory import AuditUnit, Carried, Listed, NotAudited
from reviewer.core.number import number
from reviewer.core.plan import ContextBudget
from reviewer.core.pricing import cost, dollars, price_of
from reviewer.core.request import Usage
from reviewer.core.sla import COLLECT_GAP, CronCheck, Schedule, check_cron, rounds_that_fit, schedule_for, waits
from reviewer.errors import ExitCode
from reviewer.forge.git import Git
from reviewer.guard.terminal import plain
from reviewer.publish.files import write_whole
from reviewer.wiring import RunOptions, prices_of

_WORKFLOW = ".github/workflows/audit.yml"
_TEST = r"github\.event\.schedule\s*==\s*'[^']+'"
_RUNS = re.compile(rf"({_TEST}(?:\s*\|\|\s*{_TEST})*)[\s)]*&&\s*'audit-(submit|collect)'")
"""What a workflow's expression runs for which cron lines."""
_NOTES_A_FILE = 250
_FINDINGS_A_FILE = 0.4
"""Findings that a file has on average, each to be verified."""
_INTEGRATION_OUTPUT, _VERIFY_INPUT, _VERIFY_OUTPUT = 5_000, 6_000, 900


@dataclass(slots=True)
class _Count:
    """What planning one audit found."""

    requests: int = 0
    files: int = 0
    carried: int = 0
    skipped: int = 0
    input: int = 0
    output: int = 0


def run(source: AuditSource, options: RunOptions, env: Mapping[str, str], console: Console) -> int:
    """Show it; ConfigError (exit code 2) for an SLA that cannot be met. 2, too, where the cron lines miss it."""
    _check_flag(options)
    setting = read_setting(source, options, env)
    settings = setting.settings
    schedule = schedule_for(settings.audit.sla)
    before, p95, waiting = _earlier(setting, source)
    counts = [_counted(each, settings, before) for each in setting.repositories]
    checks = [check for repo in source.repos if (check := _cron(repo, settings.audit.sla))]
    plan = _plan(counts, setting, options)
    fits = rounds_that_fit(_reserve(schedule, checks), _later(settings), p95, _collect_gap(checks))
    plan["waits"] = waiting
    plan["schedule"] = _schedule(schedule, checks, [str(fit) for fit in fits])
    if options.json:
        write_whole(options.json, json.dumps(plan, indent=2) + "\n")
    for line in _lines(plan):
        console.print(Text(plain(line)), soft_wrap=True)
    return ExitCode.PASS if all(check.holds for check in checks) else ExitCode.USAGE


def _check_flag(options: RunOptions) -> None:
    """Refuse `--sla` with the arithmetic, which the settings' own check does not show."""
    given = (options.flags.get("audit") or {}).get("sla")
    if given:
        with suppress(ValueError):  # what is no duration at all is told by the settings
            schedule_for(parse_duration(given))


def _later(settings: Settings) -> list[tuple[str, str]]:
    return [(INTEGRATION, settings.models.integration), (VERIFY, settings.models.verify)]


def _reserve(schedule: Schedule, checks: Sequence[CronCheck]) -> timedelta:
    """What the workflow's own submissions leave of the SLA; without one, what the recommended ones would."""
    gaps = [check.submit_gap for check in checks]
    return max(timedelta(0), schedule.largest - max(gaps)) if gaps else schedule.reserve


def _collect_gap(checks: Sequence[CronCheck]) -> timedelta:
    return max((check.collect_gap for check in checks if check.collect_gap), default=COLLECT_GAP)


def _earlier(setting: Setting, source: AuditSource) -> tuple[Earlier, dict[str, timedelta], str]:
    """What would be carried over, how long batches took, and whether a submission would wait, by the state if any."""
    where = setting.settings.audit.state
    if "://" not in where and not Path(where).exists():
        return Earlier(), {}, ""
    clock = SystemClock()
    with opened(where, clock) as state:
        p95 = p95_by_model(state.figures.durations(), clock.now())
        unfinished = state.audits.unfinished()
        waiting = waits(unfinished.started_at, clock.now(), setting.settings.audit.sla) if unfinished else ""
        last = last_complete(state)
        if last is None or source.full or full_is_due(last, clock.now(), setting.settings):
            return Earlier(), p95, waiting
        return files_of(state, last), p95, waiting


def _counted(repository: Audited, settings: Settings, before: Earlier) -> _Count:
    count, model = _Count(), settings.models.audit
    prompter = audit_prompter(repository, None)
    terms = prompter.terms(model)

    def known(file: Listed) -> str | None:
        return before.identity(repository.name, file, terms)

    for found in source_of(repository).units(known):
        match found:
            case Carried():
                count.carried += 1
            case NotAudited():
                count.skipped += 1
            case AuditUnit():
                request = prompter.audit(found, model)
                count.requests += 1
                count.files += len(found.unit.paths)
                count.input += request.estimated_input
                count.output += request.estimated_output
    return count


def _plan(counts: Sequence[_Count], setting: Setting, options: RunOptions) -> dict[str, Any]:
    settings = setting.settings
    requests, files = sum(each.requests for each in counts), sum(each.files for each in counts)
    sampled = sample_size(requests, settings.audit.sample) if requests else 0
    given, written = sum(each.input for each in counts), sum(each.output for each in counts)
    groups = -(-files * _NOTES_A_FILE // ContextBudget().integration) if files > 1 else 0
    checks = int(files * _FINDINGS_A_FILE)
    prices = prices_of(settings, options.engine)
    rounds = {
        FILES: (requests, settings.models.audit, Usage(given, written)),
        INTEGRATION: (
            groups,
            settings.models.integration,
            Usage(
                min(groups * ContextBudget().integration, given + files * _NOTES_A_FILE), groups * _INTEGRATION_OUTPUT
            ),
        ),
        VERIFY: (checks, settings.models.verify, Usage(checks * _VERIFY_INPUT, checks * _VERIFY_OUTPUT)),
    }
    sync = {name: cost(usage, price_of(model, prices)) for name, (_, model, usage) in rounds.items()}
    share = Decimal(sampled) / requests / 2 if requests else Decimal(0)
    usd = sum(sync.values(), Decimal(0)) / 2 + sync[FILES] * share
    return {
        "schema_version": 1,
        "repositories": [
            {
                "name": each.name,
                "commit": each.commit,
                "requests": count.requests,
                "files": count.files,
                "carried_over": count.carried,
                "skipped": count.skipped,
            }
            for each, count in zip(setting.repositories, counts, strict=True)
        ],
        "sample": sampled,
        "rounds": {
            name: {"requests": number, "batches": -(-number // 100_000), "model": model, "usd": dollars(sync[name] / 2)}
            for name, (number, model, _) in rounds.items()
        },
        "budget_usd": None if settings.budget_usd is None else dollars(settings.budget_usd),
        "estimate": {"usd": dollars(usd), "sync_usd": dollars(sum(sync.values(), Decimal(0)))},
    }


def _schedule(schedule: Schedule, checks: Sequence[CronCheck], fits: Sequence[str]) -> dict[str, Any]:
    return {
        "arithmetic": schedule.arithmetic,
        "submit_cron": schedule.submit_cron,
        "collect_cron": schedule.collect_cron,
        "later_rounds": list(fits),
        "checks": [{"holds": check.holds, "message": check.message, "warning": check.warning} for check in checks],
    }


def _cron(repo: Path, sla: timedelta) -> CronCheck | None:
    """The repository's own audit workflow against the SLA; None where it has none."""
    git = Git(repo)
    text = git.read(git.resolve("HEAD"), [_WORKFLOW]).get(_WORKFLOW, b"").decode("utf-8", "replace")
    zones = dict(_cron_lines(text))
    submits = _submits(text, list(zones))
    if not submits:
        return None
    return check_cron(submits, sla, [line for line in zones if line not in submits], zones)


def _submits(text: str, lines: Sequence[str]) -> list[str]:
    """The cron lines that submit: as the expression says; all where nothing collects; else the first."""
    runs: dict[str, set[str]] = {"submit": set(), "collect": set()}
    for tests, command in _RUNS.findall(text):
        runs[command].update(re.findall(r"'([^']+)'", tests))
    if named := [line for line in lines if line in runs["submit"]]:
        return named
    if runs["collect"].intersection(lines) or "audit-collect" not in text:
        return [line for line in lines if line not in runs["collect"]]
    return list(lines[:1])


def _cron_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each with its time zone."""
    try:
        workflow = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    # YAML 1.1 reads the key `on` as true.
    events = (workflow.get("on") or workflow.get(True)) if isinstance(workflow, dict) else None
    schedule = events.get("schedule") if isinstance(events, dict) else None
    for entry in schedule if isinstance(schedule, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("cron"), str):
            yield entry["cron"], str(entry.get("timezone") or "UTC")


def _budget(cap: Decimal, likely: Decimal) -> str:
    if likely > cap:
        return f"The budget of ${dollars(cap)} is below that: the riskiest files go first, what is left out is named."
    return f"The budget of ${dollars(cap)} cannot be passed; near it, requests go out in several batches, one by one."


def _lines(plan: Mapping[str, Any]) -> Iterator[str]:
    for each in plan["repositories"]:
        yield (
            f"{each['name']}: {number(each['requests'], 'request')} for {number(each['files'], 'file')}; "
            f"{number(each['carried_over'], 'file')} carried over, {each['skipped']:,} not audited."
        )
    yield f"Sample: {number(plan['sample'], 'request')}, synchronously, before anything else."
    for name, each in plan["rounds"].items():
        yield f"{name} round: {number(each['requests'], 'request')} to {each['model']}, about ${each['usd']}."
    told = plan["estimate"]
    yield f"Likely cost: ${told['usd']}; on the synchronous API ${told['sync_usd']}."
    if plan["budget_usd"] is not None:
        yield _budget(Decimal(plan["budget_usd"]), Decimal(told["usd"]))
    if plan["waits"]:
        yield plan["waits"]
    schedule = plan["schedule"]
    yield schedule["arithmetic"]
    yield f"Submit: `{schedule['submit_cron']}`. Collect: `{schedule['collect_cron']}`."
    yield from schedule["later_rounds"]
    if not schedule["checks"]:
        yield f"No cron line was checked: there is none in {_WORKFLOW}."
    for check in schedule["checks"]:
        yield from filter(None, (check["message"], check["warning"]))
