"""The night after: what is asked across files follows what changed between them, not what was merely edited."""

from pathlib import Path
from typing import Any

import pytest

from tests.audit.whole_night import Night, found, module, night
from tests.forge.local_repository import Repository

FILES = {f"shop/part{n}.py": module(f"n{n}", bug=False) for n in range(8)}
FILES |= {"pay/ledger.py": module("ledger", bug=False)}
FILES |= {"pay/checkout.py": module("checkout", bug=False, misuses="pay/ledger.py")}
MISUSE = "Misuse of checkout in pay/ledger.py"


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(FILES)
    return made


def second(made: Night, shop: Repository, files: dict[str, bytes]) -> tuple[Any, list[tuple[str, ...]]]:
    """The report of a second night on these files, and the groups that it asked about."""
    made.repositories = [("octo/shop", shop)]
    made.finish(made.audit())
    before = len(made.asked)
    shop.commit(files, parent=shop.git("rev-parse", "main"))
    [each] = made.finish(made.audit())
    return each.report, [paths for kind, paths in made.asked[before:] if kind == "integration"]


@pytest.mark.parametrize("edited", ["pay/checkout.py", "shop/part3.py"])
def test_an_edit_that_leaves_the_notes_as_they_were_asks_nothing_across_files(
    tmp_path: Path, shop: Repository, edited: str
) -> None:
    with night(tmp_path) as made:
        report, groups = second(made, shop, FILES | {edited: FILES[edited] + b"\n# edited\n"})

    assert groups == []
    assert [title for _, _, title in found(report)] == [MISUSE]
    assert all(finding.verified for finding in report.findings if finding.counts)


def test_an_edit_that_changes_the_notes_asks_about_the_files_around_it(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        changed = FILES | {"shop/part3.py": module("n3", bug=False, misuses="shop/part4.py")}
        report, groups = second(made, shop, changed)

    assert ["shop/part3.py" in paths for paths in groups] == [True]
    assert [title for _, _, title in found(report)] == [MISUSE, "Misuse of n3 in shop/part4.py"]


def test_what_was_deleted_is_asked_about_beside_those_that_knew_it(tmp_path: Path, shop: Repository) -> None:
    left = {path: text for path, text in FILES.items() if path != "pay/ledger.py"}
    with night(tmp_path) as made:
        report, [group] = second(made, shop, left)
        sent = [call.body for call in made.simulator.calls if call.endpoint == "batches.create" and call.body]
        [_, third] = made.finish(made.audit()), len([paths for kind, paths in made.asked if kind == "integration"])

    assert "pay/checkout.py" in group
    assert "DELETED since the last audit, no longer in the repository. What it was: pay/ledger.py keeps" in str(sent)
    assert [file.path for file in report.files if file.path == "pay/ledger.py"] == []
    assert third == 2  # the first night's groups and this one: a deletion is told once


def test_a_file_that_could_not_be_read_is_not_taken_for_deleted(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        _, groups = second(made, shop, FILES | {"shop/part3.py": b"\0 now a binary\n"})

    assert groups == []
