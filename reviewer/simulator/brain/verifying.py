"""Checks candidate findings: does the quoted line stand in the file, and does the rule find the problem again?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from .reading import Item, Prompt
from .rules import scan, source_of


def verdicts(prompt: Prompt) -> Iterator[dict[str, Any]]:
    """One verdict per candidate, in their order. A candidate whose place is not shown is kept, and it is said why."""

    @cache
    def found_again(index: int) -> frozenset[tuple[int, str]]:
        hits = scan(source_of(prompt.items[index])).hits
        return frozenset((hit.line, hit.problem.title) for hit in hits)

    for candidate in prompt.candidates:
        parts = [at for at, item in enumerate(prompt.items) if item.path == candidate.get("path")]
        holds, explanation = _judged(candidate, [prompt.items[at] for at in parts])
        title = str(candidate.get("title", ""))
        if holds and any((line, title) in found_again(at) for at in parts for line in _near(candidate)):
            explanation = f"{explanation} The rule finds it again."
        yield {
            "id": str(candidate.get("id", "")),
            "holds": holds,
            "severity": str(candidate.get("severity", "medium")).lower(),
            "explanation": explanation,
        }


def _judged(candidate: Mapping[str, Any], items: Sequence[Item]) -> tuple[bool, str]:
    quote = _normal(str(candidate.get("quote", "")))
    if not items:
        return True, "Kept: the file is not part of this request, so the quote cannot be checked."
    lines = [(number, _normal(text)) for item in items for number, text in item.new]
    at = [number for number, text in lines if quote and text == quote]
    if at:
        return True, f"The quoted line stands in the file at line {', '.join(map(str, at[:3]))}."
    wanted = candidate.get("start_line")
    if not all(item.whole for item in items) and wanted not in {number for number, _ in lines}:
        return True, f"Kept: line {wanted} is not among the lines shown, so the quote cannot be checked."
    return False, "The quoted line does not stand in the file, so there is nothing the finding could be about."


def _near(candidate: Mapping[str, Any]) -> range:
    line = candidate.get("start_line")
    return range(line - 1, line + 2) if isinstance(line, int) else range(0)


def _normal(text: str) -> str:
    return " ".join(text.split())
