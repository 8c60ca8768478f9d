import subprocess
import sys

import pytest

from reviewer.core.finding import Anchor
from reviewer.publish.excerpt import anchored_lines, excerpt, new_side
from tests.publish.conftest import APP, CHANGES


def shown(anchor, **options):
    return [(line.number, line.mark, line.meant) for line in excerpt(anchor, CHANGES, **options)]


def test_the_hunk_around_the_anchor():
    assert shown(Anchor("line", "src/app.py", 4, 4), context=1) == [(None, "-", False), (4, "+", True), (5, "+", False)]


def test_lines_outside_the_hunks_come_from_the_content():
    assert shown(Anchor("line", "src/app.py", 1, 1), context=0) == [(1, " ", True)]
    assert shown(Anchor("file", "src/new name.py", 9, 9), context=1) == [
        (8, " ", False),
        (9, "+", True),
        (10, " ", False),
    ]


def test_long_ranges_are_cut():
    assert len(excerpt(Anchor("line", "src/app.py", 1, 6), CHANGES, longest=3)) == 3


@pytest.mark.parametrize("anchor", [Anchor("none", "x.py", 1, 1), Anchor("file", "src/app.py", 0, 0)])
def test_nothing_known_is_nothing_shown(anchor):
    assert excerpt(anchor, CHANGES) == ()


def test_anchored_lines_are_all_or_nothing():
    file = CHANGES.file("src/app.py")
    assert anchored_lines(Anchor("line", "src/app.py", 4, 5), file) == APP[3:5]
    assert anchored_lines(Anchor("line", "src/app.py", 5, 9), file) == ()
    assert anchored_lines(Anchor("line", "src/app.py", 4, 4), None) == ()


@pytest.mark.parametrize(
    ("anchor", "lines"),
    [
        (Anchor("line", "src/app.py", 4, 5), (4, 5)),
        (Anchor("line", "src/app.py", 4, 4, "LEFT"), (3, 3)),
        (Anchor("line", "src/old.py", 1, 2, "LEFT"), (1, 1)),
        (Anchor("file", "src/app.py", 0, 0), (1, 1)),
    ],
)
def test_lines_of_the_new_file(anchor, lines):
    assert new_side(anchor, CHANGES) == lines


def test_publishers_load_their_libraries_only_when_used():
    code = (
        "import sys, reviewer.publish.html, reviewer.publish.summary, reviewer.publish.json_report, "
        "reviewer.publish.sarif, reviewer.publish.annotations, reviewer.publish.outputs, "
        "reviewer.publish.review_comments\n"
        "print(sorted({'jinja2', 'rich', 'pydantic', 'markupsafe'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
