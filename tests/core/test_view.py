import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.core.change import Hunk, Line
from reviewer.core.view import around_hunks, close_up, content_lines, cut_hunks, render, view_tokens, whole_file
from tests.core.changes import added, changed, hunks, shown

PATCH = "@@ -2 +2,2 @@\n-2\n+two\n+more\n@@ -6,2 +7 @@\n-6\n-7\n+six\n"
CONTENT = "1\ntwo\nmore\n3\n4\n5\nsix\n8\n9\n"


def test_a_whole_file_has_removed_lines_in_their_places_and_both_numbers():
    lines = whole_file(changed(patch=PATCH, content=CONTENT))
    assert lines is not None
    assert [(line.mark, line.old, line.new, line.text) for line in lines] == [
        (" ", 1, 1, "1"),
        ("-", 2, None, "2"),
        ("+", None, 2, "two"),
        ("+", None, 3, "more"),
        (" ", 3, 4, "3"),
        (" ", 4, 5, "4"),
        (" ", 5, 6, "5"),
        ("-", 6, None, "6"),
        ("-", 7, None, "7"),
        ("+", None, 7, "six"),
        (" ", 8, 8, "8"),
        (" ", 9, 9, "9"),
    ]


@pytest.mark.parametrize(
    ("patch", "content", "expected"),
    [
        ("@@ -0,0 +1,2 @@\n+a\n+b\n", "a\nb", ["+a", "+b"]),
        ("@@ -1,2 +0,0 @@\n-a\n-b\n", "", ["-a", "-b"]),
        ("@@ -2 +1,0 @@\n-b\n", "a\nc\n", [" a", "-b", " c"]),
        ("@@ -1,0 +2 @@\n+b\n", "a\nb\nc\n", [" a", "+b", " c"]),
        ("@@ -1 +1 @@\n-a\n+\x0c\u2028\r\n", "\x0c\u2028\r\nz", ["-a", "+\x0c\u2028\r", " z"]),
    ],
)
def test_whole_files_at_the_edges(patch, content, expected):
    assert shown(whole_file(changed(patch=patch, content=content)) or ()) == expected


@pytest.mark.parametrize("content", [None, "", "1\n", "1\nTWO\nmore\n3\n4\n5\nsix\n", "1\ntwo\nmore\n3\n4\n5\n"])
def test_content_that_does_not_agree_with_the_hunks_gives_no_whole_file(content):
    file = changed(patch=PATCH, content=content)
    assert whole_file(file) is None
    assert shown(around_hunks(file, file.hunks, 9)) == ["~1", "-2", "+two", "+more", "~3", "-6", "-7", "+six"]


@pytest.mark.parametrize(
    ("text", "lines"), [("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\n", ["a", ""]), ("\r\n", ["\r"])]
)
def test_content_lines_end_at_line_feeds(text, lines):
    assert content_lines(changed(content=text)) == lines


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (0, ["~1", "-2", "+two", "+more", "~3", "-6", "-7", "+six"]),
        (1, [" 1", "-2", "+two", "+more", " 3", "~1", " 5", "-6", "-7", "+six", " 8", "~1"]),
        (2, [" 1", "-2", "+two", "+more", " 3", " 4", " 5", "-6", "-7", "+six", " 8", " 9"]),
    ],
)
def test_hunks_with_context(context, expected):
    file = changed(patch=PATCH, content=CONTENT)
    assert shown(around_hunks(file, file.hunks, context)) == expected


def test_one_hunk_of_several_with_context():
    file = changed(patch=PATCH, content=CONTENT)
    assert shown(around_hunks(file, file.hunks[1:], 1)) == ["~5", " 5", "-6", "-7", "+six", " 8", "~1"]


def test_a_part_of_a_hunk_with_context_shows_the_neighbours():
    file = added("a", "1\n2\n3\n4\n5\n6\n")
    (hunk,) = file.hunks
    part = Hunk(0, 0, 3, 2, hunk.lines[2:4])
    assert shown(around_hunks(file, [part], 1)) == ["~1", "+2", "+3", "+4", "+5", "~1"]


def test_rendered_lines_keep_their_columns():
    lines = [Line(" ", 9, 10, "x"), Line("-", 10, None, "y\r"), Line("+", None, 123456, ""), 7]
    assert render(lines) == ["    10   x", "       - y\r", "123456 + ", "       ~ 7 unchanged lines are not shown"]


@pytest.mark.parametrize("text", ["x" * 100, "ü" * 100, "漢" * 100, ""])
def test_the_estimate_of_a_view_covers_its_bytes(text):
    lines = [Line("+", None, 1, text)] * 50
    assert view_tokens(lines) >= len("\n".join(render(lines)).encode()) / 3.5
    assert view_tokens([]) <= 1


def long_hunks(*sizes: int) -> tuple[Hunk, ...]:
    """Hunks of that many added lines, of which every tenth is blank, with a removed one before each."""
    patch = ""
    at = 1
    for size in sizes:
        lines = "".join("+\n" if number % 10 == 9 else f"+line {number}\n" for number in range(size))
        patch += f"@@ -{at} +{at},{size} @@\n-gone\n{lines}"
        at += size + 10
    return hunks(patch)


def test_hunks_that_fit_stay_together_in_order():
    found = long_hunks(3, 3, 3)
    each = view_tokens(found[0].lines)
    assert cut_hunks(found, 3 * each) == [found]
    assert cut_hunks(found, 2 * each) == [found[:2], found[2:]]
    assert cut_hunks(found, each) == [(hunk,) for hunk in found]
    assert cut_hunks((), 10) == []


def test_a_large_hunk_is_cut_after_blank_lines_into_pieces_that_fit():
    (hunk,) = long_hunks(100)
    pieces = [piece for group in cut_hunks([hunk], 150) for piece in group]
    assert len(pieces) > 3
    assert all(piece.lines[-1].text == "" for piece in pieces[:-1])
    assert all(view_tokens(piece.lines) <= 151 for piece in pieces)


@given(
    st.lists(st.sampled_from("+- "), min_size=1, max_size=60),
    st.integers(1, 400),
    st.integers(1, 9),
    st.integers(1, 9),
    st.booleans(),
)
def test_cutting_keeps_every_line_once_in_order_with_its_numbers(marks, tokens, old, new, blank):
    text = "" if blank else "some text"
    counts = sum(mark != "+" for mark in marks), sum(mark != "-" for mark in marks)
    starts = old if counts[0] else old - 1, new if counts[1] else new - 1
    header = f"@@ -{starts[0]},{counts[0]} +{starts[1]},{counts[1]} @@\n"
    found = hunks(header + "".join(f"{mark}{text}\n" for mark in marks))
    pieces = [piece for group in cut_hunks(found, tokens) for piece in group]
    assert [id(line) for piece in pieces for line in piece.lines] == [id(line) for line in found[0].lines]
    at = [old, new]
    for piece in pieces:
        assert piece == hunks(unified(piece))[0]
        assert (piece.old_start + (not piece.old_count), piece.new_start + (not piece.new_count)) == tuple(at)
        at = [at[0] + piece.old_count, at[1] + piece.new_count]
        assert shown(around_hunks(changed(), [piece], 0)) == [*before(piece), *shown(piece.lines)]


def unified(piece: Hunk) -> str:
    header = f"@@ -{piece.old_start},{piece.old_count} +{piece.new_start},{piece.new_count} @@\n"
    return header + "".join(f"{line.mark}{line.text}\n" for line in piece.lines)


def before(piece: Hunk) -> list[str]:
    """The note of new-side lines before a piece."""
    first = piece.new_start + (0 if piece.new_count else 1)
    return [f"~{first - 1}"] if first > 1 else []


def test_pieces_that_only_remove_follow_each_other_without_a_note():
    removed = "".join(f"-line {number}\n" for number in range(20))
    added_lines = "".join(f"+line {number}\n" for number in range(20))
    found = hunks(f"@@ -1,20 +1,20 @@\n{removed}{added_lines}")
    pieces = [piece for group in cut_hunks(found, 60) for piece in group]
    assert (pieces[0].new_start, pieces[0].new_count) == (0, 0)
    notes = [text for piece in pieces for text in shown(around_hunks(changed(), [piece], 0)) if text[0] == "~"]
    assert notes == [f"~{piece.new_start - 1}" for piece in pieces if piece.new_count and piece.new_start > 1]


@pytest.mark.parametrize(
    ("wanted", "context", "expected"),
    [
        ((" ", 5), 0, ["~4", " 4"]),
        ((" ", 5), 1, ["~3", " 3", " 4", " 5"]),
        (("-", 6), 1, ["~5", " 5", "-6", "-7"]),
        (("+", 7), 1, ["~6", "-7", "+six", " 8"]),
        (("+", 99), 3, []),
    ],
)
def test_a_close_up_shows_the_wanted_lines_and_what_is_around_them(wanted, context, expected):
    file = changed(patch=PATCH, content=CONTENT)
    parts = close_up(file, lambda line: (line.mark, line.new or line.old) == wanted, context)
    assert shown(around_hunks(file, parts, 0)) == expected
    assert all(part == hunks(unified(part))[0] for part in parts)


def test_a_close_up_without_content_stays_within_the_hunks():
    file = changed(patch=PATCH)
    parts = close_up(file, lambda line: line.new in (3, 7), 5)
    assert [line for part in parts for line in part.lines] == list(file.lines())
