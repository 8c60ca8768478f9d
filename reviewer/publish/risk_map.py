"""The map of what was reviewed: each file's area is its code, its colour the worst finding in it. Paths are untrusted.

Folders are groups. What is too small to be seen, or one too many, is folded into one cell of its folder.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reviewer.core.finding import Finding, Severity
from reviewer.core.number import number
from reviewer.core.report import FileReport, Report
from reviewer.core.treemap import Box, squarify
from reviewer.guard.terminal import plain
from reviewer.publish.wording import severities

CLEAN, UNREAD = "clean", "unread"
_GROUPS = 16
"""Folders at most; more are too small to be named, so the map looks less deep then."""
_HEADER = 18
"""Height of a folder's name."""
_SEEN = 36
"""Square pixels below which a cell without findings is folded away."""
_LETTER, _SMALL_LETTER = 6.7, 6.0
"""Width of a character of a file's name, and of a note."""
_DENSE = (1.0, 4.0)
"""Findings in 100 lines from which a colour is stronger, and strongest."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One file, or the rest of a folder (`path` ends in a slash then), before it has a place."""

    path: str
    size: int
    files: int
    reviewed: bool
    findings: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The worst severity that counts in it."""
        return min((finding.severity for finding in self.findings), key=lambda one: one.rank, default=None)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sort key: risk first, then size."""
        worst = self.worst
        return (len(Severity) if worst is None else worst.rank, -self.size, self.path)


@dataclass(frozen=True, slots=True)
class Cell:
    """A tile in its place. `tone` is a severity, clean or unread; `density` 1 to 3; `name` and `note` fit into it."""

    tile: Tile
    box: Box
    tone: str
    density: int
    told: str
    name: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One folder's cells; `name` is empty where it has no room."""

    name: str
    box: Box
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RiskMap:
    """A map of `width` by `height` pixels. `undrawn` files have no size that is known, or none of this change."""

    width: int
    height: int
    groups: tuple[Group, ...] = ()
    undrawn: int = 0
    unit: str = "lines"
    tones: Mapping[str, int] = field(default_factory=dict)


def risk_map(report: Report, width: int, height: int, most: int) -> RiskMap:
    """A map of at most about `most` cells."""
    tiles = _tiles(report)
    unit = "lines" if report.strategy == "audit" else "changed lines"
    undrawn = len(report.files) - sum(tile.path != "" for tile in tiles)
    if not tiles:
        return RiskMap(width, height, undrawn=undrawn, unit=unit)
    folders = _folded(_by_folder(tiles), most, width * height / sum(tile.size for tile in tiles))
    ordered = sorted(folders.items(), key=lambda pair: (-_size(pair[1]), pair[0]))
    boxes = squarify([_size(own) for _, own in ordered], Box(0, 0, width, height))
    groups = tuple(_group(name, own, box, unit) for (name, own), box in zip(ordered, boxes, strict=True))
    tones: dict[str, int] = defaultdict(int)
    for tile in tiles:
        tones[_tone(tile)] += 1
    return RiskMap(width, height, groups, undrawn, unit, dict(tones))


def _tiles(report: Report) -> list[Tile]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.counts:
            found[finding.anchor.path].append(finding)
    return [
        Tile(file.path, size, 1, file.reviewed, tuple(found.get(file.path, ())))
        for file in report.files
        if (size := _drawn_size(file, bool(found.get(file.path)))) > 0
    ]


def _drawn_size(file: FileReport, has_findings: bool) -> int:
    """Lines of the file in an audit, changed lines in a pull request; what has findings is seen in any case."""
    return file.size or file.additions + file.deletions or int(has_findings)


def _size(tiles: Iterable[Tile]) -> int:
    return sum(tile.size for tile in tiles)


def _by_folder(tiles: Sequence[Tile]) -> dict[str, list[Tile]]:
    """Folders as deep as there is room for; what is too much even at the top is one group without a name."""
    for depth in (3, 2, 1):
        groups: dict[str, list[Tile]] = defaultdict(list)
        for tile in tiles:
            groups["/".join(tile.path.split("/")[:-1][:depth])].append(tile)
        if len(groups) <= _GROUPS:
            return groups
    largest = sorted(groups, key=lambda name: -_size(groups[name]))
    kept = {name: groups[name] for name in largest[: _GROUPS - 1]}
    kept[""] = kept.get("", []) + [tile for name in largest[_GROUPS - 1 :] for tile in groups[name]]
    return kept


def _folded(folders: Mapping[str, Sequence[Tile]], most: int, scale: float) -> dict[str, list[Tile]]:
    """The riskiest and largest tiles as they are; the rest of each folder as one."""
    everything = sorted((tile for own in folders.values() for tile in own), key=lambda tile: tile.rank)
    shown = {tile.path for tile in everything[:most] if tile.findings or tile.size * scale >= _SEEN}
    folded: dict[str, list[Tile]] = {}
    for name, own in folders.items():
        rest = [tile for tile in own if tile.path not in shown]
        kept = [tile for tile in own if tile.path in shown]
        if len(rest) == 1:
            kept += rest
        elif rest:
            kept.append(_rest(name, rest))
        folded[name] = sorted(kept, key=lambda tile: (-tile.size, tile.path))
    return folded


def _rest(folder: str, tiles: Sequence[Tile]) -> Tile:
    findings = tuple(finding for tile in tiles for finding in tile.findings)
    return Tile(f"{folder}/", _size(tiles), len(tiles), any(tile.reviewed for tile in tiles), findings)


def _group(name: str, tiles: Sequence[Tile], box: Box, unit: str) -> Group:
    named = box.width >= 56 and box.height >= 48
    inside = box.inside(1.5, _HEADER if named else 1.5)
    boxes = squarify([tile.size for tile in tiles], inside)
    cells = tuple(_cell(tile, place, unit) for tile, place in zip(tiles, boxes, strict=True))
    return Group(_cut(plain(name) or "top folder", box.width - 10, _LETTER) if named else "", box, cells)


def _cell(tile: Tile, box: Box, unit: str) -> Cell:
    density = 100 * len(tile.findings) / tile.size
    strength = 1 + sum(density >= limit for limit in _DENSE)
    few = number(tile.files, "more file")
    told = few if tile.files > 1 else plain(tile.path)
    said = severities(tile.findings) or ("no finding" if tile.reviewed else "not reviewed")
    where = f" in {plain(tile.path)}" if tile.files > 1 else ""
    name = few if tile.files > 1 else plain(tile.path).rpartition("/")[2]
    fits = box.width >= 34 and box.height >= 17
    note = severities(tile.findings) if fits and box.height >= 32 else ""
    return Cell(
        tile,
        box,
        _tone(tile),
        strength,
        f"{told}{where}: {tile.size:,} {unit}, {said}",
        _cut(name, box.width - 9, _LETTER) if fits else "",
        _cut(note, box.width - 9, _SMALL_LETTER),
    )


def _tone(tile: Tile) -> str:
    worst = tile.worst
    return str(worst) if worst else CLEAN if tile.reviewed else UNREAD


def _cut(text: str, room: float, letter: float) -> str:
    letters = int(room / letter)
    if len(text) <= letters:
        return text
    return f"{text[: letters - 1]}…" if letters >= 4 else ""
