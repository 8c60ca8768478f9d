"""What reviews and audits cost at list prices: pull requests of three sizes, a push, and two nights of an audit.

The whole path runs against the simulator, which bills as the API does. Input tokens are therefore counted on real
prompts, by the simulator's rule (bytes over 3.2); the lengths of answers are assumptions, the same that estimates use.
"""

import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks import audit
from benchmarks.running import review
from reviewer.core.change import ChangeSet
from reviewer.core.request import Usage
from reviewer.forge.local import local_change_set
from reviewer.simulator import Answer, Behaviour, Simulator
from tests.forge.local_repository import Repository
from tests.known_answers import read_prompt

_LINES, _CHANGED, _FINDING_EVERY = 160, 24, 3
_OUTPUT = {"single": 4_000, "file": 2_000, "integration": 5_000, "verify": 900}
"""Tokens of an answer, thinking included."""


@dataclass(frozen=True, slots=True)
class Costs:
    """One review's calls, tokens and dollars."""

    name: str
    calls: int
    usage: Usage
    usd: Decimal


def brain(body: dict[str, Any]) -> Answer:
    """Finds the marked lines, confirms them all, and answers at the assumed length."""
    prompt = read_prompt(body)
    if prompt.is_verification:
        verdicts = [
            {"id": row["id"], "holds": True, "severity": row["severity"], "explanation": "The line shows it."}
            for row in prompt.candidates
        ]
        return Answer(json.dumps({"verdicts": verdicts}), output_tokens=_OUTPUT["verify"])
    kind = "integration" if prompt.is_integration else "single" if len(prompt.items) > 1 else "file"
    marked = [(path, n, line) for path, lines in prompt.items.items() for n, line in lines.items() if "# bug" in line]
    findings = [_finding(*place) for place in marked] if kind != "integration" else []
    answer = {"summary": "A change.", "interface_notes": [], "findings": findings}
    return Answer(json.dumps(answer), output_tokens=_OUTPUT[kind])


def _finding(path: str, line: int, quote: str) -> dict[str, Any]:
    text = {"title": f"Line {line} is wrong", "explanation": "It fails on empty input.", "suggestion": ""}
    rated = {"severity": "high", "confidence": "high", "category": "correctness"}
    return {"path": path, "start_line": line, "end_line": line, "quote": quote, **rated, **text}


def files(count: int, *, edited: bool, pushed: bool = False) -> dict[str, bytes]:
    """Modules of 160 lines; where edited, 24 of them in two places, a fault in every third module. The push changes
    one module more."""
    made = {}
    for number in range(count):
        lines = _module(number)
        if edited:
            _edit(lines, number, "again" if pushed and number == 1 else "once")
        made[f"shop/area_{number // 8}/module_{number}.py"] = ("\n".join(lines) + "\n").encode()
    return made


def _module(number: int) -> list[str]:
    chance = random.Random(number)
    return [
        f"    total_{line} = price_of(order.items[{chance.randrange(90)}], rates, currency={line % 7})"
        for line in range(_LINES)
    ]


def _edit(lines: list[str], number: int, mark: str) -> None:
    for start in (30, 110):
        for line in range(start, start + _CHANGED // 2):
            lines[line] = f"    total_{line} = rounded(price_of(order.items[{line}], rates), mode='{mark}')"
    if number % _FINDING_EVERY == 0:
        lines[32] += "  # bug"


def pull_requests(*sizes: int) -> list[Costs]:
    """Reviews of so many changed files, and of a push that changes one of the last."""
    with tempfile.TemporaryDirectory() as temporary, Simulator(Behaviour(brain=brain)) as simulator:
        measured = []
        for count in sizes:
            repository = Repository(Path(temporary) / f"shop{count}")
            base = repository.commit(files(count, edited=False))
            head = repository.commit(files(count, edited=True), "change", parent=base)
            pushed = repository.commit(files(count, edited=True, pushed=True), "change", parent=head)
            memo = {"cache-dir": f"{temporary}/memo{count}"}
            name = f"pull request, {count} files"
            measured.append(_review(name, local_change_set(repository.folder, base, head), simulator, memo))
        after = local_change_set(repository.folder, base, pushed)
        measured.append(_review(f"a push that changes 1 of the {sizes[-1]}", after, simulator, memo))
        return measured


def _review(name: str, changes: ChangeSet, simulator: Simulator, settings: dict[str, str]) -> Costs:
    run = review(changes, simulator.base_url, settings)
    asked = [made for made in run.passes if not made.memo]
    assert not run.outcome.failures, run.outcome.failures
    return Costs(
        name, len(asked), sum((made.usage for made in asked), Usage()), sum((made.usd for made in asked), Decimal(0))
    )


def show(rows: Sequence[Costs], nights: dict[str, Any]) -> None:
    """Print them."""
    print("\nCosts at list prices (answers' lengths are assumed)")
    print(f"  {'':<42}{'calls':>7}{'input':>12}{'from cache':>12}{'output':>10}{'USD':>9}")
    for row in rows:
        usage = row.usage
        print(
            f"  {row.name:<42}{row.calls:>7}{usage.total_input:>12,}{usage.cache_read_input_tokens:>12,}"
            f"{usage.output_tokens:>10,}{row.usd:>9.2f}"
        )
    for name, key in (("first night", "usd"), ("second night, 1 % of files changed", "second night: usd")):
        told = f"audit of {nights['files']:,} files, {name}"
        print(f"  {told:<83}{nights[key]:>9.2f}")
    print(f"  the first night's share of the synchronous cost: {nights['of the synchronous cost']:.3f}")


def main() -> None:
    """Reviews, then both nights."""
    show(pull_requests(3, 12, 60), dict(audit.run()))
