"""Code as it was sent, read back from the stored requests: an audit goes on from its state alone, days later, anywhere.

A unit's payload holds what the prompt does not say (blob ids, places in the pack); the lines themselves are in the
request, so nothing is kept twice. Lines longer than a view shows come back as the model saw them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from reviewer.core.answer import Reviewed, Unusable
from reviewer.core.audit_answer import covered, join_parts
from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.inventory import AuditUnit, UnitRow, unchanged_file
from reviewer.core.plan import Item, Unit
from reviewer.core.request import Answered, Request
from reviewer.core.tokens import estimate_tokens
from reviewer.review.answers import read_review
from reviewer.store.audit_values import UnitRecord

_ROW = re.compile(r" {0,6}(\d+) . (.*)", re.DOTALL)
_PART = re.compile(r"(\d+) of (\d+)")
_VIEW = '"view": ['


@dataclass(frozen=True, slots=True)
class FilePayload:
    """What is stored of a file unit. `holds` are the paths for which its answer counts: a carried one may be out of
    date for others. `terms` stands for prompt, model and guidelines (`AuditPrompter.terms`).
    """

    rows: tuple[UnitRow, ...]
    terms: str
    holds: frozenset[str]

    def write(self) -> bytes:
        """As bytes for the state."""
        rows = [[row.path, row.blob, row.number, row.part, row.parts, row.path in self.holds] for row in self.rows]
        return json.dumps({"rows": rows, "terms": self.terms}).encode()

    @classmethod
    def read(cls, data: bytes) -> "FilePayload":
        """What `write` wrote."""
        value = json.loads(data)
        rows = tuple(UnitRow(*row[:5]) for row in value["rows"])
        return cls(rows, value["terms"], frozenset(row[0] for row in value["rows"] if row[5]))

    @classmethod
    def of(cls, unit: AuditUnit, terms: str) -> "FilePayload":
        """Of a unit that is asked anew."""
        return cls(unit.rows, terms, frozenset(unit.unit.paths))


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of a prompt, its lines still as they stand there: most are never looked at again."""

    path: str
    part: int
    parts: int
    tokens: int
    source: str

    def lines(self) -> tuple[Line, ...]:
        """The lines, by their numbers in the file."""
        view = json.loads(self.source)["view"]
        rows = [found for row in view if (found := _ROW.fullmatch(row))]
        return tuple(Line(" ", int(row[1]), int(row[1]), row[2]) for row in rows)

    @property
    def last(self) -> int:
        """The number of the last line, 0 for an empty file."""
        view = json.loads(self.source)["view"]
        return next((int(found[1]) for row in reversed(view) if (found := _ROW.fullmatch(row))), 0)

    @property
    def stub(self) -> Item:
        """The item without its lines."""
        return Item(ChangedFile(self.path, "changed"), (), self.parts == 1, self.tokens, self.part, self.parts)

    @property
    def item(self) -> Item:
        """The item as it was sent."""
        file = _file(self.path, self.lines(), whole=self.parts == 1)
        return Item(file, file.hunks, self.parts == 1, self.tokens, self.part, self.parts)


def read_items(request: Request) -> dict[str, Shown]:
    """The items of a prompt by their ids."""
    tag = re.escape(request.tag)
    pattern = re.compile(rf'^<item id="{tag}">\n(.*?)\n</item id="{tag}">$', re.DOTALL | re.MULTILINE)
    found = (match[1] for block in request.turns[0].blocks for match in pattern.finditer(block.text))
    return dict(map(_shown, found))


def _shown(text: str) -> tuple[str, Shown]:
    # The view stands last, and a quotation mark inside of a string before it is escaped.
    value = json.loads(text.partition(_VIEW)[0] + _VIEW + "]}")
    numbers = _PART.fullmatch(value["part"])
    part, parts = (int(numbers[1]), int(numbers[2])) if numbers else (1, 1)
    return value["item"], Shown(value["path"], part, parts, estimate_tokens(text), text)


def _file(path: str, lines: Sequence[Line], *, whole: bool) -> ChangedFile:
    if whole:
        return unchanged_file(path, "".join(f"{line.text}\n" for line in lines))
    hunks = []
    for _, run in groupby(enumerate(lines), key=lambda pair: (pair[1].new or 0) - pair[0]):
        few = tuple(line for _, line in run)
        start = few[0].new or 1
        hunks.append(Hunk(start, len(few), start, len(few), few))
    return ChangedFile(path, "changed", hunks=tuple(hunks), commentable=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What one answer says of one file or part of a file, with the unit's record and the item that was shown."""

    record: UnitRecord
    shown: Shown
    blob: str
    answer: Reviewed


@dataclass(frozen=True)
class FileView:
    """One file that was read to its end, with what was said of each of its parts."""

    repository: str
    path: str
    blob: str
    tokens: int
    parts: tuple[Said, ...]

    @cached_property
    def file(self) -> ChangedFile:
        """The whole file."""
        # Parts show some lines of the others, too.
        lines = {line.new: line.text for said in self.parts for line in said.shown.lines()}
        return unchanged_file(self.path, "".join(f"{lines[number]}\n" for number in sorted(filter(None, lines))))

    @property
    def size(self) -> int:
        """Its lines."""
        return max(said.shown.last for said in self.parts)

    @property
    def answer(self) -> Reviewed:
        """The answers on all parts as one."""
        answers = [said.answer for said in self.parts]
        return answers[0] if len(answers) == 1 else join_parts(answers)

    @property
    def carried(self) -> bool:
        """Whether an earlier audit paid for all of it."""
        return all(said.record.carried for said in self.parts)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Items of a unit that its answer does not account for."""

    unit: AuditUnit
    items: tuple[Item, ...]


def read_files(records: Iterable[UnitRecord]) -> Iterator[FileView | PassedOver]:
    """Every file that was read, in the order of its units; what an answer passed over comes with its unit.

    A file of several parts comes once all of them are answered; where one is not, the file does not come at all.
    """
    said = (each for record in records for each in _said(record))
    for _, run in groupby(said, key=_place):
        few = list(run)
        if isinstance(few[0], PassedOver):
            yield few[0]
            continue
        parts = tuple(each for each in few if isinstance(each, Said))
        if len(parts) == parts[0].shown.parts:
            first = parts[0]
            tokens = sum(said.shown.tokens for said in parts)
            yield FileView(first.record.repository, first.shown.path, first.blob, tokens, parts)


def _said(record: UnitRecord) -> Iterator[Said | PassedOver]:
    answer = read_review(record.reply.text) if isinstance(record.reply, Answered) else None
    if answer is None or isinstance(answer, Unusable):
        return
    payload, items = FilePayload.read(record.payload), read_items(record.request)
    shown = [items[f"I{row.number}"] for row in payload.rows]
    unit = _unit(record, payload, [each.stub for each in shown])
    coverage = covered(answer, unit)
    place = {id(stub): number for number, stub in enumerate(unit.unit.items)}
    for each in coverage.answered:
        if each.item.path in payload.holds:
            yield Said(record, shown[place[id(each.item)]], each.blob, each.answer)
    missing = [place[id(stub)] for stub in coverage.missing if stub.path in payload.holds]
    if missing:
        whole = _unit(record, payload, [each.item for each in shown])
        yield PassedOver(whole, tuple(whole.unit.items[number] for number in missing))


def _unit(record: UnitRecord, payload: FilePayload, items: Sequence[Item]) -> AuditUnit:
    unit = Unit(record.unit, record.request.kind, tuple(items))
    blobs, numbers = tuple(row.blob for row in payload.rows), tuple(row.number for row in payload.rows)
    return AuditUnit(record.repository, unit, blobs, numbers)


def _place(each: Said | PassedOver) -> object:
    if isinstance(each, PassedOver):
        return id(each)
    shown = each.shown
    return each.record.repository, shown.path, shown.part if shown.parts == 1 else 0
