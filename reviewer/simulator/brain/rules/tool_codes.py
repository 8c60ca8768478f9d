"""Turns what ruff and shellcheck report into hits, by the tables in the two YAML files beside this module."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import yaml

from reviewer.simulator.brain import tools

from . import problems as p
from .kinds import Hit, Problem, Segment, Source

SHARED = {
    "B006": p.MUTABLE_DEFAULT, "B039": p.MUTABLE_DEFAULT, "B023": p.LOOP_CLOSURE, "E722": p.BARE_EXCEPT,
    "F632": p.IS_LITERAL, "S110": p.SWALLOWED, "S112": p.SWALLOWED, "S102": p.EVAL, "S307": p.EVAL,
    "S602": p.SHELL_TRUE, "S604": p.SHELL_TRUE, "S506": p.YAML_LOAD, "S501": p.TLS_OFF, "S608": p.SQL_INJECTION,
    "S113": p.NO_TIMEOUT, "T100": p.DEBUGGER, "RUF006": p.DANGLING_TASK,
    "ASYNC210": p.BLOCKING_ASYNC, "ASYNC220": p.BLOCKING_ASYNC, "ASYNC221": p.BLOCKING_ASYNC,
    "ASYNC222": p.BLOCKING_ASYNC, "ASYNC251": p.BLOCKING_ASYNC,
}  # fmt: skip
BROKEN = Problem(
    "syntax", "critical", "correctness", "Syntax error",
    "{message}: the file cannot be loaded at all.", "medium",
)  # fmt: skip
SHELL_ERROR = Problem("shell-error", "medium", "correctness", "Shell error", "{message}")
# The name is gone because a line was removed, so the place to blame is an unchanged one.
BY_REMOVAL = "F821"


@cache
def ruff_codes() -> dict[str, Problem]:
    """The ruff rules that are asked for, and what each means."""
    return SHARED | {code: _problem(code, entry) for code, entry in _table("ruff_codes.yaml").items()}


def ruff_hits(source: Source) -> Iterator[Hit] | None:
    """Ruff's findings in every Python segment, None when ruff cannot be used."""
    whole_only = {code for code, entry in _table("ruff_codes.yaml").items() if entry.get("whole")}
    codes = [code for code in ruff_codes() if source.whole or code not in whole_only]
    name = "__init__.py" if PurePosixPath(source.path).name == "__init__.py" else "module.py"
    hits: list[Hit] = []
    for segment in source.segments:
        if segment.tree is None and not source.whole:
            continue
        found = tools.ruff(segment.text, codes, name)
        if found is None:
            return None
        hits += [hit for finding in found if (hit := _ruff_hit(source, segment, finding))]
    return iter(hits)


def shellcheck_hits(source: Source) -> Iterator[Hit] | None:
    """Shellcheck's comments on every segment of a script, None when shellcheck cannot be used."""
    first = source.lines[0][1] if source.lines else ""
    dialect = "bash" if "bash" in first or not first.startswith("#!") else "sh"
    hits: list[Hit] = []
    for segment in source.segments:
        found = tools.shellcheck(segment.text, dialect)
        if found is None:
            return None
        for comment in found:
            problem = _shell_problem(comment, whole=source.whole)
            line = segment.first + comment["line"] - 1
            if problem and line in source.reviewed:
                hits.append(Hit(_filled(problem, comment["message"]), line, line))
    return iter(hits)


def _shell_problem(comment: Mapping[str, Any], *, whole: bool) -> Problem | None:
    entry = _table("shellcheck_codes.yaml").get(str(comment["code"]))
    if entry is None:
        return SHELL_ERROR if whole and comment["level"] == "error" else None
    return _problem(f"SC{comment['code']}", entry) if whole or not entry.get("whole") else None


def _ruff_hit(source: Source, segment: Segment, finding: Mapping[str, Any]) -> Hit | None:
    first, last = finding["location"]["row"], finding["end_location"]["row"]
    shift = segment.first - 1
    line = source.blamed(first + shift, last + shift)
    code = finding["code"]
    if line is None and code == BY_REMOVAL and _named_in_removed(finding["message"], source.removed):
        line = first + shift
    problem = ruff_codes().get(code or "", BROKEN)
    if line is None or (problem is BROKEN and code not in (None, "invalid-syntax")):
        return None
    fixed = _fix(segment, finding.get("fix")) if source.whole else None
    start, end, text = fixed or (line - shift, line - shift, "")
    if not all(number + shift in source.reviewed for number in range(start, end + 1)) or start + shift != line:
        start, end, text = line - shift, line - shift, ""
    return Hit(_filled(problem, finding["message"]), line, end + shift, text)


def _fix(segment: Segment, fix: Mapping[str, Any] | None) -> tuple[int, int, str] | None:
    """Rows replaced and their new text, for a safe fix only (an unsafe one may change what the code does)."""
    if not fix or fix["applicability"] != "safe":
        return None
    edits: Sequence[Mapping[str, Any]] = sorted(fix["edits"], key=lambda edit: _position(edit["location"]))
    rows = segment.text.split("\n")
    start, end = edits[0]["location"]["row"], edits[-1]["end_location"]["row"]
    if any(_position(one["end_location"]) > _position(two["location"]) for one, two in pairwise(edits)):
        return None
    kept = rows[:]
    for edit in reversed(edits):
        (row, column), (end_row, end_column) = _position(edit["location"]), _position(edit["end_location"])
        tail = kept[end_row - 1][end_column - 1 :] if end_row <= len(kept) else ""
        kept[row - 1 : end_row] = [kept[row - 1][: column - 1] + edit["content"] + tail]
    text = "\n".join(kept[start - 1 : len(kept) - (len(rows) - end)])
    return (start, end, text) if text.strip() else None


def _position(location: Mapping[str, int]) -> tuple[int, int]:
    return location["row"], location["column"]


def _named_in_removed(message: str, removed: Sequence[str]) -> bool:
    name = message.split("`")[1] if message.count("`") >= 2 else ""
    return bool(name) and any(name in line for line in removed)


def _filled(problem: Problem, message: str) -> Problem:
    if "{message}" not in problem.explanation:
        return problem
    said = problem.explanation.replace("{message}", message.rstrip("."))
    return Problem(problem.name, problem.severity, problem.category, problem.title, said, problem.confidence)


def _problem(code: str, entry: Mapping[str, str]) -> Problem:
    words = (entry["severity"], entry["category"], entry["title"], entry["explanation"])
    return Problem(code, *words, confidence=entry.get("confidence", "high"))


@cache
def _table(name: str) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
    return table
