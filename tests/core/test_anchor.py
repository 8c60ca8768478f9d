import time

import pytest

from reviewer.core.anchor import anchor, anchored_text, valid_anchor
from reviewer.core.change import ChangedFile
from reviewer.core.diff import parse_hunks
from reviewer.core.finding import Anchor
from tests.core.edits import change_set, changed, claim

OLD = [f"line {number}" for number in range(1, 61)]
NEW = [*OLD[:9], "    total = price * count", "    }", *OLD[10:39], "def added():", "    }", "", *OLD[39:]]
FILE = changed("src/x.py", "\n".join(OLD), "\n".join(NEW))
CHANGES = change_set(FILE, changed("src/y.py", "a\nb", "a\nc"))
"""src/x.py: hunk 1 shows 7..14, line 10 replaced by 10 and 11; hunk 2 shows 38..46, lines 41..43 added."""


def test_the_example_is_what_the_tests_take_it_for():
    assert [(hunk.new_start, hunk.new_end) for hunk in FILE.hunks] == [(7, 14), (38, 46)]
    assert NEW[9] == "    total = price * count"
    assert (NEW[10], NEW[40], NEW[41]) == ("    }", "def added():", "    }")


@pytest.mark.parametrize("number", [10, 7, 13, 0, -5, 60, 10**30])
def test_a_right_quote_lands_on_its_line_whatever_the_number(number):
    found = anchor(claim("src/x.py", number, "    total = price * count"), CHANGES)
    assert found == Anchor("line", "src/x.py", 10, 10)


@pytest.mark.parametrize(
    "quote",
    [
        "total = price * count",
        "\ttotal  =  price * count  ",
        "    total = price * count\r",
        "    10 +     total = price * count",
        "10 +     total = price * count",
        "+    total = price * count",
        "+ total = price * count",
        "`total = price * count`",
        "total = price",
        "    10 +     total = pri...",
        "    total = price… (8 more characters)",
        "total = price * count # and more that is not there",
        "\n\n    total = price * count",
        "    total = price * count\n    }",
        "    10 +     total = price * count\n    11 +     }",
        "total=price*count",
        "total = price*  count",
        "total = ... * count",
        "total = … count",
        "...= price * count",
        "…price * count",
    ],
)
def test_a_quote_is_found_as_it_is_commonly_copied(quote):
    assert anchor(claim("src/x.py", 12, quote), CHANGES) == Anchor("line", "src/x.py", 10, 10)


@pytest.mark.parametrize("quote", ["line 10", "       - line 10", "- line 10", "-line 10"])
@pytest.mark.parametrize("number", [10, 9, 13])
def test_a_removed_line_is_found_on_the_left(quote, number):
    assert anchor(claim("src/x.py", number, quote), CHANGES) == Anchor("line", "src/x.py", 10, 10, "LEFT")


def test_spaces_that_a_change_adds_tell_the_new_line_from_the_old():
    file = changed("x.py", "call(a,b)", "call(a, b)")
    sides = [anchor(claim("x.py", 1, quote), change_set(file)).side for quote in ("call(a,b)", "call(a, b)")]
    assert sides == ["LEFT", "RIGHT"]


def test_what_is_left_out_of_a_quote_stands_between_its_pieces_in_their_order():
    file = changed("x.py", "", "save(count, price)\nif price and count:\nsave(price)\nsave(price, count)")
    assert anchor(claim("x.py", 1, "save(price ... count)"), change_set(file)).start_line == 4


@pytest.mark.parametrize(("number", "line"), [(8, 11), (11, 11), (14, 11), (39, 42), (42, 42), (45, 42)])
def test_of_equal_lines_the_nearest_is_meant(number, line):
    assert anchor(claim("src/x.py", number, "    }"), CHANGES).start_line == line


@pytest.mark.parametrize(("number", "line"), [(2, 3), (3, 3), (4, 3), (6, 6), (7, 6)])
def test_of_equal_lines_close_together_the_nearest_is_meant(number, line):
    file = changed("x.py", "a\nb\n}\nc\nd", "a\nb\n}\nc\nd\n}\ne")
    assert anchor(claim("x.py", number, "}"), change_set(file)).start_line == line


def test_a_near_line_with_other_indentation_wins_over_an_exact_one_far_away():
    file = changed("x.py", "", "\n".join(["    return None", *OLD, "return None"]))
    assert anchor(claim("x.py", 2, "return None"), change_set(file)).start_line == 1
    assert anchor(claim("x.py", 40, "return None"), change_set(file)).start_line == 62


def test_a_whole_line_wins_over_a_line_that_only_holds_the_quote():
    file = changed("x.py", "", "value = compute(x)\ncompute(x)\nvalue = compute(x) + 1")
    assert anchor(claim("x.py", 1, "compute(x)"), change_set(file)).start_line == 2


def test_a_quote_with_its_number_is_not_mistaken_for_a_line_that_is_a_part_of_it():
    file = changed("x.py", "", "self.value_of(x)\nother\nthird\ny = self.value_of(x)")
    assert anchor(claim("x.py", 1, "     4 + y = self.value_of(x)"), change_set(file)).start_line == 4


def test_a_list_mark_of_the_text_is_no_diff_mark():
    file = changed("x.yml", "", "  - item one\nitem one")
    assert anchor(claim("x.yml", 2, "- item one"), change_set(file)).start_line == 1


def test_the_lines_after_the_first_tell_which_of_equal_lines_is_meant():
    file = changed("x.py", "", "try:\n    one()\n\ntry:\n    two()")
    assert anchor(claim("x.py", 1, "try:\n    two()"), change_set(file)).start_line == 4
    assert anchor(claim("x.py", 4, "try:\n    one()\n\ntry:"), change_set(file)).start_line == 1


def test_of_a_moved_line_the_number_tells_which_end_is_meant():
    file = changed("x.py", "\n".join(["moved()", *OLD]), "\n".join([*OLD, "moved()"]))
    assert anchor(claim("x.py", 1, "moved()"), change_set(file)) == Anchor("line", "x.py", 1, 1, "LEFT")
    assert anchor(claim("x.py", 60, "moved()"), change_set(file)) == Anchor("line", "x.py", 61, 61)


def test_a_removed_line_is_as_near_as_the_new_line_that_follows_it():
    added = [f"new {number}" for number in range(500)]
    old = [*OLD[:20], "gone()", *OLD[20:40], "gone()", *OLD[40:]]
    file = changed("x.py", "\n".join(old), "\n".join([*added, *OLD]))
    assert anchor(claim("x.py", 521, "gone()"), change_set(file)) == Anchor("line", "x.py", 21, 21, "LEFT")
    assert anchor(claim("x.py", 541, "gone()"), change_set(file)) == Anchor("line", "x.py", 42, 42, "LEFT")


def test_lines_of_a_deleted_file_are_on_the_left():
    file = changed("x.py", "\n".join(OLD), "")
    assert anchor(claim("x.py", 0, "line 30"), change_set(file)) == Anchor("line", "x.py", 30, 30, "LEFT")
    assert anchor(claim("x.py", 5, "", 7), change_set(file)) == Anchor("hunk", "x.py", 5, 7, "LEFT")


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        (10, 12, Anchor("hunk", "src/x.py", 10, 12)),
        (12, 10, Anchor("hunk", "src/x.py", 10, 12)),
        (10, 99, Anchor("hunk", "src/x.py", 10, 14)),
        (1, 8, Anchor("hunk", "src/x.py", 7, 8)),
        (20, 40, Anchor("hunk", "src/x.py", 38, 40)),
        (-3, 10**40, Anchor("hunk", "src/x.py", 7, 14)),
        (20, 25, Anchor("file", "src/x.py", 20, 25)),
        (0, 0, Anchor("file", "src/x.py", 0, 0)),
        (-9, -4, Anchor("file", "src/x.py", 0, 0)),
        (70, 10**40, Anchor("file", "src/x.py", 64, 64)),
    ],
)
@pytest.mark.parametrize("quote", ["", "  \n ", "this is nowhere in the file"])
def test_without_a_quote_that_is_found_the_number_decides(start, end, wanted, quote):
    assert anchor(claim("src/x.py", start, quote, end), CHANGES) == wanted


@pytest.mark.parametrize(("start", "end", "last"), [(10, 12, 12), (12, 9, 13), (10, 500, 14), (13, 13, 10)])
def test_a_range_keeps_its_length_within_the_hunk(start, end, last):
    found = anchor(claim("src/x.py", start, "total = price * count", end), CHANGES)
    assert (found.start_line, found.end_line) == (10, last)


def test_a_line_that_no_hunk_shows_belongs_to_the_file_with_its_true_number():
    assert anchor(claim("src/x.py", 27, "line 24", 28), CHANGES) == Anchor("file", "src/x.py", 25, 26)


def test_the_line_at_the_number_wins_over_an_equal_one_far_away_in_a_hunk():
    new = ["return value", *NEW[1:20], "return value_of(x)", "return value", *NEW[20:]]
    file = changed("x.py", "\n".join(["", *new[1:20], "", "return value", *new[22:]]), "\n".join(new))
    lines = [(hunk.new_start, hunk.new_end) for hunk in file.hunks]
    assert lines == [(1, 4), (18, 24)]
    far = [*new, *OLD, "return value"]
    file = ChangedFile("x.py", "modified", hunks=file.hunks, content="\n".join(far))
    assert anchor(claim("x.py", len(far) - 2, "return value"), change_set(file)) == Anchor(
        "file", "x.py", len(far), len(far)
    )
    assert anchor(claim("x.py", 60, "return value"), change_set(file)) == Anchor("line", "x.py", 22, 22)


def test_a_whole_line_outside_the_hunks_wins_over_a_part_of_one_inside():
    file = ChangedFile("x.py", "modified", hunks=parse_hunks("@@ -1 +1 @@\n-a\n+return result_set\n"), content=None)
    seen = ChangedFile("x.py", "modified", hunks=file.hunks, content="return result_set\n\nb\nc\nd\ne\nreturn result\n")
    assert anchor(claim("x.py", 7, "return result"), change_set(file)) == Anchor("line", "x.py", 1, 1)
    assert anchor(claim("x.py", 7, "return result"), change_set(seen)) == Anchor("file", "x.py", 7, 7)


@pytest.mark.parametrize("file", [ChangedFile("x.py", "renamed"), ChangedFile("x.py", "modified", unreadable="why")])
def test_a_file_without_hunks_takes_no_line(file):
    assert anchor(claim("x.py", 3, "a", 4), change_set(file)) == Anchor("file", "x.py", 3, 4)


def test_a_file_that_is_not_in_the_change_has_no_place():
    assert anchor(claim("other.py", 3, "line 10", 2), CHANGES) == Anchor("none", "other.py", 2, 3)


@pytest.mark.parametrize(
    ("side", "start", "end", "valid"),
    [
        ("RIGHT", 7, 14, True),
        ("RIGHT", 6, 7, False),
        ("RIGHT", 14, 15, False),
        ("RIGHT", 14, 38, False),
        ("RIGHT", 12, 10, False),
        ("LEFT", 7, 13, True),
        ("LEFT", 13, 14, False),
        ("LEFT", 0, 0, False),
    ],
)
def test_an_anchor_is_valid_where_one_hunk_shows_both_ends(side, start, end, valid):
    assert valid_anchor(Anchor("line", "src/x.py", start, end, side), FILE) is valid


@pytest.mark.parametrize(
    ("side", "line", "text"),
    [
        ("RIGHT", 10, "    total = price * count"),
        ("LEFT", 10, "line 10"),
        ("LEFT", 9, "line 9"),
        ("RIGHT", 25, "line 24"),
        ("LEFT", 25, None),
        ("RIGHT", 65, None),
        ("RIGHT", 0, None),
    ],
)
def test_the_text_of_an_anchor(side, line, text):
    assert anchored_text(Anchor("file", "src/x.py", line, line, side), FILE) == text


def misspelt(number: int) -> str:
    forms = (f"b/package/module_{number}/part.py", f"module_{number}/part.py:3", f"nowhere/at/all_{number}.py")
    return forms[number % 3]


def test_500_claims_on_3000_files_take_less_than_a_second():
    files = [changed(f"package/module_{n}/part.py", "a\nb\nc", f"a\nvalue_{n} = 1\nc") for n in range(3_000)]
    changes, prefer = change_set(*files), [file.path for file in files]

    start = time.process_time()
    found = [anchor(claim(misspelt(n), 3, f"value_{n} = 1"), changes, prefer) for n in range(500)]
    assert time.process_time() - start < 1
    assert len(found) == 500


@pytest.mark.parametrize(("mark", "length"), [("+", 200_000), ("-", 40_000)])
def test_50_claims_on_a_very_long_hunk_stay_fast(mark, length):
    texts = ["}" if number % 2 else f"    total_{number} = price * {number}" for number in range(length)]
    header = f"@@ -0,0 +1,{length} @@\n" if mark == "+" else f"@@ -1,{length} +0,0 @@\n"
    hunks = parse_hunks(header + "".join(f"{mark}{text}\n" for text in texts))
    changes = change_set(ChangedFile("x.py", "added" if mark == "+" else "removed", hunks=hunks))
    start = time.process_time()
    for number in range(0, length, length // 50):
        assert anchor(claim("x.py", number + 3, texts[number]), changes).start_line == number + 1
    assert anchor(claim("x.py", 20_000, "}"), changes).start_line == 20_000
    assert time.process_time() - start < 10
