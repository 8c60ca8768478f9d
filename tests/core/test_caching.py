from decimal import Decimal

import pytest

from reviewer.core.caching import Hits, break_even, hits_of, mark
from reviewer.core.pricing import Price, price_of
from reviewer.core.request import Usage

CLASSIC = price_of("claude-opus-5")
TRIED = {"5m": Hits(0, 100, 50), "1h": Hits(0, 100, 50), "1h primed": Hits(0, 100, 50)}


@pytest.mark.parametrize(
    ("model", "ttl", "rate"),
    [("claude-opus-5", "1h", 0.526), ("claude-opus-5", "5m", 0.217), ("claude-opus-5-5", "1h", 0.513)],
)
def test_break_even_follows_from_the_models_prices(model, ttl, rate):
    assert break_even(price_of(model), ttl) == pytest.approx(rate, abs=0.001)


@pytest.mark.parametrize(("rate", "ttl"), [(20, None), (21, None), (22, "5m"), (90, "5m")])
def test_five_minutes_pay_above_their_break_even(rate, ttl):
    assert mark(CLASSIC, 3_000, 1_000, TRIED | {"5m": Hits(rate, 100 - rate, 50)}).ttl == ttl


@pytest.mark.parametrize(("rate", "ttl"), [(52, None), (53, "1h"), (80, "1h")])
def test_an_hour_pays_above_its_break_even(rate, ttl):
    assert mark(CLASSIC, 3_000, 1_000, TRIED | {"1h": Hits(rate, 100 - rate, 50)}).ttl == ttl


def test_the_way_that_saves_most_is_taken():
    found = mark(CLASSIC, 3_000, 10, {"5m": Hits(50, 50, 50), "1h": Hits(60, 40, 50), "1h primed": Hits(100, 0, 50)})
    assert (found.ttl, found.primed, found.marked) == ("1h", True, 10)
    assert found.saving == pytest.approx(1 - (2 + 9 * 0.1) / 10)
    assert "100% hits measured over 50 requests, above the break-even of 53%" in found.reason


@pytest.mark.parametrize(("followers", "primed"), [(3, False), (4, True)])
def test_priming_needs_more_than_three_followers(followers, primed):
    assert mark(CLASSIC, 3_000, followers, TRIED | {"1h primed": Hits(100, 0, 50)}).primed is primed


@pytest.mark.parametrize(
    ("tokens", "followers", "hits", "reason"),
    [
        (300, 100, {}, "not marked: a prefix of 300 tokens is below the 512 that are kept"),
        (3_000, 1, {}, "not marked: no other request has this prefix"),
        (3_000, 30, {}, "not marked: hits are not measured yet, and there are too few requests for a trial"),
        (3_000, 1_000, TRIED, "not marked: 5m: 0% measured hits are not above 22%"),
        (
            3_000,
            1_000,
            dict.fromkeys(TRIED, Hits(0, 0, 50)),
            "not marked: 5m: hits are not measured; of 50 marked requests none wrote or read the cache",
        ),
    ],
)
def test_what_is_not_marked_says_why(tokens, followers, hits, reason):
    found = mark(CLASSIC, tokens, followers, hits)
    assert (found.ttl, found.marked, found.saving, found.reason) == (None, 0, 0.0, reason)


def test_what_was_never_measured_is_tried_with_a_few():
    found = mark(CLASSIC, 3_000, 400, {"5m": Hits(1, 1, 19)})
    assert (found.ttl, found.primed, found.marked) == ("5m", False, 20)
    assert found.saving == pytest.approx(-0.25 * 20 / 400)
    second = mark(CLASSIC, 3_000, 4_000, {"5m": Hits(90, 10, 20)})
    assert (second.ttl, second.primed, second.marked) == ("1h", True, 50)


def test_hits_are_counted_from_usage():
    usages = [Usage(5, 1, 0, 100, 0), Usage(5, 1, 100, 0, 0), Usage(5, 1, 50, 0, 50)]
    assert hits_of(usages) == Hits(150, 150, 3)
    assert (hits_of(usages).rate, hits_of(usages).known, Hits().rate) == (0.5, False, 0.0)


def test_a_model_that_costs_nothing_is_no_division_by_zero():
    free = Price(*[Decimal(0)] * 5)
    assert mark(free, 3_000, 1_000, TRIED).ttl is None
