import time

import pytest

from reviewer.publish import syntax
from reviewer.publish.syntax import Colouring, Run


def test_the_kinds_of_words():
    [row] = Colouring().rows("a/b.PY", ["    return total(1, 'x')  # sum"])
    assert row == [
        Run("", "    "), Run("k", "return"), Run("", " total("), Run("n", "1"), Run("", ", "), Run("s", "'x'"),
        Run("", ")  "), Run("c", "# sum"),
    ]  # fmt: skip


def test_a_string_goes_on_over_lines():
    rows = Colouring().rows("x.py", ['text = """one', 'two"""'])
    assert [row[-1] for row in rows] == [Run("s", '"""one'), Run("s", 'two"""')]


@pytest.mark.parametrize("language", syntax.LANGUAGES)
def test_no_language_changes_a_character(language):
    name = next(name for name, alias in syntax._ALIASES.items() if alias == language)
    lines = ["", "\tif (a < b) { /* x */ 'é' }", "<b>#{$@\\", '0x1f "', "", ""]
    rows = Colouring().rows(f"x{name}" if name.startswith(".") else name, lines)
    assert ["".join(run.text for run in row) for row in rows] == lines


@pytest.mark.parametrize("path", ["notes.txt", "Makefile.unknown", ""])
def test_what_is_not_in_the_table_stays_plain(path):
    assert Colouring().rows(path, ["if x:", ""]) == [[Run("", "if x:")], []]


def test_nothing_is_coloured_when_the_time_is_up():
    assert Colouring(0).rows("x.py", ["if x:"]) == [[Run("", "if x:")]]


@pytest.mark.parametrize(("path", "text"), [("x.scala", "("), ("x.kt", "("), ("x.css", "("), ("x.py", "r'")])
def test_code_cannot_choose_how_long_it_takes(path, text):
    colouring = Colouring(0.5)
    started = time.perf_counter()
    for _ in range(40):
        colouring.rows(path, [(text * 400)[:400]] * 20)
    assert time.perf_counter() - started < 30
