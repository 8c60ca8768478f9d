"""The integration pass: what no single file shows, from the notes of all files and the diffs that fit.

Above one context it works on clusters of related files, then across the clusters' own notes.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewer.core.answer import Reviewed
from reviewer.core.change import ChangeSet
from reviewer.core.cluster import Related, cluster
from reviewer.core.plan import ContextBudget, Item, Unit, unit_id
from reviewer.core.report import PassReport
from reviewer.core.tokens import estimate_tokens
from reviewer.core.view import view_tokens
from reviewer.prompts.render import FileNotes, Prompter
from reviewer.review.answers import read_review
from reviewer.review.asking import Asker, Failed

_NOTES_SHARE = 0.6
"""Share of the context that notes may take; the rest is for diffs."""


@dataclass(frozen=True, slots=True)
class Integrated:
    """What one integration context found, or why it did not."""

    unit: Unit
    paths: tuple[str, ...]
    answer: Reviewed | Failed
    record: PassReport | None = None


class Integrator:
    """Runs the integration pass over the notes of the file passes."""

    def __init__(self, changes: ChangeSet, prompter: Prompter, asker: Asker, model: str, budget: ContextBudget) -> None:
        self._changes = changes
        self._prompter = prompter
        self._asker = asker
        self._model = model
        self._budget = budget

    def clusters(self, notes: Sequence[FileNotes]) -> list[list[FileNotes]]:
        """The notes in groups that fit one context each, the riskiest group first; one group where all fit."""
        limit = int(self._budget.integration * _NOTES_SHARE)
        by_path = {row.path: row for row in notes}
        related = [Related(row.path, row.notes, _tokens(row)) for row in notes]
        groups = [[by_path[path] for path in paths] for paths in cluster(related, limit)]
        return sorted(groups, key=self._risk, reverse=True)

    async def run(self, clusters: Sequence[Sequence[FileNotes]], done: Callable[[Integrated], None]) -> None:
        """All clusters side by side, then, where there are several, once more across what they noted.

        Each is handed to `done` as soon as it is through: the run may be stopped while others are not.
        """
        found = await asyncio.gather(*(self._one(group, number, done) for number, group in enumerate(clusters)))
        if len(clusters) > 1:
            across = [
                FileNotes(f"(files around {of.paths[0]})", of.answer.notes, tuple(c.title for c in of.answer.claims))
                for of in found
                if isinstance(of.answer, Reviewed) and of.answer.notes
            ]
            groups = self.clusters(across)
            await asyncio.gather(*(self._one(group, 1_000 + n, done, items=False) for n, group in enumerate(groups)))

    async def _one(
        self, notes: Sequence[FileNotes], number: int, done: Callable[[Integrated], None], *, items: bool = True
    ) -> Integrated:
        shown = self._items(notes) if items else []
        paths = tuple(row.path for row in notes)
        unit = Unit(f"{unit_id('integration', shown)}-{number}", "integration", tuple(shown))
        got = await self._asker.insist(self._prompter.integration(unit, notes, self._model), read_review)
        integrated = Integrated(unit, paths, got) if isinstance(got, Failed) else Integrated(unit, paths, *got)
        done(integrated)
        return integrated

    def _items(self, notes: Sequence[FileNotes]) -> list[Item]:
        """The hunks of as many of these files as fit, the smallest first, so that most files are seen."""
        room = self._budget.integration - sum(_tokens(row) for row in notes)
        items = []
        for row in notes:
            file = self._changes.file(row.path)
            if file and file.hunks:
                items.append(Item(file, file.hunks, False, view_tokens(tuple(file.lines()))))
        chosen = []
        for item in sorted(items, key=lambda item: item.tokens):
            if item.tokens > room:
                break
            chosen.append(item)
            room -= item.tokens
        place = {row.path: number for number, row in enumerate(notes)}
        return sorted(chosen, key=lambda item: place[item.path])

    def _risk(self, group: Sequence[FileNotes]) -> tuple[int, int]:
        """How much there is to lose by leaving a group out: what was reported in it, and how much of it changed."""
        files = [self._changes.file(row.path) for row in group]
        changed = sum(file.additions + file.deletions for file in files if file)
        return sum(len(row.reported) for row in group), changed


def _tokens(row: FileNotes) -> int:
    return estimate_tokens(row.path + "".join(row.notes) + "".join(row.reported)) + 6 * (
        len(row.notes) + len(row.reported) + 4
    )
