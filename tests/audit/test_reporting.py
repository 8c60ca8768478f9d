import pytest

from reviewer.audit.document import Audited
from reviewer.audit.reporting import Gathered
from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.finding import Anchor
from reviewer.publish.excerpt import excerpt
from tests.publish.conftest import finding


def place(at: int) -> Anchor:
    return Anchor("line", "a.py", at, at)


@pytest.mark.parametrize("order", [(2, 5, 9, 40), (40, 9, 5, 2)])
def test_findings_near_each_other_each_keep_their_surroundings(order: tuple[int, ...]) -> None:
    lines = tuple(Line(" ", at, at, f"line {at}") for at in range(1, 61))
    file = ChangedFile("a.py", "changed", hunks=(Hunk(1, 60, 1, 60, lines),))
    mine = Gathered(Audited("octo/shop", ".", "c" * 40))
    for at in order:
        mine.show(file, [finding(anchor=place(at))])
    changes = ChangeSet("octo/shop", "c" * 40, "c" * 40, (mine.files["a.py"],))

    shown = {at: [line.number for line in excerpt(place(at), changes, context=3)] for at in order}
    assert shown == {
        2: [1, 2, 3, 4, 5],
        5: [2, 3, 4, 5, 6, 7, 8],
        9: [6, 7, 8, 9, 10, 11, 12],
        40: [37, 38, 39, 40, 41, 42, 43],
    }
    assert [(hunk.new_start, hunk.new_count) for hunk in mine.files["a.py"].hunks] == [(1, 13), (36, 9)]
