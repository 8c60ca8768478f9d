import pytest

from reviewer.core.diff import Unparsed
from reviewer.forge import git as git_module
from reviewer.forge import git_diff, git_run
from reviewer.forge.git import Git
from reviewer.forge.git_diff import path_bytes, path_text
from tests.forge.local_repository import Repository, executable, link, submodule

TEXT = b"".join(b"line %d\n" % number for number in range(20))


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo")


def changed(repository, old, new, **options):
    return Git(repository.folder).changed_files(*repository.change(old, new), **options)


@pytest.mark.parametrize(
    ("old", "new", "status", "counts"),
    [
        (None, b"1\n2\n", "added", (2, 0)),
        (b"1\n2\n", None, "removed", (0, 2)),
        (b"1\n2\n", b"1\n3\n", "modified", (1, 1)),
        (None, b"", "added", (0, 0)),
        (b"", None, "removed", (0, 0)),
        (b"", b"1", "modified", (1, 0)),
        (b"1", b"", "modified", (0, 1)),
        (b"1", b"1\n", "modified", (1, 1)),
        (b"1\n", b"1\r\n", "modified", (1, 1)),
        (b"x\n", executable(b"x\n"), "changed", (0, 0)),
        (b"x\n", executable(b"y\n"), "modified", (1, 1)),
        (b"1\n2\n", link(b"1"), "changed", (1, 2)),
        (link(b"1"), b"1\n2\n", "changed", (2, 1)),
        (link(b"1"), link(b"2"), "modified", (1, 1)),
        (submodule("1"), submodule("2"), "modified", (1, 1)),
        (b"1\n", submodule("2"), "changed", (1, 1)),
        (b"\xff\xfe1\0\n\0", b"\xff\xfe2\0\n\0", "modified", (0, 0)),
        (b"1\n", b"1\0\n", "modified", (0, 0)),
    ],
)
def test_status_and_counts(repository, old, new, status, counts):
    files = changed(repository, {"f": old} if old is not None else {}, {"f": new} if new is not None else {})
    assert [(file.path, file.status, file.unreadable) for file in files] == [("f", status, None)]
    assert (files[0].additions, files[0].deletions) == counts


@pytest.mark.parametrize(
    ("old", "new", "flags"),
    [
        (b"1\n", b"2\n", set()),
        (b"1\n", b"\0\n", {"binary"}),
        (b"\0\n", b"1\n", {"binary"}),
        (link(b"1"), link(b"2"), {"symlink"}),
        (b"1\n", link(b"2"), {"symlink"}),
        (link(b"1"), b"2\n", set()),
        (link(b"1"), None, {"symlink"}),
        (None, submodule("1"), {"submodule"}),
        (submodule("1"), b"1\n", set()),
        (submodule("1"), None, {"submodule"}),
    ],
)
def test_what_a_file_is(repository, old, new, flags):
    (file,) = changed(repository, {"f": old} if old else {}, {"f": new} if new else {})
    assert {name for name in ("binary", "symlink", "submodule") if getattr(file, name)} == flags


def test_renames_are_found_with_and_without_edits(repository):
    files = changed(repository, {"a": TEXT, "b": TEXT + b"b\n"}, {"c b/a": TEXT, "d": TEXT + b"d\n"})
    assert [(file.path, file.old_path, file.status, len(file.hunks)) for file in files] == [
        ("c b/a", "a", "renamed", 0),
        ("d", "b", "renamed", 1),
    ]


def test_a_copy_is_an_added_file_as_on_github(repository):
    files = changed(repository, {"a": TEXT}, {"a": TEXT + b"1\n", "copy": TEXT})
    assert [(file.path, file.status, file.additions) for file in files] == [("a", "modified", 1), ("copy", "added", 20)]


ODD = [
    "-rf", ":(exclude)x", "x b/y.py", "a\tb", "a\nb", "a\ndiff --git a/f b/f", 'say "hi"', "back\\slash", "käse/🧀.py",
    " lead", "trail ", "a\x01\x7f", "*", "a\u2028b", "@@ -1 +1 @@", "a => b", "{a => b}/c",
]  # fmt: skip


@pytest.mark.parametrize("path", ODD)
def test_odd_names_come_through(repository, path):
    files = changed(repository, {path: TEXT, "z": b"1\n"}, {path: TEXT + b"new\n", "z": b"2\n"})
    assert [(file.path, file.status, file.additions) for file in files] == sorted(
        [(path, "modified", 1), ("z", "modified", 1)], key=lambda found: found[0].encode()
    )
    assert files[0].unreadable is None


def test_odd_names_come_through_all_at_once_and_renamed(repository):
    old = {path: b"%d\n" % number + TEXT for number, path in enumerate(ODD)}
    new = {"new/" + path: b"%d\n" % number + TEXT + b"more\n" for number, path in enumerate(ODD)}
    files = changed(repository, old, new)
    assert {(file.old_path, file.path, file.additions, file.unreadable) for file in files} == {
        (path, "new/" + path, 1, None) for path in ODD
    }


@pytest.mark.parametrize(
    ("raw", "shown"), [(b"caf\xe9", "caf\\xe9"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80"), ("é".encode(), "é")]
)
def test_names_that_are_not_utf8_show_their_bytes_and_lead_back(raw, shown):
    assert path_text(raw) == shown
    assert raw in path_bytes(shown)


@pytest.mark.parametrize(
    "text",
    ["a\rb", "a\x0cb", "a\u2028b", "\x85", "\x1c", "\ufeffx", "--- a/f", "+++ b/f", "@@ -1 +1 @@", "\\ No newline"],
)
def test_a_line_is_what_ends_with_a_line_feed(repository, text):
    line = text.encode() + b"\n"
    (file,) = changed(repository, {"f": line * 3}, {"f": line * 2 + b"new " + line})
    assert [(found.mark, found.old, found.new, found.text) for found in file.lines()] == [
        (" ", 1, 1, text),
        (" ", 2, 2, text),
        ("-", 3, None, text),
        ("+", None, 3, "new " + text),
    ]
    assert file.content == f"{text}\n{text}\nnew {text}\n"


def test_bytes_that_are_not_utf8_are_replaced_alike_in_hunks_and_content(repository):
    (file,) = changed(repository, {"f": b""}, {"f": b"caf\xe9\xe2\x82\n\xff"})
    assert [line.text for line in file.lines()] == ["caf\ufffd\ufffd", "\ufffd"]
    assert file.content == "caf\ufffd\ufffd\n\ufffd"


def test_content_is_there_for_text_within_the_limit(repository):
    new = {
        "big": b"x" * 101,
        "small": b"x" * 100,
        "bin": b"\0",
        "link": link(b"x"),
        "sub": submodule("1"),
        "mode": b"m",
    }
    files = changed(repository, {"gone": b"g\n", "mode": executable(b"m")}, new, content_limit=100)
    assert {file.path: file.content for file in files} == {
        "big": None, "small": "x" * 100, "bin": None, "link": None, "sub": None, "mode": "m", "gone": None,
    }  # fmt: skip


def test_a_patch_too_large_is_one_unreadable_file(repository):
    files = changed(repository, {}, {"a": b"x" * 5_000_000, "b": b"1\n", "c": b"x\n" * 1_500_000})
    assert [(file.path, file.unreadable, file.additions) for file in files] == [
        ("a", "its patch has 5.0 MB, more than 4 MB", 1),
        ("b", None, 1),
        ("c", "its patch has 4.5 MB, more than 4 MB", 1_500_000),
    ]


def test_a_diff_too_large_leaves_its_last_files_unreadable(repository):
    files = changed(repository, {}, {f"{n}": b"x" * 3_900_000 for n in range(1, 10)} | {"a": b"\0", "b": b"1\n"})
    assert [file.unreadable for file in files] == [
        *[None] * 8,
        "its patch has 3.9 MB, and the whole diff more than 32 MB",
        None,
        None,
    ]


def test_a_patch_of_too_many_lines_is_one_unreadable_file(repository):
    files = changed(repository, {}, {"a": b"\n" * 250_000, "b": b"1\n"})
    assert [file.unreadable for file in files] == ["its patch has 250,001 lines, more than 200,000", None]


def test_a_text_too_large_for_git_is_not_called_binary(repository, monkeypatch):
    monkeypatch.setattr(git_run, "HUGE_BLOB", 1_000_000)
    monkeypatch.setattr(git_module, "HUGE_BLOB", 1_000_000)
    files = changed(repository, {"c": b"x"}, {"a": b"x" * 1_200_000, "b": b"\0" * 1_200_000, "c": b"y" * 1_200_000})
    reason = "it has 1.2 MB, more than 1.0 MB"
    assert [(file.path, file.binary, file.unreadable) for file in files] == [
        ("a", False, reason),
        ("b", True, None),
        ("c", False, reason),
    ]


def test_hunks_of_another_blob_are_refused():
    section = git_diff._Section(
        [b"diff --git a/f b/f\n", b"index 11..22 100644\n"], bytearray(b"@@ -1 +1 @@\n-a\n+b\n")
    )
    assert isinstance(git_diff._hunks(section, "11", "33"), Unparsed)
    assert not isinstance(git_diff._hunks(section, "11", "22"), Unparsed)


def test_hunks_at_odds_with_gits_counts_are_refused():
    entry = git_diff.Entry("M", "100644", "100644", "11", "22", "f", "f")
    section = git_diff._Section([b"index 11..22 100644\n"], bytearray(b"@@ -1 +1 @@\n-a\n+b\n"))
    found = git_diff._filled(entry, (2, 1), iter([section]))
    assert found.hunks == Unparsed("its patch has +1 -1 lines, but git counts +2 -1")
    assert git_diff._filled(entry, (1, 1), iter([])).hunks == Unparsed("git printed no patch for it")
