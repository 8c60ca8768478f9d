"""From units of work to requests: what stands in the prompt, in which order, and where the cache breakpoints are.

The order is the cache's: our own static text first, then what all requests of a run share (overview, guidelines), then
what is theirs alone. A breakpoint stands behind each of the first two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reviewer.core.change import ChangeSet
from reviewer.core.finding import Finding
from reviewer.core.globs import ignore_spec
from reviewer.core.plan import Item, Unit
from reviewer.core.request import Block, Effort, Kind, Request, Ttl, Turn
from reviewer.core.tokens import estimate_tokens
from reviewer.core.view import render
from reviewer.guard.untrusted import block, encode, encode_lines

MAX_LISTED_FILES = 200
"""Paths in the overview; above this the list would cost more than it tells."""
_MAX_BODY = 20_000
_LIKELY_OUTPUT: Mapping[Kind, int] = {
    "single": 4_000,
    "file": 2_000,
    "chunk": 2_000,
    "integration": 5_000,
    "verify": 1_200,
}
_MAX_TOKENS: Mapping[Kind, int] = {
    "single": 32_000,
    "file": 21_000,
    "chunk": 21_000,
    "integration": 48_000,
    "verify": 16_000,
}


@cache
def _environment() -> Environment:
    # Templates hold our own text only; nothing of a change is ever a template or a variable of one.
    return Environment(
        loader=PackageLoader("reviewer.prompts"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
    )


@cache
def system_text(kind: Kind) -> str:
    """The static system part of a pass."""
    name = {"integration": "integration.j2", "verify": "verify.j2"}.get(kind, "review.j2")
    shown: Kind = "file" if kind == "chunk" else kind
    return template_text(name, kind=shown)


def template_text(name: str, **given: str) -> str:
    """A template of ours, rendered."""
    return _environment().get_template(name).render(**given).strip()


@dataclass(frozen=True, slots=True)
class FileNotes:
    """What the pass of one file said for the integration pass: its notes, and the titles of what it reported."""

    path: str
    notes: tuple[str, ...]
    reported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompter:
    """Makes requests for one change set. `tag` is the run's random marker (16 hex digits).

    `ttl` is how long the cache is to keep what all requests share; None marks nothing.
    """

    changes: ChangeSet
    tag: str
    instructions: Mapping[str, str] = field(default_factory=dict)
    effort: Effort | None = None
    ttl: Ttl | None = "5m"

    def review(self, unit: Unit, model: str) -> Request:
        """A single, file or chunk pass."""
        return self._request(unit, unit.kind, model, [self._item(item, n) for n, item in enumerate(unit.items, 1)])

    def integration(self, unit: Unit, notes: Sequence[FileNotes], model: str) -> Request:
        """A pass across files: notes of every file in the unit, and the items that fit."""
        rows = [{"path": row.path, "notes": list(row.notes), "already_reported": list(row.reported)} for row in notes]
        blocks = [self._block("notes", encode(rows))]
        blocks += [self._item(item, number) for number, item in enumerate(unit.items, 1)]
        paths = tuple(dict.fromkeys([row.path for row in notes] + list(unit.paths)))
        return self._request(unit, "integration", model, blocks, paths)

    def verify(self, unit: Unit, candidates: Sequence[Finding], model: str) -> Request:
        """A fresh look at candidate findings, which get the ids F1, F2, …"""
        rows = [_candidate(number, finding) for number, finding in enumerate(candidates, 1)]
        blocks = [self._item(item, number) for number, item in enumerate(unit.items, 1)]
        blocks.append(self._block("candidates", encode_rows(rows)))
        request = self._request(unit, "verify", model, blocks)
        return replace(request, estimated_output=600 + 300 * len(rows))

    def _request(
        self, unit: Unit, kind: Kind, model: str, own: Sequence[str], files: tuple[str, ...] | None = None
    ) -> Request:
        system = (Block(self._system(kind), cache=self.ttl),)
        shared = Block(self._shared, cache=self.ttl)
        turns = (Turn("user", (shared, Block("\n\n".join(own)))),)
        prefix = estimate_tokens(system[0].text) + estimate_tokens(shared.text)
        return Request(
            unit=unit.id,
            kind=kind,
            files=unit.paths if files is None else files,
            model=model,
            system=system,
            turns=turns,
            shape="verify" if kind == "verify" else "review",
            max_tokens=_MAX_TOKENS[kind],
            effort=self.effort,
            tag=self.tag,
            estimated_input=prefix + estimate_tokens(turns[0].blocks[1].text) + 400,
            estimated_output=_LIKELY_OUTPUT[kind],
            estimated_prefix=prefix if self.ttl else 0,
        )

    def _system(self, kind: Kind) -> str:
        return system_text(kind)

    @cached_property
    def _shared(self) -> str:
        """Overview and guidelines: byte-identical in every request of a run."""
        return _shared(self.changes, self.tag)

    def _block(self, name: str, payload: str) -> str:
        return block(name, self.tag, payload)

    def _head(self, item: Item) -> dict[str, Any]:
        """What an item's block says beside its lines."""
        file = item.file
        return {
            "path": file.path,
            "old_path": file.old_path,
            "status": file.status,
            "part": f"{item.part} of {item.parts}",
            "scope": "whole file" if item.whole else "hunks",
        }

    def _item(self, item: Item, number: int) -> str:
        value = {"item": f"I{number}", **self._head(item)}
        wanted = self._instructions_for(item.path)
        if wanted:
            value["instructions"] = wanted
        value["view"] = render(item.lines())
        return self._block("item", encode_lines(value, "view"))

    def _instructions_for(self, path: str) -> list[str]:
        return [text for pattern, text in self.instructions.items() if ignore_spec([pattern]).match_file(path)]


def encode_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A JSON array, one element a line."""
    return "[\n" + ",\n".join(encode(row) for row in rows) + "\n]"


def _candidate(number: int, finding: Finding) -> dict[str, Any]:
    claim = finding.claim
    # A view shows new-side numbers only: of a removed line, the claim's own number is the one that can be found there.
    place = finding.anchor if finding.anchor.side == "RIGHT" else claim
    return {
        "id": f"F{number}",
        "path": finding.anchor.path,
        "start_line": place.start_line,
        "end_line": place.end_line,
        "quote": claim.quote,
        "severity": str(claim.severity),
        "confidence": str(claim.confidence),
        "category": str(claim.category),
        "title": claim.title,
        "explanation": claim.explanation,
        "suggestion": claim.suggestion,
    }


def _shared(changes: ChangeSet, tag: str) -> str:
    overview: dict[str, Any] = {
        "repository": changes.repository,
        "title": changes.title,
        "body": changes.body[:_MAX_BODY],
        "files": [{"path": file.path, "status": file.status} for file in changes.files[:MAX_LISTED_FILES]],
        "more_files": max(changes.changed_files, len(changes.files)) - min(len(changes.files), MAX_LISTED_FILES),
    }
    if len(changes.files) > MAX_LISTED_FILES:
        overview["folders"] = _folders(changes)
    parts = [f"The TAG of this conversation's blocks is {tag}.", block("pull_request", tag, encode(overview))]
    if changes.guidelines:
        parts.append(block("guidelines", tag, encode(dict(changes.guidelines))))
    return "\n\n".join(parts)


def _folders(changes: ChangeSet) -> dict[str, int]:
    """Changed files by folder, for pull requests whose files are too many to list: the 100 fullest."""
    counts: dict[str, int] = {}
    for file in changes.files:
        folder = str(PurePosixPath(file.path).parent)
        counts[folder] = counts.get(folder, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:100])
