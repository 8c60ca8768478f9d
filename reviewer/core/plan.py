"""The plan of a review: which strategy, which units of work, and how large each will be."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.request import Kind
from reviewer.core.select import Selection, Skipped
from reviewer.core.view import around_hunks, cut_hunks, least_tokens, view_tokens, whole_file

Strategy = Literal["single", "multi", "audit"]

MULTI_PASS_AT = 14
"""Changed files from which a review takes several passes; may be lowered, never raised (rule 3)."""


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """Tokens of code that one context may hold. Far below the model's window: attention fails before capacity does."""

    single: int = 60_000
    file: int = 40_000
    chunk: int = 24_000
    integration: int = 60_000
    verify: int = 30_000
    context_lines: int = 40


@dataclass(frozen=True, slots=True)
class Item:
    """One file, or one part of it, as it is shown in a context."""

    file: ChangedFile
    hunks: tuple[Hunk, ...]
    whole: bool
    tokens: int
    part: int = 1
    parts: int = 1
    context_lines: int = 0

    @property
    def path(self) -> str:
        """The file's new path."""
        return self.file.path

    def lines(self) -> Sequence[Line | int]:
        """The lines to show; an int stands for that many lines left out."""
        if self.whole:
            return whole_file(self.file) or tuple(self.file.lines())
        return tuple(around_hunks(self.file, self.hunks, self.context_lines))


@dataclass(frozen=True, slots=True)
class Unit:
    """One question to the model. `id` is stable for the same change: it is made from kind, paths and parts."""

    id: str
    kind: Kind
    items: tuple[Item, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files in this unit's context, each once, in order."""
        return tuple(dict.fromkeys(item.path for item in self.items))

    @property
    def tokens(self) -> int:
        """Estimated tokens of code."""
        return sum(item.tokens for item in self.items)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be asked first. Integration and verify units follow from answers, so they are not in it."""

    strategy: Strategy
    units: tuple[Unit, ...]
    skipped: tuple[Skipped, ...] = ()
    budget: ContextBudget = field(default_factory=ContextBudget)


def unit_id(kind: Kind, items: Sequence[Item]) -> str:
    """`kind-` and 12 hex digits of the paths and parts."""
    names = "\0".join(f"{item.path}\0{item.part}/{item.parts}" for item in items)
    return f"{kind}-{hashlib.sha256(names.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def strategy_of(changes: ChangeSet, multi_pass_at: int = MULTI_PASS_AT) -> Strategy:
    """Rule 3: by the number of changed files as the forge counts them, before any filter."""
    return "multi" if changes.changed_files >= min(multi_pass_at, MULTI_PASS_AT) else "single"


def make_plan(
    changes: ChangeSet,
    selection: Selection,
    multi_pass_at: int = MULTI_PASS_AT,
    budget: ContextBudget | None = None,
) -> Plan:
    """Lay out the first pass: every chosen file is in exactly one unit, or in one unit for each of its chunks."""
    budget = budget or ContextBudget()
    strategy = strategy_of(changes, multi_pass_at)
    if strategy == "multi":
        units = tuple(unit for file in selection.chosen for unit in _file_units(file, budget))
    else:
        units = tuple(_single_units(selection.chosen, budget))
    return Plan(strategy, units, selection.skipped, budget)


def show(file: ChangedFile, room: int, context_lines: int) -> Item:
    """A file shown as fully as `room` tokens allow: whole, or its hunks with context, or its bare hunks."""
    whole = whole_file(file) if least_tokens(file) <= room else None
    if whole is not None and (tokens := view_tokens(whole)) <= room:
        return Item(file, file.hunks, True, tokens)
    for context in (context_lines, context_lines // 4):
        tokens = view_tokens(tuple(around_hunks(file, file.hunks, context)))
        if tokens <= room:
            return Item(file, file.hunks, False, tokens, context_lines=context)
    return Item(file, file.hunks, False, view_tokens(tuple(file.lines())))


def _file_units(file: ChangedFile, budget: ContextBudget) -> list[Unit]:
    item = show(file, budget.file, budget.context_lines)
    if item.tokens <= budget.file:
        return [Unit(unit_id("file", [item]), "file", (item,))]
    return _chunk_units(file, budget)


def _chunk_units(file: ChangedFile, budget: ContextBudget) -> list[Unit]:
    groups = cut_hunks(file.hunks, budget.chunk)
    items = [
        Item(file, group, False, sum(view_tokens(hunk.lines) for hunk in group), number, len(groups))
        for number, group in enumerate(groups, 1)
    ]
    return [Unit(unit_id("chunk", [item]), "chunk", (item,)) for item in items]


def _single_units(files: Sequence[ChangedFile], budget: ContextBudget) -> list[Unit]:
    """One request for all files where they fit; what is too large for a context of its own is cut in chunks."""
    share = budget.single // max(1, len(files))
    units: list[Unit] = []
    packed: list[Item] = []
    size = 0
    small_first = sorted(files, key=lambda file: view_tokens(tuple(file.lines())))
    spare = budget.single
    for position, file in enumerate(small_first):
        share = max(share, spare // (len(files) - position))
        item = show(file, share, budget.context_lines)
        if item.tokens > budget.single:
            units.extend(_chunk_units(file, budget))
            continue
        if packed and size + item.tokens > budget.single:
            units.append(_single(packed, files))
            packed, size, spare = [], 0, budget.single
        packed.append(item)
        size += item.tokens
        spare -= item.tokens
    if packed:
        units.insert(0, _single(packed, files))
    return units


def _single(items: Sequence[Item], order: Sequence[ChangedFile]) -> Unit:
    place = {file.path: position for position, file in enumerate(order)}
    items = sorted(items, key=lambda item: place[item.path])
    return Unit(unit_id("single", items), "single", tuple(items))
