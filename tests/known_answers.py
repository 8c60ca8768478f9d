"""A model with known answers, and repositories with bugs planted in them: what went in must come out, on its line.

The brain reads the prompt's blocks as `reviewer.prompts` describes them, with no code of Reviewer's own: it reports a
bug only where the prompt shows the bug's very line under its very number.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewer.simulator import Answer
from tests.fakes.github import git_history

_BLOCK = re.compile(r'^<([a-z_]+) id="([0-9a-f]{16})">\n(.*?)\n</\1 id="\2">$', re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"blocks is ([0-9a-f]{16})\.")
_PATH_FORMS = ("{0}", "./{0}", "b/{0}", "a/{0}", "/{0}", "`{0}`", " {0} ", "{0}:17")


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug that is known: `quote` is the whole text of new line `line`. `needs` are other paths that prove it.

    `holds` is False for what a model may claim although it is wrong.
    """

    path: str
    line: int
    quote: str
    title: str
    severity: str = "high"
    category: str = "correctness"
    explanation: str = ""
    needs: tuple[str, ...] = ()
    holds: bool = True

    @property
    def place(self) -> tuple[str, int, str]:
        """Where it must be found, and by which title."""
        return (self.path, self.line, self.title)


@dataclass(frozen=True)
class Prompt:
    """A request's blocks: items by path (text by new line number), notes by path, candidates."""

    items: Mapping[str, Mapping[int, str]]
    notes: Mapping[str, Sequence[str]]
    candidates: Sequence[Mapping[str, Any]]
    names: frozenset[str]

    @property
    def is_verification(self) -> bool:
        return "candidates" in self.names

    @property
    def is_integration(self) -> bool:
        return "notes" in self.names


def user_text(body: Mapping[str, Any]) -> str:
    """All text of the first user message."""
    return "\n".join(block["text"] for block in body["messages"][0]["content"])


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """Read the blocks that carry the announced tag."""
    text = user_text(body)
    announced = _TAG.search(text)
    assert announced, "no tag was announced"
    blocks = [(name, json.loads(value)) for name, tag, value in _BLOCK.findall(text) if tag == announced[1]]
    items: dict[str, dict[int, str]] = {}
    for name, value in blocks:
        if name == "item":
            items.setdefault(value["path"], {}).update(_numbered(value["view"]))
    return Prompt(
        items,
        {row["path"]: row["notes"] for name, value in blocks if name == "notes" for row in value},
        [row for name, value in blocks if name == "candidates" for row in value],
        frozenset(name for name, _ in blocks),
    )


def _numbered(view: Iterable[str]) -> dict[int, str]:
    return {int(line[:6]): line[9:] for line in view if line[:6].strip() and line[7] in "+ "}


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """A brain. `distorted` answers get line numbers wrong by up to 3, paths in other forms, enums in other case.

    `repeats`: the integration pass reports again what the file passes did, in almost the same words. `notes_each`:
    further interface notes in every answer.
    """

    planted: Sequence[Planted]
    distorted: bool = False
    repeats: bool = False
    notes_each: int = 0

    def __call__(self, body: dict[str, Any]) -> Answer:
        prompt = read_prompt(body)
        value = self._verdicts(prompt) if prompt.is_verification else self._review(prompt)
        return Answer(json.dumps(value))

    def _review(self, prompt: Prompt) -> dict[str, Any]:
        found = [(number, bug) for number, bug in enumerate(self.planted) if self._reports(bug, prompt)]
        return {
            "summary": f"Changes {len(prompt.items)} files.",
            "interface_notes": self._notes(prompt),
            "findings": [self._claim(number, bug) for number, bug in found],
        }

    def _notes(self, prompt: Prompt) -> list[str]:
        """What the integration pass needs to know: lines that take part in a bug across files."""
        if prompt.is_integration:
            return [f"cluster of {len(prompt.notes)} files"] * min(1, self.notes_each)
        own = [f"line {bug.line}: {bug.quote}" for bug in self.planted if bug.needs and _shown(bug, prompt)]
        own = own or [f"{path} keeps its promises" for path in prompt.items]
        return own + [f"line {n} of it expects that callers hold promise number {n}" for n in range(self.notes_each)]

    def _reports(self, bug: Planted, prompt: Prompt) -> bool:
        if not prompt.is_integration:
            return _shown(bug, prompt) and all(path in prompt.items for path in bug.needs)
        noted = f"line {bug.line}: {bug.quote}" in prompt.notes.get(bug.path, ())
        if bug.needs:
            return (noted or _shown(bug, prompt)) and all(path in prompt.notes for path in bug.needs)
        return self.repeats and _shown(bug, prompt)

    def _claim(self, number: int, bug: Planted) -> dict[str, Any]:
        shift = number * 5 % 7 - 3 if self.distorted else 0
        form = _PATH_FORMS[number % len(_PATH_FORMS)] if self.distorted else "{0}"
        case = (str.upper, str.title, str.lower)[number % 3] if self.distorted else str.lower
        start = max(1, bug.line + shift)
        ends = (start, start + 900, max(1, start - 2))[number % 3] if self.distorted else start
        return {
            "path": form.format(bug.path),
            "start_line": start,
            "end_line": ends,
            "quote": bug.quote,
            "severity": case(bug.severity),
            "confidence": case("high"),
            "category": case(bug.category),
            "title": bug.title,
            "explanation": bug.explanation or f"{bug.title}, whatever {' and '.join(bug.needs) or 'the input'} is.",
            "suggestion": "",
        }

    def _verdicts(self, prompt: Prompt) -> dict[str, Any]:
        return {"verdicts": [self._judge(row, prompt) for row in prompt.candidates]}

    def _judge(self, row: Mapping[str, Any], prompt: Prompt) -> dict[str, Any]:
        """A candidate holds when it is a true bug and stands where it belongs, on a line that is shown."""
        bug = next((bug for bug in self.planted if bug.title == row["title"]), None)
        right = bug and row["path"] == bug.path and row["start_line"] == bug.line and _shown(bug, prompt)
        holds = bool(bug and right and bug.holds)
        told = f"Line {row['start_line']} {'proves' if holds else 'disproves'} it."
        severity = bug.severity if bug else "low"
        return {"id": row["id"], "holds": holds, "severity": severity.upper(), "explanation": told}


def _shown(bug: Planted, prompt: Prompt) -> bool:
    return prompt.items.get(bug.path, {}).get(bug.line) == bug.quote


@dataclass(frozen=True, slots=True)
class Change:
    """A real repository with two commits, the bugs that the second one plants, and both versions of its files."""

    folder: Path
    base: str
    head: str
    planted: tuple[Planted, ...]
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def real(self) -> list[tuple[str, int, str]]:
        """Places of the bugs that hold, sorted."""
        return sorted(bug.place for bug in self.planted if bug.holds)


def path_of(number: int) -> str:
    """The n-th file's path."""
    return f"shop/part{number % 7}/module_{number:03}.py"


def make_change(
    folder: Path,
    files: int,
    *,
    across: int = 0,
    wrong: int = 0,
    every: int = 1,
    more: Mapping[str, str] | None = None,
    first: Mapping[str, str] | None = None,
    length: int = 12,
) -> Change:
    """A change of `files` modules: a bug in each (or in `every` n-th), `across` more that take two files, `wrong`
    claims that do not hold.

    `more` are further files of the head, `first` of the base. `length` is the number of functions in a module.
    """
    before = {path_of(n): _module(n, length) for n in range(files)}
    after = {path_of(n): _changed(before[path_of(n)], n, n < across, n < wrong) for n in range(files)}
    planted = [bug for n in range(files) for bug in _bugs(n, files, after[path_of(n)]) if bug.needs or n % every == 0]
    base, head = git_history(folder, {"README": "A shop.\n", **before, **(first or {})}, {**after, **(more or {})})
    return Change(folder, base, head, tuple(planted), before, after)


def _module(number: int, length: int) -> str:
    parts = [f'"""Module {number} of the shop."""\n']
    parts += [f"\n\ndef step_{number}_{k}(value):\n    return value * {k} + {number}\n" for k in range(length)]
    return "".join(parts)


def _changed(text: str, number: int, across: bool, wrong: bool) -> str:
    """Lines above are added first, so that old and new numbers differ; the bug comes late, in a hunk of its own."""
    text = text.replace('shop."""\n', f'shop."""\n\nimport decimal\nLIMIT_{number} = decimal.Decimal({number})\n', 1)
    last = text.rindex(f"def step_{number}_")
    bug = f"def pick_{number}(rows, index):\n    return rows[index - len(rows) + {number}]\n\n\n"
    text = text[:last] + bug + text[last:]
    if across:
        text += f"\n\ndef total_{number}(amount):\n    return settle_{number}(amount)  # takes two arguments now\n"
    if wrong:
        text += f"\n\ndef safe_{number}(value):\n    return value or {number}  # looks worse than it is\n"
    return text


def _bugs(number: int, files: int, text: str) -> list[Planted]:
    path, lines = path_of(number), text.split("\n")
    marks = {
        "return rows[": Planted("", 0, "", f"The index of pick_{number} is off by {number}"),
        "# takes two": Planted(
            "",
            0,
            "",
            f"settle_{number} lacks an argument",
            "critical",
            "api-contract",
            needs=(path_of(files - 1 - number),),
        ),
        "# looks worse": Planted("", 0, "", f"safe_{number} swallows zero", "medium", holds=False),
    }
    return [
        Planted(path, at, line, bug.title, bug.severity, bug.category, bug.explanation, bug.needs, bug.holds)
        for at, line in enumerate(lines, 1)
        for mark, bug in marks.items()
        if mark in line
    ]
