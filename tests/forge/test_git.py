import subprocess
import sys
from pathlib import Path

import pytest

from reviewer.errors import InputError
from reviewer.forge.git import Git
from reviewer.forge.local import opening_title
from tests.forge.local_repository import Repository, git, link


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo")


@pytest.mark.parametrize("form", ["{sha}", "{short}", "main", "refs/heads/main", "v1", "main^0"])
def test_resolves_every_name_of_a_commit(repository, form):
    sha = repository.commit({"a": b"1\n"})
    repository.git("tag", "-a", "-m", "a tag", "v1", "main")
    assert Git(repository.folder).resolve(form.format(sha=sha, short=sha[:9])) == sha


@pytest.mark.parametrize("rev", ["nope", "", "-h", "--all", "a\nb", "main:a", "main..main", "main^{tree}", "0" * 40])
def test_a_name_of_no_commit_is_an_input_error(repository, rev):
    repository.commit({"a": b"1\n"})
    with pytest.raises(InputError) as error:
        Git(repository.folder).resolve(rev)
    assert repr(rev) in str(error.value)
    assert "fetch-depth: 0" in error.value.step


@pytest.mark.parametrize("base", ["main", "v1", "main@{0}", "HEAD"])
def test_a_range_is_both_ends_and_where_they_part(repository, base):
    root = repository.commit({"a": b"1\n"})
    head = repository.commit({"a": b"2\n"}, branch="topic", parent=root)
    main = repository.commit({"a": b"3\n"}, parent=root)
    repository.git("tag", "-a", "-m", "a tag", "v1", "main")
    assert Git(repository.folder).resolve_range(base, "topic") == (main, head, root)


def test_unrelated_commits_have_no_merge_base(repository):
    one = repository.commit({"a": b"1\n"})
    other = repository.commit({"a": b"1\n"}, branch="other", message="no parent")
    assert Git(repository.folder).merge_base(one, other) is None
    assert Git(repository.folder).resolve_range("main", "other") == (one, other, None)


def test_no_folder_no_repository_and_no_git_each_say_so(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="is not a folder"):
        Git(tmp_path / "none")
    with pytest.raises(InputError, match="is not a git repository"):
        Git(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git was not found"):
        Git(tmp_path)


def test_a_git_inside_the_repository_is_not_run(repository, monkeypatch):
    fake = repository.folder / "git"
    fake.write_text("#!/bin/sh\ntouch canary\n")
    fake.chmod(0o755)
    sha = repository.commit({"a": b"1\n"})
    monkeypatch.setenv("PATH", f".:{subprocess.os.environ['PATH']}")
    monkeypatch.chdir(repository.folder)
    assert Git(Path()).resolve("main") == sha
    assert not (repository.folder / "canary").exists()


def test_a_shallow_clone_is_named_as_the_cause(repository, tmp_path):
    base, head = repository.change({"a": b"1\n"}, {"a": b"2\n"})
    git(tmp_path, "clone", "-q", "--depth=1", repository.folder.as_uri(), "shallow")
    shallow = Git(tmp_path / "shallow")
    assert shallow.resolve("main") == head
    assert not shallow.has_commits(base)
    with pytest.raises(InputError) as error:
        shallow.resolve(base)
    assert error.value.cause == "The clone is shallow."


def test_has_commits_wants_whole_ids_of_commits(repository):
    base, head = repository.change({"a": b"1\n"}, {"a": b"2\n"})
    tree = repository.git("rev-parse", "main^{tree}")
    found = Git(repository.folder)
    assert found.has_commits(base, head)
    assert found.has_commits(head, head)
    assert not any(found.has_commits(base, other) for other in (tree, "0" * 40, head[:10], "main", ""))


ODD_PATHS = ["-x", ":(top)x", "*", "a b", "tab\there", "line\nfeed", 'quo"te', "back\\slash", "d b/ä/€.py", "a\\x41"]


def test_reads_files_by_any_path(repository):
    sha = repository.commit({path: path.encode() for path in ODD_PATHS} | {"n": b""})
    found = Git(repository.folder).read(sha, [*ODD_PATHS, "n"])
    assert found == {path: path.encode() for path in ODD_PATHS} | {"n": b""}


def test_reads_a_path_that_is_not_utf8_by_the_name_it_shows(repository):
    base, sha = repository.change({}, {b"caf\xe9.py": b"x = 1\n"})
    found = Git(repository.folder)
    assert [file.path for file in found.changed_files(base, sha)] == ["caf\\xe9.py"]
    assert found.read(sha, ["caf\\xe9.py"]) == {"caf\\xe9.py": b"x = 1\n"}


@pytest.mark.parametrize("path", ["none", "../x", "./a/b", "/a/b", "a", "a/", "", ".", "li", "a//b", "a\0b"])
def test_what_is_no_regular_file_is_left_out(repository, path):
    sha = repository.commit({"a/b": b"1\n", "li": link(b"a/b")})
    assert Git(repository.folder).read(sha, [path, "a/b"]) == {"a/b": b"1\n"}


def test_reading_from_a_commit_that_is_not_here_says_so(repository):
    repository.commit({"a": b"1\n"})
    with pytest.raises(InputError, match="cannot read the objects"):
        Git(repository.folder).read("0" * 40, ["a"])


def test_bare_repositories_worktrees_subfolders_and_sha256(tmp_path):
    plain = Repository(tmp_path / "plain")
    base, head = plain.change({"f/a": b"1\n"}, {"f/a": b"2\n"})
    git(tmp_path, "clone", "-q", "--bare", str(plain.folder), "bare")
    plain.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"), head)
    for folder in (plain.folder, tmp_path / "bare", tmp_path / "tree", tmp_path / "tree" / "f"):
        assert [file.additions for file in Git(folder).changed_files(base, head)] == [1], folder
    modern = Repository(tmp_path / "sha256", "--object-format=sha256")
    base, head = modern.change({"a": b"1\n"}, {"a": b"2\n", "b": b"\n"})
    assert [(file.path, file.status) for file in Git(modern.folder).changed_files(base, head)] == [
        ("a", "modified"),
        ("b", "added"),
    ]


@pytest.mark.parametrize(
    ("message", "title"),
    [("One line", "One line"), ("Two\nlines\n\nbody", "Two lines"), ("Käse 🧀", "Käse 🧀"), ("", "")],
)
def test_a_title_is_the_first_paragraph_of_the_first_commit(repository, message, title):
    base = repository.commit({})
    first = repository.commit({"a": b"1\n"}, message=message, parent=base)
    last = repository.commit({"a": b"2\n"}, message="More of it", parent=first)
    assert opening_title(Git(repository.folder).messages(base, last)) == title


def test_replaced_objects_are_not_followed(repository):
    base, head = repository.change({"a": b"1\n"}, {"a": b"2\n"})
    repository.git("replace", head, base)
    assert [file.path for file in Git(repository.folder).changed_files(base, head)] == ["a"]


def test_the_folder_in_between_is_removed(repository):
    code = (
        "import sys, pathlib; from reviewer.forge.git import Git;"
        "git = Git(pathlib.Path(sys.argv[1])); print(git._git._inner['GIT_DIR'])"
    )
    sha = repository.commit({})
    done = subprocess.run([sys.executable, "-c", code, str(repository.folder)], capture_output=True, text=True)
    assert sha
    assert not Path(done.stdout.strip() or "/").exists()
