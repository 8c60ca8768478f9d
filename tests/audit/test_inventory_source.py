from pathlib import Path

import pytest

from reviewer.audit.inventory_source import InventorySource
from reviewer.core.inventory import AuditUnit, Carried, Listed, NotAudited, Rules, file_identity
from reviewer.errors import InputError
from tests.forge.local_repository import Repository, link, submodule

FILES = {
    "a.py": b"def a():\n    return 1\n",
    "logo.png": b"\x89PNG\0",
    "docs/b.md": b"# B\n",
    b"docs/\xe9.py": b"x = 'caf\xe9'\n",
    "empty.txt": b"",
    "link": link(b"a.py"),
    "sub": submodule("1"),
    "vendor/x.js": b"x()\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def source(repository: Repository, files=FILES, **more) -> InventorySource:
    return InventorySource(repository.folder, "o/r", repository.commit(files), **more)


def sorted_out(found) -> tuple[list[tuple[str, ...]], list[Carried], dict[str, str]]:
    found = list(found)
    units = [each.unit.paths for each in found if isinstance(each, AuditUnit)]
    passed = {each.path: each.reason for each in found if isinstance(each, NotAudited)}
    return units, [each for each in found if isinstance(each, Carried)], passed


def test_every_file_of_the_commit_is_in_a_unit_or_has_its_reason(repository):
    units, carried, passed = sorted_out(source(repository).units())
    assert units == [("a.py",), ("docs/\\xe9.py", "docs/b.md")]
    assert carried == []
    assert passed == {
        "logo.png": "binary",
        "empty.txt": "empty",
        "link": "symbolic link",
        "sub": "submodule",
        "vendor/x.js": "vendored",
    }


def test_the_work_tree_and_later_commits_play_no_part(repository):
    at = source(repository)
    before = list(at.units())
    repository.commit({"a.py": b"changed\n"})
    (repository.folder / "a.py").write_text("changed")
    assert list(at.units()) == before


def test_the_second_night_asks_only_for_what_changed(repository):
    def known(file: Listed) -> str | None:
        return file_identity("terms", file.path, file.blob) if file.blob in kept else None

    kept = {file.blob for file in source(repository).listing() if file.path.endswith(".py")}
    units, carried, _ = sorted_out(source(repository, {**FILES, "docs/b.md": b"# C\n"}).units(known))
    assert units == [("docs/b.md",)]
    assert [each.path for each in carried] == ["a.py", "docs/\\xe9.py"]


def test_sizes_come_with_the_listing(repository):
    sizes = {file.path: file.size for file in source(repository).listing()}
    assert (sizes["a.py"], sizes["empty.txt"], sizes["sub"]) == (22, 0, 0)


def test_reading_in_many_batches_changes_nothing(repository, monkeypatch):
    files = {f"p{n % 7}/f{n}.py": f"x = {n}\n".encode() for n in range(60)}
    at = source(repository, files)
    whole = list(at.units())
    monkeypatch.setattr("reviewer.audit.inventory_source._BATCH_FILES", 5)
    assert list(at.units()) == whole
    assert sum(len(unit.unit.items) for unit in whole) == 60


def test_rules_apply(repository):
    units, _, passed = sorted_out(source(repository, rules=Rules(ignore=("docs/",))).units())
    assert units == [("a.py",)]
    assert passed["docs/b.md"] == "ignored by configuration"


def test_an_unknown_commit_is_an_error(repository):
    source(repository)
    with pytest.raises(InputError, match="git cannot read"):
        list(InventorySource(repository.folder, "o/r", "0" * 40).units())
