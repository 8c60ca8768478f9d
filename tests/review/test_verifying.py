"""What the verify pass is shown: every line that it has to judge, and no more than one context."""

from pathlib import Path
from typing import Any

from reviewer.simulator import Answer, Behaviour, Call, Fault
from tests.commands.runner import Runner, diff_arguments, simulated
from tests.fakes.github import git_history
from tests.known_answers import Change, KnownAnswers, Planted, read_prompt, user_text

_ROOM = 30_000 * 3.5
"""Characters of a verify context: its tokens of code, and the lines' numbers and quotes."""


def text_of(lines: int, word: str) -> list[str]:
    return [f"{word}_{number} = compute({number}) + compute({number * 7})  # step {number}" for number in range(lines)]


def bugs(path: str, lines: list[str], *numbers: int) -> list[Planted]:
    return [Planted(path, number, lines[number - 1], f"{path} fails at {number}") for number in numbers]


def change_of(
    folder: Path, before: dict[str, list[str]], after: dict[str, list[str]], planted: list[Planted]
) -> Change:
    old, new = ({path: "\n".join(lines) + "\n" for path, lines in files.items()} for files in (before, after))
    base, head = git_history(folder, {"README": "x\n", **old}, new)
    return Change(folder, base, head, tuple(planted), old, new)


def verified(calls: list[Call]) -> list[dict[str, Any]]:
    return [call.body for call in calls if call.body and read_prompt(call.body).is_verification]


def test_a_line_far_from_the_change_is_shown_to_who_judges_it(reviewer: Runner, tmp_path: Path) -> None:
    before = text_of(1_500, "step")
    after = [*before[:700], "changed = True", *before[701:]]
    planted = bugs("steps.py", after, 5, 701, 1_400)
    change = change_of(tmp_path / "shop", {"steps.py": before}, {"steps.py": after}, planted)
    with simulated(Behaviour(brain=KnownAnswers(planted))) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert ran.of("refuted") == []
    assert ran.of("summary") == sorted(bug.title for bug in planted)


def test_of_a_large_new_file_only_what_is_judged_is_shown(reviewer: Runner, tmp_path: Path) -> None:
    lines = text_of(8_000, "step")
    planted = bugs("steps.py", lines, 3, 4_000, 7_990)
    change = change_of(tmp_path / "shop", {}, {"steps.py": lines}, planted)
    with simulated(Behaviour(brain=KnownAnswers(planted))) as (simulator, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert ran.found == change.real
    assert all(len(user_text(body)) < _ROOM for body in verified(simulator.calls))


def test_removed_lines_of_a_large_file_are_shown_to_who_judges_them(reviewer: Runner, tmp_path: Path) -> None:
    before = text_of(9_000, "old")
    after = [*text_of(4_000, "new"), *before[:50], *before[100:8_000], "end"]
    gone, seen = before[8_500], []

    def brain(body: dict[str, Any]) -> Answer:
        if read_prompt(body).is_verification:
            seen.append(gone in user_text(body).partition('<candidates id="')[0])
        return KnownAnswers([Planted("steps.py", 11_951, "end", "Gone")])(body)

    def claims(body: dict[str, Any]) -> Answer:
        answer = brain(body)
        return Answer(answer.text.replace('"quote": "end"', f'"quote": "{gone}"'))

    change = change_of(tmp_path / "shop", {"steps.py": before}, {"steps.py": after}, [])
    with simulated(Behaviour(brain=claims)) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert [(f["side"], f["start_line"]) for f in ran.report["findings"]] == [("LEFT", 8_501)]
    assert seen == [True]


def test_a_second_look_at_one_part_does_not_forget_that_another_was_not_verified(
    reviewer: Runner, tmp_path: Path
) -> None:
    lines = text_of(4_000, "step")
    planted = bugs("steps.py", lines, 3)
    others = {f"other_{number}.py": text_of(3, f"other_{number}") for number in range(4)}
    change = change_of(tmp_path / "shop", {}, {"steps.py": lines, **others}, planted)
    left = [Fault("invalid_json")] * 2

    def faults(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        prompt = read_prompt(body)
        if prompt.is_verification:
            return Fault("invalid_json")
        last = lines[-1] in prompt.items.get("steps.py", {}).values()
        return left.pop() if last and left else None

    def latency(body: dict[str, Any]) -> float:
        return 0.6 if "other_1.py" in read_prompt(body).items else 0.0

    with simulated(Behaviour(brain=KnownAnswers(planted), faults=faults, latency=latency)) as (_, env):
        ran = reviewer(*diff_arguments(change), "--multi-pass-at", "2", **env)

    assert ran.report["coverage"]["files_reviewed"] == 5
    assert (ran.report["verdict"], [f["verified"] for f in ran.report["findings"]]) == ("incomplete", [None])


def test_one_finding_that_was_passed_over_is_told_in_the_singular(reviewer: Runner, tmp_path: Path) -> None:
    planted = bugs("steps.py", text_of(9, "step"), 3)
    known = KnownAnswers(planted)

    def brain(body: dict[str, Any]) -> Answer:
        return Answer('{"verdicts": []}') if read_prompt(body).is_verification else known(body)

    change = change_of(tmp_path / "shop", {}, {"steps.py": text_of(9, "step")}, planted)
    with simulated(Behaviour(brain=brain)) as (_, env):
        ran = reviewer(*diff_arguments(change), **env)

    assert ran.report["incomplete_because"] == ["The verify pass left out 1 finding on steps.py. Run it again."]
