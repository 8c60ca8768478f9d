import subprocess

import pytest

from reviewer.core.patchfile import parse_patch_file
from reviewer.core.patchnames import unquote

HUNK = "@@ -1 +1 @@\n-a\n+b\n"


def git_file(path: str, body: str = HUNK) -> str:
    return f"diff --git a/{path} b/{path}\nindex 11..22 100644\n--- a/{path}\n+++ b/{path}\n{body}"


def paths(text: str) -> list[str]:
    files = parse_patch_file(text)
    assert [file.unreadable for file in files] == [None] * len(files)
    return [file.path for file in files]


@pytest.mark.parametrize(
    ("text", "path", "old_path", "status"),
    [
        (git_file("x"), "x", None, "modified"),
        (git_file("x b/y"), "x b/y", None, "modified"),
        (git_file("a/a/x"), "a/a/x", None, "modified"),
        ("--- x\n+++ x\n" + HUNK, "x", None, "modified"),
        ("--- a/x\t2026-01-01\n+++ b/x\t2026-01-02\n" + HUNK, "x", None, "modified"),
        ("diff --git c/x w/x\n--- c/x\n+++ w/x\n" + HUNK, "x", None, "modified"),
        ("diff --git b/x b/x\n--- b/x\n+++ b/x\n" + HUNK, "b/x", None, "modified"),
        ("diff --git b/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", "b/x", None, "added"),
        ("diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", "x", None, "added"),
        (
            "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n",
            "x",
            None,
            "removed",
        ),
        ("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", "x", None, "added"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 00..e6\n", "x", None, "added"),
        ("diff --git a/x b/y b/x b/y\nold mode 100644\nnew mode 100755\n", "x b/y", None, "changed"),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "y", "x", "renamed"),
        ("diff --git a/x b/y\nsimilarity index 90%\ncopy from x\ncopy to y\n", "y", "x", "copied"),
        (
            'diff --git "a/k\\303\\244\\t" "b/k\\303\\244\\t"\nold mode 100644\nnew mode 100755\n',
            "kä\t",
            None,
            "changed",
        ),
        ('diff --git a/x "b/\\n"\nsimilarity index 100%\nrename from x\nrename to "\\n"\n', "\n", "x", "renamed"),
    ],
)
def test_names_and_status(text, path, old_path, status):
    (file,) = parse_patch_file(text)
    assert (file.path, file.old_path, file.status, file.unreadable) == (path, old_path, status, None)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("diff --git a/x b/x\nindex 11..22 100644\nBinary files a/x and b/x differ\n", "binary"),
        ("diff --git a/x b/x\nindex 11..22 100644\nGIT binary patch\nliteral 3\nKcmZ\n\nliteral 3\nKcmZ\n\n", "binary"),
        ("diff --git a/x b/x\nindex 11..22 120000\n--- a/x\n+++ b/x\n" + HUNK, "symlink"),
        ("diff --git a/x b/x\nindex 11..22 160000\n--- a/x\n+++ b/x\n" + HUNK, "submodule"),
    ],
)
def test_what_a_file_is(text, flag):
    (file,) = parse_patch_file(text)
    assert {name for name in ("binary", "symlink", "submodule") if getattr(file, name)} == {flag}


@pytest.mark.parametrize(
    "between",
    [
        "-- \n2.39.5\n\nFrom 0a0b Mon Sep 17 00:00:00 2001\nSubject: [PATCH 2/2] two\n\n + text\n---\n f | 2 +-\n\n",
        "\ncommit 0a0b\nAuthor: A <a@b>\n\n    - not a line\n    + not a line\n\n",
        "diff -ru old/z new/z\n",
        "Index: z\n===================================================================\n",
        "Only in new: w\n",
        "\n\n",
        "",
    ],
)
def test_prose_between_files_is_passed_over(between):
    plain = "--- a/z\n+++ b/z\n" + HUNK
    assert paths(between + git_file("x") + between + git_file("y") + between + plain + between) == ["x", "y", "z"]


def test_prose_after_a_file_without_hunks_is_not_its_header():
    renamed = "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
    mail = "-- \n2.39\n\nFrom 0a Mon\n\nrename to z\nnew file mode 120000\nBinary files a and b differ\n\n"
    files = parse_patch_file(renamed + mail + git_file("w"))
    assert [(file.path, file.status, file.symlink, file.binary) for file in files] == [
        ("y", "renamed", False, False),
        ("w", "modified", False, False),
    ]


@pytest.mark.parametrize("extra", ["+c\n", "-c\n", " c\n", "\n+c\n", "--x\n"])
def test_lines_beyond_the_count_make_that_file_alone_unreadable(extra):
    bad, good = parse_patch_file(git_file("x") + extra + git_file("y"))
    assert (bad.path, bad.hunks) == ("x", ())
    assert bad.unreadable
    assert (good.path, good.unreadable, good.additions) == ("y", None, 1)


def test_a_hunk_cut_short_does_not_swallow_the_next_file():
    files = parse_patch_file(git_file("x", "@@ -1,9 +1,9 @@\n a\n-b\n+c\n") + git_file("y"))
    assert [(file.path, file.unreadable is None) for file in files] == [("x", False), ("y", True)]


def test_a_diff_within_a_diff_is_text():
    inner = git_file("inner") + "-- \n"
    lines = inner.splitlines()
    body = f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)
    (file,) = parse_patch_file(git_file("outer", body))
    assert [line.text for line in file.lines()] == lines


def test_a_diff_of_removed_headers_is_text():
    (file,) = parse_patch_file(git_file("x.sql", "@@ -1,2 +1,2 @@\n--- a/x\n--- b\n+++ b/x\n+++ c\n"))
    assert [(line.mark, line.text) for line in file.lines()] == [
        ("-", "-- a/x"), ("-", "-- b"), ("+", "++ b/x"), ("+", "++ c"),
    ]  # fmt: skip


def test_a_change_of_type_is_one_file():
    gone = (
        "diff --git a/x b/x\ndeleted file mode 100644\nindex 11..00\n--- a/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
    )
    new = "diff --git a/x b/x\nnew file mode 120000\nindex 00..22\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+t\n"
    (file,) = parse_patch_file(gone + new)
    assert (file.status, file.symlink, file.additions, file.deletions) == ("changed", True, 1, 2)
    assert [(hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) for hunk in file.hunks] == [(1, 2, 1, 1)]


def test_a_file_changed_twice_is_one_unreadable_file():
    files = parse_patch_file(git_file("x") + git_file("y") + git_file("x"))
    assert [(file.path, file.unreadable is None, file.additions) for file in files] == [("x", False, 2), ("y", True, 1)]
    assert "more than once" in (files[0].unreadable or "")


@pytest.mark.parametrize("start", ["diff --cc x\n", "diff --combined x\n"])
def test_a_merge_diff_is_named_as_such(start):
    text = start + "index 11,22..33\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,2 @@@\n  a\n--- x\n+++ y\n" + git_file("y")
    merge, other = parse_patch_file(text)
    assert (merge.path, other.path, other.unreadable) == ("x", "y", None)
    assert "git diff BASE...HEAD" in (merge.unreadable or "")


def test_a_diff_translated_to_crlf_is_read_and_a_crlf_file_keeps_its_ends():
    (translated,) = parse_patch_file(git_file("x").replace("\n", "\r\n"))
    (kept,) = parse_patch_file(git_file("x", "@@ -1 +1 @@\n-a\r\n+b\r\n"))
    assert [[line.text for line in file.lines()] for file in (translated, kept)] == [["a", "b"], ["a\r", "b\r"]]


@pytest.mark.parametrize("text", ["", "\n", "hello\n", HUNK, "--- a\n", "+++ b\n--- a\n", "commit 0a0b\n\n    diff\n"])
def test_text_without_a_file_header_is_no_files(text):
    assert parse_patch_file(text) == ()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x", "x"), ('"x"', "x"),
        ('"a\\tb\\n\\"\\\\"', 'a\tb\n"\\'), ('"\\303\\244"', "ä"), ('"ä"', "ä"), ('"\\377"', "\\xff"),
        ('"', '"'), ('"x', "x"), ('"\\', "\\"), ('"\\q"', "q"), ('"\\9"', "9"),
    ],
)  # fmt: skip
def test_names_are_unquoted(name, path):
    assert unquote(name) == path


def test_a_mail_series_as_git_writes_it(tmp_path):
    def git(*args):
        who = ("-c", "user.name=A", "-c", "user.email=a@b")
        return subprocess.run(["git", *who, *args], cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "-q")
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text("a\n")
        git("add", "-A")
        git("commit", "-qm", f"{name}\n\n+ text\n- text\n--- a/q\n")
    assert paths(git("format-patch", "--stdout", "--root", "HEAD").decode()) == ["one", "two", "three"]
    assert sorted(paths(git("log", "-p").decode())) == ["one", "three", "two"]
