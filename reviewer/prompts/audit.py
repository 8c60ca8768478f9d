"""Prompts of the nightly audit: the same blocks and the same answers, asked about code as it stands.

What all requests of a repository share is the same every night, so that nothing but content, guidelines, model and our
own text decides whether an answer can be carried over.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from reviewer.core.inventory import AuditUnit
from reviewer.core.plan import Item
from reviewer.core.request import Kind, Request
from reviewer.core.tokens import estimate_tokens
from reviewer.guard.untrusted import encode
from reviewer.prompts.render import Prompter, template_text

_LIKELY_OUTPUT = 1_200
_LIKELY_OUTPUT_AN_ITEM = 800
_MAX_TOKENS = 21_000
_MAX_TOKENS_AN_ITEM = 3_000
_MAX_TOKENS_A_PACK = 64_000


@cache
def audit_system_text(kind: Kind) -> str:
    """The static system part of an audit's pass."""
    name = {"integration": "audit_integration.j2", "verify": "audit_verify.j2"}.get(kind, "audit.j2")
    shown: Kind = "file" if kind == "chunk" else kind
    return template_text(name, kind=shown)


@dataclass(frozen=True)
class AuditPrompter(Prompter):
    """Makes an audit's requests for one repository at one commit; of `changes` only the guidelines are shown.

    `integration` and `verify` are asked as for a pull request, with their units' items from `changes`.
    """

    def audit(self, unit: AuditUnit, model: str) -> Request:
        """A unit of the file round; its items are named by their numbers in the pack."""
        shown = [self._item(item, number) for number, item in zip(unit.numbers, unit.unit.items, strict=True)]
        made = self._request(unit.unit, unit.unit.kind, model, shown)
        more = len(shown) - 1
        return replace(
            made,
            max_tokens=min(_MAX_TOKENS + more * _MAX_TOKENS_AN_ITEM, _MAX_TOKENS_A_PACK),
            estimated_output=_LIKELY_OUTPUT + more * _LIKELY_OUTPUT_AN_ITEM,
        )

    def terms(self, model: str) -> str:
        """SHA-256 (hex) of all but the content that a file's answer depends on, for `inventory.file_identity`."""
        guidelines = sorted(self.changes.guidelines.items())
        material = [audit_system_text("file"), model, self.effort, self.changes.repository, guidelines]
        text = json.dumps([*material, sorted(self.instructions.items())], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def prefix_tokens(self, kind: Kind) -> int:
        """Estimated tokens of what all requests of a kind share: what a cache entry would hold."""
        return estimate_tokens(self._system(kind)) + estimate_tokens(self._shared)

    def _system(self, kind: Kind) -> str:
        return audit_system_text(kind)

    @cached_property
    def _shared(self) -> str:
        parts = [f"The TAG of this conversation's blocks is {self.tag}."]
        if self.changes.guidelines:
            parts.append(self._block("guidelines", encode(dict(self.changes.guidelines))))
        return "\n\n".join(parts)

    def _head(self, item: Item) -> dict[str, Any]:
        head = {
            "path": item.path,
            "status": "unchanged",
            "part": f"{item.part} of {item.parts}",
            "scope": "whole file" if item.whole else "part",
        }
        if item.parts > 1 and len(item.hunks) > 1:
            judged = item.hunks[-1]
            head["judge"] = f"lines {judged.new_start} to {judged.new_start + judged.new_count - 1}"
        return head
