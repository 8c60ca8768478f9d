"""The rules: everything the offline engine knows about single files, a family per module."""

from collections.abc import Iterator
from dataclasses import dataclass

from reviewer.simulator.brain.reading import Item

from . import delivery, go, javascript, leftovers, python_basics, python_tree, secrets, sql, tool_codes
from .kinds import Hit, Rule, Source

RULES: tuple[Rule, ...] = (
    *leftovers.RULES, *secrets.RULES, *python_tree.RULES, *python_basics.RULES, *javascript.RULES, *go.RULES,
    *sql.RULES, *delivery.RULES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """Hits in the order of their lines, and the tools that would have been used but were not to be had."""

    hits: tuple[Hit, ...]
    missing: frozenset[str]


def source_of(item: Item) -> Source:
    """The new side of an item, as the rules look at it."""
    return Source(item.path, item.new, item.reviewed, item.whole, item.removed)


def scan(source: Source) -> Scan:
    """Run all rules and tools that fit the language; one hit per line and problem, the tool's first (it has fixes)."""
    missing: set[str] = set()
    hits = [*_tool_hits(source, missing), *_own_hits(source)] if source.reviewed or source.removed else []
    first: dict[tuple[int, str], Hit] = {}
    for hit in hits:
        first.setdefault((hit.line, hit.problem.name), hit)
    return Scan(tuple(sorted(first.values(), key=lambda hit: (hit.line, hit.problem.name))), frozenset(missing))


def _tool_hits(source: Source, missing: set[str]) -> Iterator[Hit]:
    tools = {"python": ("ruff", tool_codes.ruff_hits), "shell": ("shellcheck", tool_codes.shellcheck_hits)}
    if source.language in tools:
        name, run = tools[source.language]
        hits = run(source)
        if hits is None:
            missing.add(name)
        yield from hits or ()


def _own_hits(source: Source) -> Iterator[Hit]:
    for rule in RULES:
        if not rule.languages or source.language in rule.languages:
            yield from rule.find(source)
