"""What an audit reviews: the files of a commit, chosen, packed and cut into units of work.

A file under audit is a `ChangedFile` whose one hunk holds all of its lines, each marked as unchanged: so views,
anchors, fingerprints and excerpts work as they do for a pull request. Its status is `changed`, the least untrue word
of the report's contract; prompts say `unchanged`.

Packs are laid out from the tree's listing alone, sizes included, before any content is read. So the same commit under
the same rules gives the same packs and unit ids on any machine, whatever is then left out of them as carried over or
not worth a review.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reviewer.core.attributes import Attributes
from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.digest import digest
from reviewer.core.plan import Item, Unit
from reviewer.core.request import Kind


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a commit's tree: path, git's mode and blob id, size in bytes (0 for what is no blob)."""

    path: str
    mode: str
    blob: str
    size: int

    @property
    def folder(self) -> str:
        """The folder it is in; empty at the root."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class NotAudited:
    """A file that is not reviewed, and why. `failed` marks what should have been: it makes the audit incomplete."""

    path: str
    reason: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """A file whose answer of an earlier audit still holds: same content, prompt, model and guidelines."""

    path: str
    identity: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What is chosen: `ignore` and `paths` are gitignore patterns, the latter of what to audit (all unless given)."""

    ignore: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    attributes: Attributes = Attributes()
    max_bytes: int = 2_000_000


@dataclass(frozen=True, slots=True)
class PackBudget:
    """Sizes of units. Tokens for what has a context of its own, bytes for what is packed by its listing."""

    file: int = 40_000
    chunk: int = 24_000
    small_bytes: int = 12_000
    pack_bytes: int = 36_000
    pack_items: int = 12


@dataclass(frozen=True, slots=True)
class AuditUnit:
    """One question of an audit's file round.

    `blobs` and `numbers` go with the unit's items: the content's blob id, and n of the id `In` by which prompt and
    answer name the item. Numbers are places in the pack, so they have gaps where items were left out.
    """

    repository: str
    unit: Unit
    blobs: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def id(self) -> str:
        """`kind-` and 12 hex digits of repository, paths, contents and part: no other unit of any repository has it."""
        return self.unit.id

    @property
    def rows(self) -> tuple["UnitRow", ...]:
        """What is stored of the unit beside the question itself."""
        parts = zip(self.unit.items, self.blobs, self.numbers, strict=True)
        return tuple(UnitRow(item.path, blob, number, item.part, item.parts) for item, blob, number in parts)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One item of a stored unit."""

    path: str
    blob: str
    number: int
    part: int
    parts: int


@dataclass(frozen=True, slots=True)
class Pack:
    """Files that travel together, by their listing; `id` names the unit where the pack is not cut into parts."""

    repository: str
    files: tuple[Listed, ...]

    @property
    def id(self) -> str:
        """The id of the unit of all these files."""
        return audit_unit_id(self.repository, "file", [(file.path, file.blob) for file in self.files])


def file_identity(terms: str, path: str, blob: str) -> str:
    """SHA-256 (hex) under which a file's answer is carried over; `terms` stands for prompt, model and guidelines."""
    return digest(terms, path, blob, digits=64)


def audit_unit_id(repository: str, kind: Kind, files: Sequence[tuple[str, str]], part: str = "1/1") -> str:
    """The id of a unit of (path, blob) pairs; `part` is `n/m` for the n-th of m parts of one file."""
    return f"{kind}-{digest(repository, kind, part, *(text for pair in files for text in pair), digits=12)}"


def packs(repository: str, chosen: Iterable[Listed], budget: PackBudget | None = None) -> Iterator[Pack]:
    """Small files of one folder together, in order; larger ones alone. `chosen` comes folder by folder."""
    budget = budget or PackBudget()
    for _, files in groupby(chosen, key=lambda entry: entry.folder):
        current: list[Listed] = []
        size = 0
        for file in files:
            if file.size > budget.small_bytes:
                yield Pack(repository, (file,))
                continue
            if current and (size + file.size > budget.pack_bytes or len(current) == budget.pack_items):
                yield Pack(repository, tuple(current))
                current, size = [], 0
            current.append(file)
            size += file.size
        if current:
            yield Pack(repository, tuple(current))


def lines_of(text: str) -> list[str]:
    """The lines of a text without their line feeds; a last one without text is none."""
    return text.removesuffix("\n").split("\n") if text else []


def unchanged_file(path: str, text: str) -> ChangedFile:
    """A file without a change: one hunk of all its lines, unmarked. It takes no comments, having no pull request."""
    lines = tuple(Line(" ", number, number, line) for number, line in enumerate(lines_of(text), 1))
    hunk = Hunk(1, len(lines), 1, len(lines), lines)
    return ChangedFile(path, "changed", hunks=(hunk,) if lines else (), content=text, commentable=False)


def audit_changes(repository: str, commit: str, files: Iterable[ChangedFile]) -> ChangeSet:
    """The files of one or more units as the change set that claims are placed in."""
    given = tuple(files)
    return ChangeSet(repository, commit, commit, given, changed_files=len(given))


def single(repository: str, item: Item, blob: str) -> AuditUnit:
    """A unit of one item: a file, or one part of it."""
    kind: Kind = "file" if item.whole else "chunk"
    part = f"{item.part}/{item.parts}"
    unit = Unit(audit_unit_id(repository, kind, [(item.path, blob)], part), kind, (item,))
    return AuditUnit(repository, unit, (blob,), (1,))


def alone(unit: AuditUnit, items: Iterable[Item]) -> Iterator[AuditUnit]:
    """Units of one item each, for items that an answer passed over."""
    wanted = set(map(id, items))
    for item, blob in zip(unit.unit.items, unit.blobs, strict=True):
        if id(item) in wanted:
            yield single(unit.repository, item, blob)
