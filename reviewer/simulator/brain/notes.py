"""Interface notes: outlines as short sentences, so that the integration pass can do without the files themselves."""

import re
from collections.abc import Iterator, Sequence

from .outline import Change, Outline, Use, same_module
from .outline import module_of as _module

MOST = 40
LONGEST_QUOTE = 300
CHANGED = re.compile(r"changed definition: (?P<name>[\w.]+)(?P<old>\(.*\)) -> (?P=name)(?P<new>\(.*\))$")
REMOVED = re.compile(r"removed definition: (?P<name>[\w.]+)$")
DEFINES = re.compile(r"defines (?P<name>[\w.]+)(?P<signature>\(.*\))?(?: \[\d+ required\])?$")
MOVED = re.compile(r"moved from: (?P<path>.+)$")
USED = re.compile(
    r"(?:uses|imports): (?P<name>\.?\w+)(?P<call>\(.*?\))?(?: from (?P<module>\S+))?"
    r" at line (?P<line>\d+): `(?P<quote>.*)`$"
)


def write_notes(outline: Outline) -> list[str]:
    """At most 40 notes, what others can trip over first; the last one says how many did not fit."""
    notes = list(dict.fromkeys(_notes(outline)))
    return notes if len(notes) <= MOST else [*notes[: MOST - 1], f"{len(notes) - MOST + 1} more notes left out"]


def read_notes(path: str, notes: Sequence[str]) -> Outline:
    """The outline that the notes tell of; sentences in other words are passed over."""
    found: dict[str, list[re.Match[str]]] = {}
    for note in notes:
        for kind, pattern in (("changed", CHANGED), ("removed", REMOVED), ("defines", DEFINES), ("moved", MOVED),
                              ("used", USED)):  # fmt: skip
            if match := pattern.match(note):
                found.setdefault(kind, []).append(match)
    return Outline(
        path=path,
        old_path=next((match["path"] for match in found.get("moved", [])), path),
        defines=tuple((match["name"], match["signature"]) for match in found.get("defines", [])),
        removed=tuple(match["name"] for match in found.get("removed", [])),
        changed=tuple(Change(match["name"], match["old"], match["new"]) for match in found.get("changed", [])),
        uses=tuple(_use(match) for match in found.get("used", [])),
        deleted="removed file" in notes,
    )


def _notes(outline: Outline) -> Iterator[str]:
    if outline.deleted:
        yield "removed file"
    if outline.old_path != outline.path:
        yield f"moved from: {outline.old_path}"
    yield from (f"removed definition: {name}" for name in outline.removed)
    yield from (f"changed definition: {one.name}{one.old} -> {one.name}{one.new}" for one in outline.changed)
    own = _module(outline.path)
    foreign = [use for use in outline.uses if not same_module(use.module, own)]
    for use in sorted(foreign, key=lambda use: (use.module == "", use.line)):
        if len(use.quote) <= LONGEST_QUOTE:
            yield _use_note(use)
    for name, signature in outline.defines:
        required = len([part for part in (signature or "()")[1:-1].split(", ") if part and part.isidentifier()])
        yield f"defines {name}{signature} [{required} required]" if signature else f"defines {name}"


def _use_note(use: Use) -> str:
    what = f"imports: {use.name}" if use.call is None else f"uses: {'' if use.module else '.'}{use.name}{use.call}"
    return f"{what}{f' from {use.module}' if use.module else ''} at line {use.line}: `{use.quote}`"


def _use(match: re.Match[str]) -> Use:
    name = match["name"].removeprefix(".")
    return Use(match["module"] or "", name, match["call"], int(match["line"]), match["quote"])
