import pytest

from reviewer.core.change import Hunk, Line
from reviewer.core.diff import Unparsed, count_changes, parse_hunks


def test_hunks_have_numbers_marks_and_texts():
    (hunk,) = parse_hunks("@@ -3,2 +3,3 @@ def f():\n a\r\n-b\n+\n+\\ c\n\\ No newline at end of file\n")
    assert hunk == Hunk(
        *(3, 2, 3, 3),
        (Line(" ", 3, 3, "a\r"), Line("-", 4, None, "b"), Line("+", None, 4, ""), Line("+", None, 5, "\\ c")),
        "def f():",
    )
    assert (hunk.old_end, hunk.new_end) == (4, 5)
    assert count_changes((hunk,)) == (2, 1)


def test_no_patch_is_no_hunks():
    assert parse_hunks("") == ()
    assert count_changes(()) == (0, 0)


@pytest.mark.parametrize("text", ["\x0c", "\r", "\x85", "\u2028", "\x1c", "-- a/f", "++ b/f", "@@ -1 +1 @@"])
def test_lines_end_at_line_feeds_alone(text):
    (hunk,) = parse_hunks(f"@@ -1 +1 @@\n-{text}a\n+{text}b")
    assert [line.text for line in hunk.lines] == [f"{text}a", f"{text}b"]


def test_missing_newline_marks_on_both_sides_are_no_lines():
    mark = "\\ No newline at end of file\n"
    first, second = parse_hunks(f"@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n{mark}+d\n{mark}")
    assert [line.text for line in (*first.lines, *second.lines)] == ["a", "b", "c", "d"]


def test_a_blank_line_that_lost_its_space_is_context():
    (hunk,) = parse_hunks("@@ -1,2 +1,2 @@\n\n-a\n+b\n")
    assert hunk.lines[0] == Line(" ", 1, 1, "")


@pytest.mark.parametrize(
    "patch",
    [
        "hello",
        "-a\n+b\n",
        "@@ -1 +1 @@\n-a\n",
        "@@ -1 +1 @@\n-a\n+b\n+c\n",
        "@@ -1 +1 @@\n-a\n+b\n c\n",
        "@@ -1 +1 @@\n-a\n+b\n\n",
        "@@ -1 +1 @@\n-a\n+b\nindex 1..2\n",
        "@@ -1 +1 @@\n-a\n+b\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "@@ -1 +1 @@\n-a\n+b\ndiff --git a/x b/x\n",
        "@@ -1 +1 @@\n-a\n*b\n",
        "@@ -x +1 @@\n-a\n+b\n",
        f"@@ -{'9' * 5000} +1 @@\n-a\n+b\n",
        "@@ -1,2 +1,2 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n+d\n",
    ],
)
def test_what_cannot_be_trusted_is_a_value_with_a_reason(patch):
    found = parse_hunks(patch)
    assert isinstance(found, Unparsed)
    assert found.reason.startswith("its patch ")
    assert len(found.reason) < 200
