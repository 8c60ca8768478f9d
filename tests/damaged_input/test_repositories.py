"""Repositories that are damaged, made to do harm, or name more than can be read."""

import hashlib
import json
import zlib

import pytest

from reviewer.core import diff
from reviewer.errors import InputError
from reviewer.forge import git as git_module
from reviewer.forge import git_run
from reviewer.forge.git import Git
from reviewer.forge.local import local_change_set
from reviewer.forge.policy import local_policy
from tests.damaged_input.program import reviewer
from tests.forge.local_repository import Repository, git


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo")


def tree(repository, *rows: tuple[str, str, str, str]) -> str:
    given = "".join(f"{mode} {kind} {name}\t{path}\0" for mode, kind, name, path in rows).encode()
    return git(repository.folder, "mktree", "--missing", "-z", given=given).decode().strip()


def commit(repository, made: str, *parents: str) -> str:
    options = [option for parent in parents for option in ("-p", parent)]
    return repository.git("commit-tree", made, "-m", "m", *options)


def blob(repository, data: bytes) -> str:
    return git(repository.folder, "hash-object", "-w", "--stdin", given=data).decode().strip()


def forged(repository, data: bytes) -> str:
    """A loose object whose content is not what its name, or even its own header, says."""
    name = hashlib.sha1(data).hexdigest()
    path = repository.folder / ".git/objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(data))
    return name


def changed(repository, name: str, mode: str = "100644", path: str = "f") -> tuple[str, str]:
    """A base without, and a head with, a file that is the object of this name."""
    base = commit(repository, tree(repository, ("100644", "blob", blob(repository, b"a\n"), "g")))
    rows = ("100644", "blob", blob(repository, b"a\n"), "g"), (mode, "blob", name, path)
    return base, commit(repository, tree(repository, *rows), base)


def test_a_blob_that_is_missing_ends_with_the_step_to_take(repository):
    with pytest.raises(InputError, match="shallow or partial"):
        local_change_set(repository.folder, *changed(repository, "12" * 20))


def test_a_line_of_50_mb_makes_the_review_incomplete_within_700_mb(repository, tmp_path):
    base, head = changed(repository, blob(repository, b"y" * 50_000_000))
    ended = reviewer(
        *("diff", "--repo", str(repository.folder), "--base", base, "--head", head, "--engine", "offline"),
        *("--json", "report.json"),
        memory=700,
        cwd=tmp_path,
    )
    ended.refused(3)
    (file,) = json.loads((tmp_path / "report.json").read_text())["files"]
    assert file["reason"] == "unreadable: it has 50.0 MB, more than 33.6 MB"


def test_a_blob_that_says_it_has_10_gb_is_not_read(repository, tmp_path):
    base, head = changed(repository, forged(repository, b"blob 10737418240\0abc"))
    args = ("diff", "--repo", str(repository.folder), "--base", base, "--head", head, "--engine", "offline")
    assert reviewer(*args, memory=700, cwd=tmp_path).code in (2, 3)


@pytest.mark.parametrize("rev", ["nope", "--upload-pack=x", "0" * 40, "main^{tree}", "a\x1b[31m", "", "@{u}", "main:x"])
def test_a_revision_that_is_none_is_refused(repository, rev):
    repository.commit({"f": b"a\n"})
    with pytest.raises(InputError, match="There is no commit"):
        Git(repository.folder).resolve(rev)


def test_a_repository_whose_objects_are_garbage_is_refused(repository):
    head = repository.commit({"f": b"a\n"})
    base = repository.commit({"f": b"b\n"})
    for path in (repository.folder / ".git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"garbage")
    with pytest.raises(InputError):
        local_change_set(repository.folder, base, head)


@pytest.mark.parametrize("text", ["[core\0\n", "[core]\n\trepositoryformatversion = 99\n"])
def test_a_repository_whose_configuration_is_garbage_is_refused(repository, text):
    (repository.folder / ".git/config").write_text(text)
    with pytest.raises(InputError, match="is not a git repository"):
        Git(repository.folder)


def test_trees_that_hold_each_other_are_given_up_before_the_machine_is(repository, monkeypatch):
    monkeypatch.setattr(git_run, "_MEMORY", 48 << 20)
    base = commit(repository, tree(repository, ("100644", "blob", blob(repository, b"a\n"), "f")))
    made = tree(repository, *(("100644", "blob", blob(repository, b"b\n"), f"f{n}") for n in range(10)))
    for _ in range(8):
        made = tree(repository, *(("040000", "tree", made, f"d{n}") for n in range(10)))
    with pytest.raises(InputError):
        Git(repository.folder).changed_files(base, commit(repository, made, base))


def test_more_files_than_can_be_meant_are_refused(repository, monkeypatch):
    monkeypatch.setattr(diff, "MAX_FILES", 100)
    base = commit(repository, tree(repository))
    name = blob(repository, b"a\n")
    made = tree(repository, *(("100644", "blob", name, f"f{n:03}") for n in range(101)))
    with pytest.raises(InputError, match="more than 100 files"):
        Git(repository.folder).changed_files(base, commit(repository, made, base))


def test_a_path_longer_than_any_is_refused(repository):
    base, head = changed(repository, blob(repository, b"b\n"), path="n" * 5000)
    with pytest.raises(InputError, match="a path of 5,000 characters"):
        local_change_set(repository.folder, base, head)


def test_contents_together_are_bounded(repository, monkeypatch):
    monkeypatch.setattr(git_module, "READ_TOGETHER", 2_500)
    base = repository.commit({"f": b"a\n"})
    head = repository.commit({f"{n}": b"%d" % n + b"x" * 999 for n in range(4)}, parent=base)
    files = Git(repository.folder).changed_files(base, head)
    assert [file.content is not None for file in files] == [True, True, False, False, False]


def test_a_blob_larger_than_the_limit_counts_as_missing(repository):
    large, small = blob(repository, b"x" * 4_000_001), blob(repository, b"x")
    assert Git(repository.folder).read_blobs([large, small]) == {small: b"x"}


@pytest.mark.parametrize("name", [".github/reviewer.yml", "REVIEW.md", "sub/.gitattributes"])
def test_a_policy_too_large_to_read_is_not_taken_for_none(repository, name):
    repository.commit({name: b"x" * 4_000_001})
    with pytest.raises(InputError, match=r"of the base commit cannot be read"):
        local_policy(repository.folder, "main")


def test_a_message_without_end_is_cut(repository):
    base = repository.commit({"f": b"a\n"})
    head = repository.commit({"f": b"b\n"}, message="t" * 5_000_000, parent=base)
    assert [len(text) for text in Git(repository.folder).messages(base, head)] == [500_000]


def test_nothing_that_a_repository_configures_is_run(repository, tmp_path):
    base = repository.commit({"f.py": b"a\n"})
    head = repository.commit({"f.py": b"b\n", ".gitattributes": b"*.py diff=evil filter=evil\n"}, parent=base)
    keys = "core.fsmonitor core.pager diff.external diff.evil.textconv diff.evil.command filter.evil.smudge"
    for key in (
        *keys.split(),
        "alias.diff-tree",
        "core.sshCommand",
        "credential.helper",
        "core.alternateRefsCommand",
        "gpg.program",
    ):
        repository.git("config", key, f"touch {tmp_path}/ran; false")
    assert len(local_change_set(repository.folder, base, head).files) == 2
    assert not (tmp_path / "ran").exists()
