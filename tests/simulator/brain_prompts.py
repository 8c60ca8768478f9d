"""Requests as the prompts room writes them, made by hand from two texts per file."""

import json
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from reviewer.simulator.brain import answer

TAG = "0123456789abcdef"
SCHEMAS = {
    "review": {"properties": {"summary": {}, "interface_notes": {}, "findings": {}}},
    "verify": {"properties": {"verdicts": {}}},
}


def view(old: str, new: str, context: int | None = None) -> list[str]:
    """The lines of a view; with `context`, only that many unchanged lines around each change."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[tuple[int | None, str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [(j + 1, " ", after[j]) for j in range(j1, j2)]
        else:
            lines += [(None, "-", before[i]) for i in range(i1, i2)]
            lines += [(j + 1, "+", after[j]) for j in range(j1, j2)]
    return [f"{number or '':>6} {mark} {text}" for number, mark, text in _cut(lines, context)]


def _cut(lines: list, context: int | None) -> list:
    changed = [at for at, line in enumerate(lines) if line[1] != " "]
    kept: list = []
    for at, line in enumerate(lines):
        if context is None or any(abs(at - change) <= context for change in changed):
            kept.append(line)
        elif not kept or kept[-1][1] != "~":
            kept.append((None, "~", "lines not shown"))
    return kept


def item(path: str, old: str, new: str, *, status="modified", old_path="", context: int | None = None) -> dict:
    scope = "whole file" if context is None else "hunks"
    about = {"item": "I1", "path": path, "old_path": old_path or path, "status": status, "part": "1 of 1"}
    return about | {"scope": scope, "view": view(old, new, context)}


def body(blocks: Iterable[tuple[str, object]], asked: str = "review") -> dict:
    text = f"The blocks carry the tag {TAG}.\n\n" + "\n\n".join(
        f'<{name} id="{TAG}">\n{json.dumps(value, indent=0)}\n</{name} id="{TAG}">' for name, value in blocks
    )
    return {
        "model": "claude-sonnet-5-5",
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMAS[asked]}},
    }


def ask(*blocks: tuple[str, object], asked: str = "review") -> dict:
    return json.loads(answer(body(blocks, asked)).text)


def review(path: str, new: str, old: str = "", **more) -> list[dict]:
    """Findings for one file."""
    return ask(("item", item(path, old, new, **more)))["findings"]


def titles(findings: Sequence[dict]) -> list[str]:
    return [finding["title"] for finding in findings]
