"""The offline brain: plays the model by rules and linters, so that the whole path can run without one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reviewer.simulator.answer import Answer

from .crossfile import disagreements, outline, outlines
from .notes import write_notes
from .reading import Item, Prompt, read_prompt
from .rules import scan, source_of
from .rules.kinds import Hit
from .verifying import verdicts

WHAT_THIS_IS = "Offline engine: rules only, no model was used."


def answer(body: Mapping[str, Any]) -> Answer:
    """Answer a Messages request body by the schema it asks for: review (`findings`) or verify (`verdicts`).

    A request for anything else gets one sentence that says what this engine can answer.
    """
    output = body.get("output_config") or {}
    asked = ((output.get("format") or {}).get("schema") or {}).get("properties") or {}
    prompt = read_prompt(body)
    if "verdicts" in asked:
        content: dict[str, Any] = {"verdicts": list(verdicts(prompt))}
    elif "findings" in asked:
        content = _review(prompt)
    else:
        return Answer(f"{WHAT_THIS_IS} It answers review and verify requests, and this is neither.")
    return Answer(json.dumps(content, ensure_ascii=False))


def _review(prompt: Prompt) -> dict[str, Any]:
    scans = () if prompt.integration else tuple((item, scan(source_of(item))) for item in prompt.items)
    findings = [_finding(item.path, hit, item.text_at(hit.line)) for item, found in scans for hit in found.hits]
    findings += _across(prompt)
    findings.sort(key=lambda finding: (finding["path"], finding["start_line"], finding["title"]))
    missing = sorted({tool for _, found in scans for tool in found.missing})
    return {
        "summary": _summary(prompt, len(findings), missing),
        "interface_notes": [] if prompt.integration else list(_notes(prompt.items)),
        "findings": findings,
    }


def _across(prompt: Prompt) -> Iterator[dict[str, Any]]:
    seen: set[tuple[str, int, str]] = set()
    for found in disagreements(outlines(prompt), across=True, within=not prompt.integration):
        key = (found.path, found.hit.line, found.hit.problem.name)
        if key not in seen:
            seen.add(key)
            yield _finding(found.path, found.hit, found.quote)


def _notes(items: tuple[Item, ...]) -> Iterator[str]:
    several = len({item.path for item in items}) > 1
    for item in items:
        if item.status == "unchanged":
            # An audit: every item is to be accounted for by its id.
            yield from (f"{item.id}: {note}" for note in write_notes(outline(item)) or ["promises nothing"])
        elif not several:
            # With several changed files in one request nobody reads the notes: no integration pass follows.
            yield from write_notes(outline(item))


def _finding(path: str, hit: Hit, quote: str) -> dict[str, Any]:
    problem = hit.problem
    return {
        "path": path,
        "start_line": hit.line,
        "end_line": hit.end_line,
        "quote": quote,
        "severity": problem.severity,
        "confidence": problem.confidence,
        "category": problem.category,
        "title": problem.title,
        "explanation": problem.explanation,
        "suggestion": hit.suggestion,
    }


def _summary(prompt: Prompt, count: int, missing: list[str]) -> str:
    paths = {item.path for item in prompt.items} | {path for path, _ in prompt.notes}
    kind = "Compared the interfaces of" if prompt.integration else "Checked"
    parts = [
        WHAT_THIS_IS,
        f"{kind} {len(paths)} file{'s' * (len(paths) != 1)}, {count} problem{'s' * (count != 1)} found.",
    ]
    if missing:
        parts.append(f"Not installed, so their checks did not run: {', '.join(missing)} (install reviewer[offline]).")
    if prompt.unreadable:
        parts.append(f"Blocks that could not be read: {', '.join(prompt.unreadable)}.")
    return " ".join(parts)
