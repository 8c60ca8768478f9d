"""Change sets of any size, and a model whose answers and latencies are known beforehand."""

import json
import random
import re
from collections.abc import Mapping
from typing import Any

from reviewer.core.change import ChangedFile, ChangeSet
from reviewer.core.diff import count_changes, parse_hunks
from reviewer.simulator import Answer

_PLANTED = re.compile(r'"\s*(\d+) \+ (total_(\d+) = total_\3 / 0)"')
_PATH = re.compile(r'"path": "([^"]+)"')


def change_set(files: int, lines: int, seed: int = 7, every: int = 1) -> ChangeSet:
    """Added Python files of `lines` lines, every n-th with a planted fault (a division by zero) on a known line."""
    chance = random.Random(seed)
    return ChangeSet(
        repository="bench/shop",
        base_sha="a" * 40,
        head_sha="b" * 40,
        files=tuple(_file(number, lines, chance, planted=number % every == 0) for number in range(files)),
        title="Rework the totals",
        body="All totals are computed anew.",
        changed_files=files,
    )


def _file(number: int, lines: int, chance: random.Random, *, planted: bool) -> ChangedFile:
    text = [
        f"value_{number}_{line} = compute_{chance.randrange(1000)}(value_{number}_{line - 1})" for line in range(lines)
    ]
    if planted:
        text[chance.randrange(lines)] = f"total_{number} = total_{number} / 0"
    content = "\n".join(text) + "\n"
    hunks = parse_hunks(f"@@ -0,0 +1,{lines} @@\n" + "".join(f"+{line}\n" for line in text))
    assert isinstance(hunks, tuple)
    additions, deletions = count_changes(hunks)
    path = f"shop/part_{number % 40}/file_{number}.py"
    return ChangedFile(path, "added", None, hunks, additions, deletions, content=content)


def planted(changes: ChangeSet) -> dict[tuple[str, int], str]:
    """Every planted fault: its place and its text."""
    return {
        (file.path, line.new or 0): line.text
        for file in changes.files
        for line in file.lines()
        if line.text.endswith("/ 0")
    }


def kind_of(body: Mapping[str, Any]) -> str:
    """What a request asks for: file, integration or verify."""
    if "verdicts" in body["output_config"]["format"]["schema"]["properties"]:
        return "verify"
    return "integration" if "<notes id=" in body["messages"][0]["content"][1]["text"] else "file"


def known_answer(body: Mapping[str, Any]) -> Answer:
    """Reports the planted faults that the prompt shows, its line numbers off by up to two, and confirms all."""
    text = body["messages"][0]["content"][1]["text"]
    match kind_of(body):
        case "verify":
            ids = sorted(set(re.findall(r'"id": "(F\d+)"', text)))
            verdicts = [{"id": name, "holds": True, "severity": "high", "explanation": "Seen."} for name in ids]
            return Answer(json.dumps({"verdicts": verdicts}), output_tokens=150)
        case "integration":
            return Answer(json.dumps({"summary": "Totals.", "interface_notes": [], "findings": []}), output_tokens=900)
        case _:
            path = _PATH.search(text)
            findings = [_finding(path[1] if path else "", found) for found in _PLANTED.finditer(text)]
            notes = [f"defines total_{found[3]}" for found in _PLANTED.finditer(text)]
            answer = {"summary": "A file.", "interface_notes": notes, "findings": findings}
            return Answer(json.dumps(answer), output_tokens=700)


def _finding(path: str, found: re.Match[str]) -> dict[str, Any]:
    line = max(1, int(found[1]) + int(found[3]) % 5 - 2)
    return {
        "path": path,
        "start_line": line,
        "end_line": line,
        "quote": found[2],
        "severity": "high",
        "confidence": "high",
        "category": "correctness",
        "title": "Division by zero",
        "explanation": "The divisor is the constant zero.",
        "suggestion": "",
    }
