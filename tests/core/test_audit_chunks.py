import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.core.audit_chunks import context_of, cut_file
from reviewer.core.inventory import unchanged_file
from reviewer.core.view import view_tokens

PYTHON = "\n\n".join(
    f"@decorated\ndef function_{n}(value):\n    first = {n}\n\n    return first + value\n" for n in range(40)
)
GO = (
    "\n\n".join(f"// F{n} does it.\nfunc F{n}(v int) int {{\n\tx := {n}\n\n\treturn x + v\n}}" for n in range(40))
    + "\n"
)
CLASS = "class Big:\n" + "\n".join(
    f"    def method_{n}(self):\n        a = {n}\n\n        return a\n" for n in range(40)
)


def starts(text: str, tokens: int) -> list[str]:
    return [piece.lines[0].text for piece in cut_file(unchanged_file("f", text), tokens)]


@pytest.mark.parametrize(
    ("text", "start"), [(PYTHON, "@decorated"), (GO, "// F"), (CLASS, "    def method_")], ids=["python", "go", "class"]
)
def test_parts_begin_where_definitions_do(text, start):
    found = starts(text, 400)
    assert len(found) >= 3
    assert all(line.startswith(start) for line in found[1:])


def test_without_blank_lines_parts_begin_at_the_margin():
    found = starts("".join(f"key_{n}:\n  - a\n  - b\n  - c\n" for n in range(200)), 500)
    assert len(found) >= 3
    assert all(line.startswith("key_") for line in found)


def test_text_without_borders_is_cut_evenly():
    pieces = cut_file(unchanged_file("f", "word\n" * 1_000), 2_000)
    assert [len(piece.lines) for piece in pieces] == [250, 250, 250, 250]


def test_closing_lines_at_the_margin_begin_no_part():
    text = "".join(f"call({n}, (\n    {n},\n\n))\n\n" for n in range(100))
    assert not [line for line in starts(text, 300) if line.startswith(")")]


def test_a_line_above_the_limit_is_a_part_of_its_own():
    pieces = cut_file(unchanged_file("f", "a\n" + "x" * 3_000 + "\nb\n"), 100)
    assert [len(piece.lines) for piece in pieces] == [1, 1, 1]


@given(st.text(alphabet="a \n\t}é", max_size=300), st.integers(10, 60))
def test_parts_are_all_lines_once_in_order_and_within_the_limit(text, tokens):
    file = unchanged_file("f", text)
    pieces = cut_file(file, tokens)
    assert [line for piece in pieces for line in piece.lines] == list(file.lines())
    assert all(view_tokens(piece.lines) <= tokens or len(piece.lines) == 1 for piece in pieces)
    assert all((piece.new_start, piece.new_count) == (piece.lines[0].new, len(piece.lines)) for piece in pieces)


def beside(text: str, tokens: int) -> list[tuple[int, str]]:
    """Number and text of what the last part is read beside."""
    lines = tuple(unchanged_file("f", text).lines())
    part = cut_file(unchanged_file("f", text), tokens)[-1]
    return [(line.new, line.text) for hunk in context_of(lines, part) for line in hunk.lines]


IMPORTS = "import os\nimport sys\n\nLIMIT = 9\n\n\n"
JAVA = "package a;\n\nimport b.C;\n\n// Big.\npublic final class Big\n{\n" + "\n".join(
    f"    int method{n}()\n    {{\n        return {n};\n    }}\n" for n in range(60)
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (IMPORTS + PYTHON, [(1, "import os"), (2, "import sys"), (3, ""), (4, "LIMIT = 9")]),
        (IMPORTS + CLASS, [(1, "import os"), (2, "import sys"), (3, ""), (4, "LIMIT = 9"), (7, "class Big:")]),
        (
            JAVA,
            [(1, "package a;"), (2, ""), (3, "import b.C;"), (4, ""), (5, "// Big."), (6, "public final class Big")],
        ),
        (CLASS, [(1, "class Big:")]),
        (PYTHON, []),
    ],
    ids=["python", "class", "java", "without a head", "nothing to show"],
)
def test_a_part_is_read_beside_the_head_of_the_file_and_what_encloses_it(text, shown):
    assert beside(text, 400) == shown


def test_the_first_part_needs_nothing_beside_it_and_the_head_is_bounded():
    text = "x = 'long enough to be worth something'\n" * 2_000
    lines = tuple(unchanged_file("f", text).lines())
    parts = cut_file(unchanged_file("f", text), 4_000)
    assert context_of(lines, parts[0]) == ()
    assert [(hunk.new_start, hunk.new_count) for hunk in context_of(lines, parts[1])] == [(1, 60)]
    wide = unchanged_file("f", f"x = '{'y' * 3_000}'\n" * 90)
    assert view_tokens(context_of(tuple(wide.lines()), cut_file(wide, 24_000)[-1])[0].lines) <= 1_200
