"""Every attack on a whole run of `reviewer pr`: asserted over all that goes out, whatever way it goes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Answer
from tests.commands.runner import Ran
from tests.github.stage import Stage
from tests.hostile.attacks import ATTACKS, PLAIN, Attack
from tests.hostile.media import (
    check_html,
    check_log,
    check_markdown,
    check_request,
    check_sarif,
    check_step_outputs,
)
from tests.known_answers import read_prompt

Opened = Callable[..., Stage]


@dataclass(frozen=True)
class Swayed:
    """A model on the attacker's side: it finds nothing, or says the hostile words wherever there is room."""

    says: str

    def __call__(self, body: dict[str, Any]) -> Answer:
        prompt, says = read_prompt(body), self.says
        if prompt.is_verification:
            verdicts = [
                {"id": row["id"], "holds": True, "severity": "high", "explanation": says} for row in prompt.candidates
            ]
            return Answer(json.dumps({"verdicts": verdicts}))
        found = (
            [self._finding(path, *next(iter(lines.items()))) for path, lines in prompt.items.items()] if says else []
        )
        return Answer(json.dumps({"summary": says or "Approved.", "interface_notes": [says], "findings": found}))

    def _finding(self, path: str, number: int, line: str) -> dict[str, Any]:
        return {
            "path": path, "start_line": number, "end_line": number, "quote": line, "severity": "high",
            "confidence": "high", "category": "correctness", "title": self.says, "explanation": self.says,
            "suggestion": self.says,
        }  # fmt: skip


@dataclass(frozen=True)
class Aftermath:
    """Everything that went out, by the way it went."""

    ran: Ran
    posted: list[str]
    files: dict[str, str]
    requests: list[Any]

    def everything(self) -> str:
        """All of it as one text."""
        told = [self.ran.out, self.ran.err, self.ran.summary, *self.posted, *self.files.values()]
        return "\n".join([*told, json.dumps(self.ran.outputs), json.dumps(self.requests, ensure_ascii=False)])


def attacked(opened: Opened, folder: Path, attack: Attack) -> Aftermath:
    before = attack.before or {"a.py": PLAIN[:40]}
    pull = {"title": attack.title, "body": attack.body}
    stage = opened(before, {**attack.files, "z.py": "value_1 = 1\n"}, brain=Swayed(attack.says), **pull)
    reports = {name: folder / f"report.{name}" for name in ("html", "sarif")}
    ran = stage.run("--fail-on", "medium", "--html", str(reports["html"]), "--sarif", str(reports["sarif"]))
    pull = stage.pull
    posted = [one.body for one in (*pull.reviews, *pull.comments, *pull.issue_comments)]
    files = {name: path.read_text(encoding="utf-8") for name, path in reports.items()}
    return Aftermath(ran, posted, files | {"json": json.dumps(ran.report)}, [call.body for call in stage.api.calls])


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_hostile_change_does_no_harm_and_is_told(opened: Opened, tmp_path: Path, attack: Attack) -> None:
    seen = attacked(opened, tmp_path, attack)

    assert seen.ran.report["verdict"] in ("pass", "findings"), seen.ran.because
    for text in (*seen.posted, seen.ran.summary):
        check_markdown(text)
    check_log(seen.ran.out + seen.ran.err)
    check_step_outputs(seen.ran.outputs)
    check_html(seen.files["html"])
    check_sarif(seen.files["sarif"])
    for body in seen.requests:
        check_request(body)
    everything = seen.everything()
    assert [secret for secret in attack.nowhere if secret in everything] == []
    assert all(_reported(seen.ran, words) for words in attack.finds), seen.ran.found
    assert seen.ran.code == (1 if attack.finds or attack.says else 0)


def _reported(ran: Ran, words: str) -> bool:
    """Whether a security finding that counts, of at least medium severity, has these words in it."""
    return any(
        words in f"{found['title']} {found['explanation']}".lower()
        for found in ran.report["findings"]
        if found["category"] == "security"
        and found["severity"] in ("critical", "high", "medium")
        and found["disposition"] in ("posted", "summary")
    )


def test_there_are_enough_attacks_and_each_has_a_name_of_its_own() -> None:
    names = {attack.name for attack in ATTACKS}

    assert len(names) == len(ATTACKS) >= 60
