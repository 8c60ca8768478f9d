import pytest

from reviewer.errors import InputError
from reviewer.forge.git import Git
from reviewer.forge.local import local_change_set, patch_change_set, repository_name
from tests.forge.local_repository import Repository, git


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "project")


def test_a_range_is_what_the_head_changed_since_it_left_the_base(repository):
    root = repository.commit({"a": b"1\n", "b": b"1\n"})
    head = repository.commit({"a": b"2\n", "b": b"1\n"}, branch="topic", message="Raise a\n\nSince.", parent=root)
    base = repository.commit({"a": b"1\n", "b": b"2\n"}, parent=root)
    changes = local_change_set(repository.folder, "main", "topic")
    assert (changes.repository, changes.number, changes.title) == ("project", None, "Raise a")
    assert (changes.base_sha, changes.head_sha, changes.changed_files) == (base, head, 1)
    assert [(file.path, file.content) for file in changes.files] == [("a", "2\n")]


def test_no_difference_is_no_files(repository):
    repository.commit({"a": b"1\n"})
    assert local_change_set(repository.folder, "main", "main").files == ()


def test_commits_without_a_common_ancestor_are_an_input_error(repository):
    repository.commit({"a": b"1\n"})
    repository.commit({"a": b"2\n"}, branch="other")
    with pytest.raises(InputError, match="no common ancestor"):
        local_change_set(repository.folder, "main", "other")


def test_the_work_tree_and_index_are_not_part_of_it(repository):
    repository.change({"a": b"1\n"}, {"a": b"2\n"})
    (repository.folder / "a").write_text("3\n")
    (repository.folder / "b").write_text("3\n")
    repository.git("add", "b")
    changes = local_change_set(repository.folder, "HEAD^", "HEAD")
    assert [(file.path, file.content) for file in changes.files] == [("a", "2\n")]


def test_it_takes_at_most_six_processes(repository, tmp_path, monkeypatch):
    repository.change({"a": b"1\n"}, {"a": b"2\n"})
    log = tmp_path / "log"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    real = git(tmp_path, "--exec-path").decode().strip()
    fake.write_text(f'#!/bin/sh\necho x >> {log}\nexec {real}/git "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    assert len(local_change_set(repository.folder, "HEAD^", "HEAD").files) == 1
    assert log.read_text().count("x") == 6


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/octo/cat.git", "octo/cat"),
        ("https://user:pa55@github.com/octo/cat", "octo/cat"),
        ("https://x-access-token:pa55@ghe.example.org:8443/octo/cat/", "octo/cat"),
        ("git@github.com:octo/cat.git", "octo/cat"),
        ("ssh://git@github.com:22/octo/my.cat.git", "octo/my.cat"),
        ("https://gitlab.example.org/group/sub/cat.git", "sub/cat"),
        ("/srv/git/cat.git", "project"),
        ("file:///srv/git/cat.git", "project"),
        ("../cat", "project"),
        ("https://pa55@cat", "project"),
        ("", "project"),
    ],
)
def test_the_repository_is_named_by_its_origin_or_folder(repository, url, name):
    if url:
        repository.git("config", "remote.origin.url", url)
    assert repository_name(Git(repository.folder)) == name


DIFF = "diff --git a/käse.py b/käse.py\n--- a/käse.py\n+++ b/käse.py\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_diff_is_read_in_the_encodings_that_shells_write(encoding):
    changes = patch_change_set(DIFF.encode(encoding))
    assert (changes.repository, changes.base_sha, changes.head_sha, changes.changed_files) == ("", "", "", 1)
    assert [(file.path, file.additions, file.deletions) for file in changes.files] == [("käse.py", 1, 1)]


def test_bytes_that_are_not_utf8_do_not_stop_it():
    changes = patch_change_set(b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+\xff\n")
    assert [line.text for line in changes.files[0].lines()] == ["a", "\ufffd"]


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_diff_is_a_change_of_nothing(data):
    assert patch_change_set(data).files == ()


@pytest.mark.parametrize("data", [b"hello\n", b"@@ -1 +1 @@\n-a\n+b\n", b"{}", b"\0\1\2", b"--- a\n"])
def test_what_is_no_diff_is_an_input_error(data):
    with pytest.raises(InputError, match="not a unified diff"):
        patch_change_set(data)
