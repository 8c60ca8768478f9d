"""Properties of anchors over random changes and random claims."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.core.anchor import anchor, valid_anchor
from reviewer.core.change import ChangedFile
from reviewer.core.merge import fingerprint_of
from tests.core.edits import change_set, changed, claim, hunks_between

_WORDS = st.sampled_from(
    ["", "}", "    }", "return None", "  return None", "\tx = f(y)\r", "x = f(y)", "- item", "é\f"]
)
_LINES = st.lists(_WORDS, min_size=1, max_size=30)
_NUMBERS = st.integers(-5, 60) | st.sampled_from([-(10**30), 10**30])


@st.composite
def files(draw) -> ChangedFile:
    old = draw(_LINES | st.just([]))
    new = draw(_LINES | st.just([]))
    return changed("x.py", "\n".join(old), "\n".join(new), content=draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(files(), _NUMBERS, _NUMBERS, _WORDS | st.text(max_size=8), st.sampled_from(["", "    12 + ", "-", "`"]))
def test_an_anchor_on_a_line_is_always_one_that_the_forge_takes(file, start, end, quote, before):
    found = anchor(claim("x.py", start, before + quote, end), change_set(file))
    assert found.kind in ("line", "hunk", "file")
    if found.kind != "file":
        assert valid_anchor(found, file)
    assert 0 <= found.start_line <= found.end_line


@st.composite
def unique_lines(draw) -> tuple[list[str], list[str]]:
    """Old and new lines of a file in which every text is there once; some new ones are not in the old."""
    old = [f"value_{number} = {number}" for number in range(draw(st.integers(5, 60)))]
    new = list(old)
    for number in draw(st.lists(st.integers(0, 99), min_size=1, max_size=8, unique=True)):
        new.insert(draw(st.integers(0, len(new))), f"added_{number}()")
    gone = draw(st.sets(st.sampled_from(old), max_size=4))
    return old, [text for text in new if text not in gone]


@settings(max_examples=200, deadline=None)
@given(unique_lines(), st.data(), st.integers(-3, 3), st.sampled_from(["{}", "  {}", "    12 + {}", "+{}", "`{}`"]))
def test_a_claim_of_a_real_line_lands_exactly(lines, data, error, form):
    file = changed("x.py", "\n".join(lines[0]), "\n".join(lines[1]))
    line = data.draw(st.sampled_from(list(file.lines())))
    at = line.new or data.draw(st.integers(1, 60))
    found = anchor(claim("x.py", at + error, form.format(line.text)), change_set(file))
    if line.mark == "-":
        assert (found.kind, found.side, found.start_line) == ("line", "LEFT", line.old)
    else:
        assert (found.kind, found.side, found.start_line) == ("line", "RIGHT", line.new)


@settings(max_examples=100, deadline=None)
@given(unique_lines(), st.data(), st.integers(1, 9), st.integers(0, 3), st.booleans())
def test_a_fingerprint_survives_lines_inserted_above(lines, data, inserted, distance, content):
    old, new = lines
    file = changed("x.py", "\n".join(old), "\n".join(new), content=content)
    text = data.draw(st.sampled_from([line.text for line in file.lines()]))
    above = [f"inserted_{number}" for number in range(inserted)]
    at = max(0, data.draw(st.integers(0, new.index(text) if text in new else 0)) - distance)
    later = changed("x.py", "\n".join(old), "\n".join([*new[:at], *above, *new[at:]]), content=content)
    moved = claim("x.py", new.index(text) + 1 + inserted if text in new else 1, text)
    if text in [line.text for line in later.lines()]:
        first = anchor(claim("x.py", moved.start_line - inserted, text), change_set(file))
        second = anchor(moved, change_set(later))
        assert fingerprint_of(moved, first, file) == fingerprint_of(moved, second, later)


@settings(max_examples=50, deadline=None)
@given(unique_lines(), st.data())
def test_a_fingerprint_changes_with_its_line(lines, data):
    old, new = lines
    file = changed("x.py", "\n".join(old), "\n".join(new))
    text = data.draw(st.sampled_from([line.text for line in file.lines() if line.mark == "+"] or [""]))
    if not text:
        return
    other = changed("x.py", "\n".join(old), "\n".join(f"{line} # mended" if line == text else line for line in new))
    said = claim("x.py", new.index(text) + 1, text)
    mended = replace(said, quote=f"{text} # mended")
    before = fingerprint_of(said, anchor(said, change_set(file)), file)
    assert before != fingerprint_of(mended, anchor(mended, change_set(other)), other)


def test_the_number_of_changed_lines_above_plays_no_part_where_the_new_content_is_not_at_hand():
    old, line = [f"old {number}" for number in range(40)], "total = price * count"
    small = ChangedFile("x.py", "modified", hunks=hunks_between(old, [*old, line]))
    large = ChangedFile("x.py", "modified", hunks=hunks_between(old, ["new", *old[:20], "newer", *old[20:], line]))
    marks = [
        fingerprint_of(said, anchor(said, change_set(file)), file)
        for file, said in ((small, claim("x.py", 41, line)), (large, claim("x.py", 43, line)))
    ]
    assert marks[0] == marks[1]
