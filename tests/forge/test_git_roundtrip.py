"""Random edits: what Reviewer reads from git equals git's own numbers, and its hunks make the new text of the old."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reviewer.core.change import ChangedFile
from reviewer.forge.git import Git
from reviewer.forge.local import patch_change_set
from tests.forge.local_repository import Repository, git

ODD_LINES = [
    "", "-", "+", " ", "-- x", "++ b/x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "@@ -0,0 +1,9 @@ x", "diff --git a/x b/x",
    "index 11..22 100644", "\\ No newline at end of file", "\r", "a\r", "\x0c", "\u2028", "\x85", "\x1e", "ü", "\ufeff",
    "Binary files a/x and b/x differ", "GIT binary patch", "rename from x", "-- ", "From 0", "a", "b", "c",
]  # fmt: skip
LINES = st.lists(
    st.sampled_from(ODD_LINES) | st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=5)
)
EDITS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), LINES), max_size=4)
PATHS = ["a.py", "b b/c.py", "tab\t", "line\nfeed", 'q"', "é", "-x", "{a => b}"]


@st.composite
def changes(draw):
    """Old and new texts of some files; the new ones are edits of the old ones, so that there is common text."""
    old, new = {}, {}
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True)):
        lines = draw(LINES) + [str(number) for number in range(draw(st.integers(0, 40)))]
        edited = list(lines)
        for at, gone, added in draw(EDITS):
            edited[at : at + gone] = added
        for texts, content in ((old, lines), (new, edited)):
            if draw(st.integers(0, 7)):
                end = "\n" if draw(st.integers(0, 3)) else ""
                texts[path] = ("\n".join(content) + end).encode()
    return old, new


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("random") / "repo")


def text_lines(data: bytes) -> list[str]:
    lines = data.decode().split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def applied(file: ChangedFile, old: list[str]) -> list[str]:
    """The old lines with the hunks put in, every number and context line checked on the way."""
    new: list[str] = []
    at = 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        new += old[at:start]
        at = start
        for line in hunk.lines:
            assert (line.old is None, line.new is None) == (line.mark == "+", line.mark == "-")
            if line.old is not None:
                assert (line.old, line.text) == (at + 1, old[at])
                at += 1
            if line.new is not None:
                new.append(line.text)
                assert line.new == len(new)
        assert (hunk.old_count, hunk.new_count) == tuple(
            sum(number is not None for number in side)
            for side in ([line.old for line in hunk.lines], [line.new for line in hunk.lines])
        )
    return new + old[at:]


def numstat(repository, base, head) -> dict[str, tuple[int, int]]:
    rows = git(repository.folder, "diff", "--numstat", "-z", "--no-renames", base, head).decode().split("\0")[:-1]
    return {path: (int(added), int(removed)) for added, removed, path in (row.split("\t", 2) for row in rows)}


def check_counts(files, counts):
    """Git counts without renames here, so renamed files are not compared."""
    for file in files:
        if file.status != "renamed":
            assert (file.additions, file.deletions) == counts[file.path]


def check_texts(files, old, new):
    for file in files:
        assert (file.unreadable, file.binary) == (None, False)
        before = old.get(file.old_path or file.path, b"")
        assert applied(file, text_lines(before)) == text_lines(new.get(file.path, b""))


def touched(old, new) -> set[str]:
    return {path for path in {*old, *new} if old.get(path) != new.get(path)}


def touched_by(files) -> set[str]:
    return {path for file in files for path in (file.path, file.old_path) if path}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes())
@example(({"a.py": b"-- x\n"}, {"a.py": b"++ b/x\n"}))
@example(({"a.py": b"a"}, {"a.py": b"a\n"}))
@example(({"a.py": b"diff --git a/x b/x\n" * 9}, {"a.py": b"diff --git a/x b/x\n" * 4 + b"@@ -1 +1 @@\n"}))
def test_hunks_make_the_new_text_of_the_old(repository, change):
    old, new = change
    base, head = repository.change(old, new)
    files = Git(repository.folder).changed_files(base, head)
    assert touched_by(files) == touched(old, new)
    check_counts(files, numstat(repository, base, head))
    check_texts(files, old, new)
    assert all(file.content == new[file.path].decode() for file in files if file.status != "removed")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes(), st.sampled_from(["--full-index", "-U0", "-U25", "-M", "--binary", "--patience"]), st.booleans())
def test_a_diff_as_text_says_the_same(repository, change, option, quoted):
    old, new = change
    base, head = repository.change(old, new)
    quoting = f"core.quotePath={str(quoted).lower()}"
    diff = git(repository.folder, "-c", quoting, "-c", "diff.renames=false", "diff", option, base, head)
    files = patch_change_set(diff).files
    assert touched_by(files) == touched(old, new)
    if option != "--patience":
        check_counts(files, numstat(repository, base, head))
    check_texts(files, old, new)
