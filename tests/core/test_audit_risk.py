from decimal import Decimal
from itertools import permutations

import pytest

from reviewer.core.audit_risk import Priced, Risk, fit_budget, risk_of


def priced(unit: str, usd: str, points: int) -> Priced:
    return Priced(unit, (f"{unit}.py",), Decimal(usd), Risk(points, ("large",)))


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


def test_the_least_risky_are_left_out_until_the_rest_fits():
    units = [priced("a", "3", 5), priced("b", "2", 1), priced("c", "2", 3), priced("d", "1", 1)]
    for order in permutations(units):
        left = fit_budget(order, Decimal("5"))
        assert [each.unit for each in left] == ["b", "d"]
    assert left[0].paths == ("b.py",)
    assert left[0].reason == "left out by the budget of $5.00: among the least risky (large)"


@pytest.mark.parametrize(("budget", "count"), [("8", 0), ("7.99", 1), ("0", 4)])
def test_the_budget_is_a_hard_cap(budget, count):
    units = [priced("a", "3", 5), priced("b", "2", 1), priced("c", "2", 3), priced("d", "1", 1)]
    assert len(fit_budget(units, Decimal(budget))) == count
