import json
import subprocess
from pathlib import Path

import pytest

from reviewer.simulator import sample

from .brain_prompts import ask, item

KNOWN = json.loads((sample.HERE / "known.json").read_text())
RENAMED = {"billing/money.py": "billing/utils.py"}
SKIPPED = {"web/package-lock.json", "web/src/generated/api-types.ts"}


def read(side: str, path: str) -> str:
    return (sample.HERE / side / path).read_text()


def changed_items(context: int | None = None) -> list[dict]:
    base, head = set(sample.files("base")), set(sample.files("head"))
    items = []
    for path in sorted((base | head) - set(RENAMED.values()) - SKIPPED):
        old_path = RENAMED.get(path, path)
        old = read("base", old_path) if old_path in base else ""
        new = read("head", path) if path in head else ""
        status = "renamed" if path in RENAMED else "removed" if not new else "modified" if old else "added"
        if old != new:
            items.append(item(path, old, new, status=status, old_path=old_path, context=context))
    return items


def places(findings: list[dict]) -> list[tuple[str, int, str, str, str]]:
    return [(f["path"], f["start_line"], f["quote"], f["severity"], f["category"]) for f in findings]


def known_places(*, across: bool | None = None) -> set[tuple[str, int, str, str, str]]:
    chosen = [bug for bug in KNOWN if across is None or bug["across_files"] is across]
    return {(bug["path"], bug["line"], bug["quote"], bug["severity"], bug["category"]) for bug in chosen}


def test_known_bugs_are_a_dozen_of_which_two_lie_between_files():
    assert len(KNOWN) == 14
    assert sum(bug["across_files"] for bug in KNOWN) == 2
    assert all(read("head", bug["path"]).splitlines()[bug["line"] - 1] == bug["quote"] for bug in KNOWN)


def test_single_pass_finds_every_known_bug_and_little_else():
    found = places(ask(*(("item", value) for value in changed_items()))["findings"])
    assert known_places() <= set(found)
    assert len(found) <= len(KNOWN) + 6


def test_file_passes_find_what_one_file_shows():
    found = [place for value in changed_items() for place in places(ask(("item", value))["findings"])]
    assert known_places(across=False) <= set(found)
    assert not known_places(across=True) & set(found)
    assert len(found) <= len(KNOWN) + 4


@pytest.mark.parametrize("with_views", [False, True])
def test_integration_pass_finds_what_lies_between_files(with_views):
    items = changed_items()
    notes = [{"path": value["path"], "notes": ask(("item", value))["interface_notes"]} for value in items]
    views = [("item", value) for value in items] if with_views else []
    found = ask(("notes", notes), *views)["findings"]
    assert set(places(found)) == known_places(across=True)


def test_every_known_bug_survives_verification():
    items = [("item", value) for value in changed_items()]
    findings = ask(*items)["findings"]
    candidates = [{"id": f"F{n}", **finding} for n, finding in enumerate(findings, 1)]
    verdicts = ask(*items, ("candidates", candidates), asked="verify")["verdicts"]
    assert [verdict["id"] for verdict in verdicts] == [candidate["id"] for candidate in candidates]
    assert all(verdict["holds"] for verdict in verdicts)


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_repository_has_the_same_commits_everywhere(tmp_path, monkeypatch):
    first = sample.materialise(tmp_path / "one")
    (tmp_path / "gitconfig").write_text(
        "[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n[user]\n\tname = Someone\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert sample.materialise(tmp_path / "two") == first
    assert git(tmp_path / "one", "status", "--short") == []


def test_pull_request_changes_sixteen_files(tmp_path):
    base, head = sample.materialise(tmp_path / "shop")
    kinds = [line[0] for line in git(tmp_path / "shop", "diff", "-M", "--name-status", base, head)]
    assert sorted(kinds) == ["A", "A", "D", *"M" * 12, "R"]
    assert len(git(tmp_path / "shop", "rev-list", base)) == 2
    request = json.loads((sample.HERE / "pull_request.json").read_text())
    assert git(tmp_path / "shop", "branch", "--show-current") == [request["branch"]]
    assert set(request) == {"title", "body", "author", "branch"}


def test_folder_with_content_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match="is not empty"):
        sample.materialise(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_compiled_files_are_not_part_of_the_sample(tmp_path, monkeypatch):
    (tmp_path / "base" / "__pycache__").mkdir(parents=True)
    (tmp_path / "base" / "__pycache__" / "shop.pyc").write_bytes(b"")
    (tmp_path / "base" / "shop.py").write_text("")
    monkeypatch.setattr(sample, "HERE", tmp_path)
    assert sample.files("base") == ("shop.py",)
