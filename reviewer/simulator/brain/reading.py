"""Reads a request as a model would: the marked blocks of the user message, and each item's view as old and new text."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BLOCK = re.compile(r'^<(\w+) id="([0-9a-f]+)">\n(.*?)\n</\1 id="\2">', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ViewLine:
    """One line of a view: `number` is the new-side line (None for removed lines and notes), `mark` one of `+- ~`."""

    number: int | None
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One file, or a part of it, as the prompt shows it, under its id."""

    id: str
    path: str
    old_path: str
    status: str
    whole: bool
    lines: tuple[ViewLine, ...]

    @property
    def new(self) -> tuple[tuple[int, str], ...]:
        """Numbered lines of the new side that are shown."""
        return tuple((line.number, line.text) for line in self.lines if line.number is not None)

    @property
    def old(self) -> tuple[str, ...]:
        """Lines of the old side that are shown."""
        return tuple(line.text for line in self.lines if line.mark in "- ")

    @property
    def removed(self) -> tuple[str, ...]:
        """Lines that the change takes away."""
        return tuple(line.text for line in self.lines if line.mark == "-")

    @property
    def reviewed(self) -> frozenset[int]:
        """Numbers of the lines under review: the added ones, or all of a file that is shown without a change."""
        added = {line.number for line in self.lines if line.mark == "+"}
        if not added and not self.removed and self.status not in ("renamed", "copied", "removed"):
            added = {number for number, _ in self.new}
        return frozenset(number for number in added if number is not None)

    def text_at(self, number: int) -> str:
        """Text of the new-side line `number`, empty when it is not shown."""
        return next((text for shown, text in self.new if shown == number), "")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request holds. `unreadable` names the blocks that were no JSON of the agreed shape."""

    items: tuple[Item, ...]
    files: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    candidates: tuple[Mapping[str, Any], ...]
    integration: bool
    unreadable: tuple[str, ...]


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """Parse the blocks of a Messages request body; only the tag of the first block is believed."""
    found: dict[str, list[Any]] = {}
    unreadable: list[str] = []
    tag = None
    for name, block_tag, text in BLOCK.findall(_user_text(body)):
        tag = tag or block_tag
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if block_tag != tag or not isinstance(value, dict | list):
            unreadable.append(name)
        else:
            found.setdefault(name, []).append(value)
    entries = [entry for value in found.get("notes", []) for entry in _dicts(value)]
    overview = [value for value in found.get("pull_request", []) if isinstance(value, dict)]
    return Prompt(
        items=tuple(_item(value) for value in found.get("item", []) if isinstance(value, dict)),
        files=tuple(
            (str(file.get("path", "")), str(file.get("status", "")))
            for value in overview
            for file in _dicts(value.get("files"))
        ),
        notes=tuple((str(entry.get("path", "")), tuple(map(str, entry.get("notes") or ()))) for entry in entries),
        candidates=tuple(c for value in found.get("candidates", []) for c in _dicts(value)),
        integration="notes" in found,
        unreadable=tuple(unreadable),
    )


def _user_text(body: Mapping[str, Any]) -> str:
    texts: list[str] = []
    for message in body.get("messages") or ():
        if message.get("role") != "user":
            continue
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
        texts += [part["text"] for part in parts if part.get("type") == "text"]
    return "\n".join(texts)


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))


def _item(value: Mapping[str, Any]) -> Item:
    path = str(value.get("path", ""))
    return Item(
        id=str(value.get("item", "")),
        path=path,
        old_path=str(value.get("old_path") or path),
        status=str(value.get("status", "")),
        whole=value.get("scope") == "whole file" and value.get("part", "1 of 1") == "1 of 1",
        lines=tuple(_view_line(line) for line in value.get("view") or () if isinstance(line, str)),
    )


def _view_line(line: str) -> ViewLine:
    number, mark, text = line[:6].strip(), line[7:8] or " ", line[9:]
    shown = mark in "+ " and number.isdecimal()
    return ViewLine(int(number) if shown else None, mark, text)
