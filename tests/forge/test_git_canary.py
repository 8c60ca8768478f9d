"""Whatever a repository configures, nothing of it runs."""

import subprocess

import pytest

from reviewer.errors import InputError
from reviewer.forge.git import Git
from reviewer.forge.local import local_change_set
from reviewer.forge.policy import local_policy
from tests.forge.local_repository import ENVIRONMENT, Repository, git

CONFIG = """
[core]
    fsmonitor = {canary}
    pager = {canary}
    hooksPath = hooks
    editor = {canary}
    sshCommand = {canary}
    attributesFile = attributes
    alternateRefsCommand = {canary}
[diff]
    external = {canary}
    noprefix = true
    mnemonicPrefix = true
    algorithm = patience
    context = 0
    renames = false
    suppressBlankEmpty = true
[color]
    ui = always
[diff "evil"]
    command = {canary}
    textconv = {canary}
[filter "evil"]
    process = {canary}
    smudge = {canary}
    clean = {canary}
    required = true
[alias]
    diff-tree = !{canary}
    rev-parse = !{canary}
[log]
    showSignature = true
[gpg]
    program = {canary}
[include]
    path = included
"""


@pytest.fixture
def trapped(tmp_path):
    """A repository that runs a canary wherever a configuration can, with its two commits."""
    repository = Repository(tmp_path / "repo")
    canary = tmp_path / "canary.sh"
    canary.write_text(f'#!/bin/sh\ntouch {tmp_path}/sang\ncat "$1" 2>/dev/null; true\n')
    canary.chmod(0o755)
    attributes = b"* diff=evil filter=evil -text\n"
    files = {".gitattributes": attributes, "a.py": b"1\n2\n\n3\n4\n"}
    base, head = repository.change(files, files | {"a.py": b"1\n2\n\nthree\n4\n"})
    repository.git("reset", "-q", "--hard")
    dot_git = repository.folder / ".git"
    (dot_git / "info" / "attributes").write_bytes(attributes)
    (repository.folder / "attributes").write_bytes(attributes)
    (repository.folder / "hooks").mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (repository.folder / "hooks" / hook).write_text(canary.read_text())
        (repository.folder / "hooks" / hook).chmod(0o755)
    with (dot_git / "config").open("a") as config:
        config.write(CONFIG.format(canary=canary))
    return repository, base, head


def test_the_trap_works(trapped, tmp_path):
    subprocess.run(["git", "diff", "HEAD^", "HEAD"], cwd=trapped[0].folder, env=ENVIRONMENT, capture_output=True)
    assert (tmp_path / "sang").exists()


def test_no_configuration_runs_or_changes_what_is_seen(trapped, tmp_path):
    repository, base, head = trapped
    changes = local_change_set(repository.folder, base, head)
    local_policy(repository.folder, base)
    found = Git(repository.folder)
    found.read(head, ["a.py"])
    assert not (tmp_path / "sang").exists()
    (file,) = changes.files
    assert [(line.mark, line.text) for line in file.lines()] == [
        (" ", "1"),
        (" ", "2"),
        (" ", ""),
        ("-", "3"),
        ("+", "three"),
        (" ", "4"),
    ]


@pytest.mark.parametrize("rule", [b"*.py binary\n", b"*.py -diff\n", b"[attr]binary -diff\n* binary\n"])
@pytest.mark.parametrize("where", [".gitattributes", "src/.gitattributes"])
def test_a_head_cannot_hide_its_text_as_binary(tmp_path, rule, where):
    repository = Repository(tmp_path / "repo")
    base, head = repository.change({"src/a.py": b"1\n"}, {"src/a.py": b"2\n", where: rule})
    repository.git("reset", "-q", "--hard")
    assert "-\t-\tsrc/a.py" in repository.git("diff", "--numstat", "HEAD^", "HEAD")
    file = local_change_set(repository.folder, base, head).file("src/a.py")
    assert file is not None
    assert (file.binary, file.additions, file.deletions) == (False, 1, 1)


def test_missing_objects_are_not_fetched_but_named(tmp_path):
    origin = Repository(tmp_path / "origin")
    base, head = origin.change({"a": b"1\n"}, {"a": b"2\n"})
    origin.git("config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", origin.folder.as_uri(), "partial")
    git(tmp_path / "partial", "config", "remote.origin.uploadpack", f"touch {tmp_path}/sang; git-upload-pack")
    with pytest.raises(InputError) as error:
        Git(tmp_path / "partial").changed_files(base, head)
    assert "no `filter`" in error.value.step
    with pytest.raises(InputError):
        Git(tmp_path / "partial").resolve("1" * 40)
    assert not (tmp_path / "sang").exists()
