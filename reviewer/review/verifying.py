"""The verify pass: candidate findings are judged in a fresh context, grouped by file, against the code they quote."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reviewer.core.answer import Judgement
from reviewer.core.change import ChangedFile, ChangeSet, Line, Side
from reviewer.core.finding import Disposition, Finding, Severity
from reviewer.core.number import number
from reviewer.core.plan import ContextBudget, Item, Unit, show, unit_id
from reviewer.core.view import around_hunks, close_up, cut_hunks, view_tokens
from reviewer.prompts.render import Prompter
from reviewer.review.answers import read_verdicts
from reviewer.review.asking import Asker, Failed

MAX_CANDIDATES = 12
"""Candidates in one verify context; more would each get a glance."""
_MENTIONED = 8
_PATH = re.compile(r"[\w.@+\-/]{1,200}\.\w{1,12}")


class Verifier:
    """Judges findings. What it could not judge stays as it is, unverified, and the failure is told."""

    def __init__(self, changes: ChangeSet, prompter: Prompter, asker: Asker, model: str, budget: ContextBudget) -> None:
        self._changes = changes
        self._prompter = prompter
        self._asker = asker
        self._model = model
        self._budget = budget
        names = Counter(file.path.rpartition("/")[2] for file in changes.files)
        self._by_name = {name: file for file in changes.files if names[name := file.path.rpartition("/")[2]] == 1}

    def groups(self, findings: Iterable[Finding]) -> list[list[Finding]]:
        """Findings by file, in groups that one context can do justice to."""
        by_path: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.disposition is Disposition.SUMMARY:
                by_path.setdefault(finding.anchor.path, []).append(finding)
        return [
            group[start : start + MAX_CANDIDATES]
            for group in by_path.values()
            for start in range(0, len(group), MAX_CANDIDATES)
        ]

    async def verify(self, group: Sequence[Finding]) -> tuple[list[Finding], Failed | None]:
        """The group's findings, judged; a second request asks for those that the first answer passed over."""
        judged: list[Finding] = []
        waiting = list(group)
        for _ in range(2):
            unit = self._unit(waiting)
            got = await self._asker.insist(self._prompter.verify(unit, waiting, self._model), read_verdicts)
            if isinstance(got, Failed):
                return judged + waiting, got
            verdicts, _record = got
            missed = []
            for place, finding in enumerate(waiting, 1):
                judgement = verdicts.get(f"F{place}")
                if judgement is None:
                    missed.append(finding)
                else:
                    judged.append(apply(finding, judgement))
            waiting = missed
            if not waiting:
                return judged, None
        message = f"The verify pass left out {number(len(waiting), 'finding')} on {waiting[0].anchor.path}."
        return judged + waiting, Failed("answer", message, "Run it again.", (waiting[0].anchor.path,))

    def _unit(self, findings: Sequence[Finding]) -> Unit:
        room = self._budget.verify
        items: list[Item] = []
        file = self._changes.file(findings[0].anchor.path)
        if file:
            items.append(_shown(file, findings, room, self._budget.context_lines))
            room -= items[0].tokens
        for other in self._mentioned(findings, file):
            item = Item(other, other.hunks, False, view_tokens(tuple(other.lines())))
            if item.tokens <= room:
                items.append(item)
                room -= item.tokens
        return Unit(unit_id("verify", items), "verify", tuple(items))

    def _mentioned(self, findings: Sequence[Finding], own: ChangedFile | None) -> list[ChangedFile]:
        """Other changed files that the findings name: a claim across files cannot be judged from one of them."""
        text = " ".join(f"{finding.claim.title} {finding.claim.explanation}" for finding in findings)
        named = dict.fromkeys(_PATH.findall(text))
        found = [self._changes.file(name) or self._by_name.get(name.rpartition("/")[2]) for name in named]
        return [other for other in found if other and other is not own and other.hunks][:_MENTIONED]


def _shown(file: ChangedFile, findings: Sequence[Finding], room: int, context: int) -> Item:
    """The whole file, or its hunks and what the findings are about, or where that is too much the latter alone: nobody
    can judge a line that is not shown."""
    item = show(file, room, context)
    fits = item.tokens <= room
    if fits and (item.whole or _shows(item, findings)):
        return item
    for beside in (True, False) if fits else (False,):
        for width in (context, context // 4, 0):
            item = _closer(file, findings, width, beside=beside, room=room)
            if item.tokens <= room:
                return item
    return item


def _shows(item: Item, findings: Sequence[Finding]) -> bool:
    seen = {place for line in item.lines() if isinstance(line, Line) for place in _places(line)}
    return all((finding.anchor.side, finding.anchor.start_line) in seen for finding in findings)


def _places(line: Line) -> tuple[tuple[Side, int | None], ...]:
    return (("LEFT", line.old),) if line.mark == "-" else (("RIGHT", line.new),)


def _closer(file: ChangedFile, findings: Sequence[Finding], width: int, *, beside: bool, room: int) -> Item:
    """The findings' lines with `width` more on either side, `beside` the file's hunks or without them."""
    wanted: set[tuple[Side, int | None]] = set()
    for place in (finding.anchor for finding in findings):
        last = min(place.end_line, place.start_line + 2 * width)
        wanted.update((place.side, at) for at in range(place.start_line, last + 1))
    if beside:
        wanted.update(at for line in file.lines() for at in _places(line))
    hunks = close_up(file, lambda line: not wanted.isdisjoint(_places(line)), width)
    hunks = hunks or next(iter(cut_hunks(file.hunks, room)), ())
    return Item(file, hunks, False, view_tokens(tuple(around_hunks(file, hunks, 0))))


def apply(finding: Finding, judgement: Judgement) -> Finding:
    """A finding after its judgement: refuted, or verified with the severity it deserves."""
    if not judgement.holds:
        return replace(
            finding, disposition=Disposition.REFUTED, verified=False, verdict_note=judgement.explanation.strip()
        )
    claim = replace(finding.claim, severity=Severity(judgement.severity))
    return replace(finding, claim=claim, verified=True, verdict_note=judgement.explanation.strip())
