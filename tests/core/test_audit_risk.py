from decimal import Decimal
from itertools import permutations

import pytest

from reviewer.core.audit_risk import Priced, Risk, admit, risk_of


def priced(unit: str, usd: str, points: int) -> Priced:
    return Priced(unit, Decimal(usd), Risk(points, ("large",)))


@pytest.mark.parametrize(
    ("riskier", "safer"),
    [
        ("src/auth/login.py", "src/shapes.py"),
        ("src/parsePayment.ts", "src/shapes.ts"),
        (".github/workflows/ci.yml", "src/shapes.py"),
        ("src/shapes.py", "tests/test_auth.py"),
        ("src/shapes.py", "src/auth.test.ts"),
        ("tests/test_auth.py", "docs.md"),
        ("src/auth.py", "src/author.py"),
    ],
)
def test_paths_tell_what_there_is_to_lose(riskier, safer):
    assert risk_of([riskier], 10).points > risk_of([safer], 10).points


def test_size_and_recency_count_and_are_told():
    assert (risk_of(["a.py"], 10).points, str(risk_of(["a.py"], 10))) == (3, "ordinary code")
    assert (
        str(risk_of(["auth/a.py"], 5_000, recent=True)) == "its path says 'auth', large, changed since the last audit"
    )
    assert risk_of(["a.py"], 5_000).points > risk_of(["a.py"], 1_500).points > risk_of(["a.py"], 10).points


def test_a_pack_is_as_risky_as_its_riskiest_file():
    assert risk_of(["a.md", "auth.py", "b.py"], 10) == risk_of(["auth.py"], 10)


UNITS = [priced("a", "3", 5), priced("b", "2", 1), priced("c", "2", 3), priced("d", "1", 1)]


@pytest.mark.parametrize(
    ("room", "busy", "taken"),
    [
        ("8", False, "acdb"),
        ("7.99", False, "acd"),
        ("5", False, "ac"),
        ("4", False, "a"),  # c is next, once it is known what a has cost
        ("2", False, "c"),  # a never fits alone
        ("2", True, ""),  # a may fit when what is under way has ended
        ("0", False, ""),
    ],
)
def test_the_riskiest_go_first_and_never_for_more_than_there_is(room, busy, taken):
    for order in permutations(UNITS):
        assert "".join(each.unit for each in admit(order, Decimal(room), busy=busy)) == taken
