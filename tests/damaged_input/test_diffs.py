"""Diffs that are no diffs, lie about themselves, or are larger than anything: a reason for the file, or a refusal."""

import json

import pytest

from reviewer.core import diff
from reviewer.core.change import ChangeSet
from reviewer.core.patchfile import parse_patch_file
from reviewer.core.select import select
from reviewer.errors import InputError
from reviewer.forge.local import patch_change_set
from tests.damaged_input.program import reviewer

HEAD = "diff --git a/x b/x\n--- a/x\n+++ b/x\n"


def reason(text: str) -> str:
    """Why the one file of a diff cannot be read."""
    (file,) = parse_patch_file(text)
    assert [skip.failed for skip in select(ChangeSet("", "", "", (file,))).skipped] == [True]
    return file.unreadable or ""


@pytest.mark.parametrize("data", [b"\0" * 1000, b"\x89PNG\r\n" * 50, b"y" * 100_000, b"\xff\xfe" + b"a" * 1001, b"{}"])
def test_what_is_no_diff_is_refused(data):
    with pytest.raises(InputError, match="not a unified diff"):
        patch_change_set(data)


@pytest.mark.parametrize(
    "hunk",
    [
        "@@ -1,5 +1,9 @@\n a\n+b\n",
        "@@ -1 +1 @@\n a\n+b\n+c\n",
        "@@ -1,999999999 +1,999999999 @@\n a\n",
        "@@ -0,0 +0,0 @@\n+b\n",
        "@@ -1 +1 @@\n",
    ],
    ids=["more", "fewer", "absurd", "none", "cut"],
)
def test_a_hunk_that_lies_about_its_lines_is_unreadable(hunk):
    assert reason(HEAD + hunk).startswith("its patch ")


@pytest.mark.parametrize("head", ["@@ -1,999999999999 +1 @@", "@@ -" + "9" * 5000 + " +1 @@", "@@ --1,2 +-1 @@"])
def test_a_hunk_header_with_impossible_numbers_gives_no_lines(head):
    (file,) = parse_patch_file(f"{HEAD}{head}\n a\n+b\n")
    assert file.hunks == ()


def test_a_patch_too_large_is_unreadable_and_the_files_after_it_are_not():
    small = HEAD.replace("x\n", "y\n").replace("/x ", "/y ") + "@@ -1 +1 @@\n-a\n+b\n"
    long, many = (
        parse_patch_file(HEAD + body + small)
        for body in ("@@ -0,0 +1 @@\n+" + "y" * 5_000_000 + "\n", "@@ -0,0 +1,250000 @@\n" + "+\n" * 250_000)
    )
    assert [file.unreadable for file in long] == ["its patch has 5.0 MB, more than 4 MB", None]
    assert [file.unreadable for file in many] == ["its patch has 250,001 lines, more than 200,000", None]


def test_a_diff_too_large_leaves_its_last_files_unreadable():
    files = parse_patch_file(
        "".join(HEAD.replace("x", f"{n}") + "@@ -0,0 +1 @@\n+" + "y" * 3_900_000 + "\n" for n in range(1, 10))
    )
    assert [bool(file.unreadable) for file in files] == [False] * 8 + [True]
    assert files[-1].unreadable == "its patch has 3.9 MB, and the whole diff more than 32 MB"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("x", "d/" * 3000 + "x"), "a path of 6,001 characters"),
        ('diff --git "a/' + "\\303" * 20_000 + '" "b/x"\n', "a path of 80,0.. characters"),
        ("".join(f"diff --git a/{n} b/{n}\n" for n in range(101)), "more than 100 files"),
        ("diff --git a/x b/x\n" * 101, "more than 100 files"),
    ],
    ids=["deep", "quoted", "files", "sections"],
)
def test_more_names_than_can_be_meant_are_refused(text, words, monkeypatch):
    monkeypatch.setattr(diff, "MAX_FILES", 100)
    with pytest.raises(InputError, match=words):
        parse_patch_file(text)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a\tb", "::error::x", "\x1b[31m"])
def test_an_odd_path_is_only_a_name(path):
    (file,) = parse_patch_file(f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n")
    assert file.content is None


def test_a_line_of_50_mb_makes_the_review_incomplete_within_700_mb(tmp_path):
    patch, report = tmp_path / "long.diff", tmp_path / "report.json"
    patch.write_bytes(HEAD.encode() + b"@@ -1 +1,2 @@\n a\n+" + b"y" * 50_000_000 + b"\n")
    ended = reviewer(
        "diff", "--diff-file", str(patch), "--engine", "offline", "--json", str(report), memory=700, cwd=tmp_path
    )
    ended.refused(3)
    (file,) = json.loads(report.read_text())["files"]
    assert file["reason"] == "unreadable: its patch has 50.0 MB, more than 4 MB"


@pytest.mark.parametrize(
    ("name", "words"), [("/dev/zero", "larger than 64 MiB"), ("/", "Is a directory"), ("\1", "no")]
)
def test_a_file_that_cannot_be_a_diff_is_refused(name, words, tmp_path):
    said = reviewer("diff", "--diff-file", name, "--dry-run", memory=700, cwd=tmp_path).refused()
    assert words.lower() in said.lower()


def test_two_thousand_files_are_planned_within_300_mb(tmp_path):
    heads = (HEAD.replace("x", f"f{n}.py") for n in range(2_000))
    given = "".join(f"{head}@@ -1 +1 @@\n-a = 1\n+a = 2\n" for head in heads).encode()
    ended = reviewer("diff", "--diff-file", "-", "--dry-run", given=given, memory=300, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "more passes; the JSON report has them all" in " ".join(ended.out.split())
