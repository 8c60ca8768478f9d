from decimal import Decimal

import pytest

from reviewer.core.caching import Hits, break_even, mark
from reviewer.core.pricing import Price, price_of

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
    assert found.reason == (
        "1h primed: 100% hits measured over 50 requests, above the break-even of 58%; "
        "about 71% of the prefix's price is saved"
    )


@pytest.mark.parametrize(("followers", "primed"), [(3, False), (4, True)])
def test_priming_needs_more_than_three_followers(followers, primed):
    assert mark(CLASSIC, 3_000, followers, TRIED | {"1h primed": Hits(100, 0, 50)}).primed is primed


@pytest.mark.parametrize(("rate", "primed"), [(58, False), (59, True)])
def test_followers_have_to_earn_the_write_of_the_one_that_goes_ahead(rate, primed):
    found = mark(CLASSIC, 3_000, 10, TRIED | {"1h primed": Hits(rate, 100 - rate, 50)})
    assert found.primed is primed
    assert primed or found.reason == "not marked: 1h primed: 58% measured hits are not above 58%"


def test_of_ways_that_save_the_same_the_one_that_does_not_wait_is_taken():
    free = Price(*[Decimal(1)] * 2, Decimal(1), Decimal(1), Decimal("0.1"))
    assert mark(free, 3_000, 10, TRIED | {"1h": Hits(9, 1, 50), "1h primed": Hits(1, 0, 50)}).primed is False


def test_without_time_for_two_batches_the_other_ways_are_weighed():
    hits = TRIED | {"1h primed": Hits(100, 0, 50)}
    assert mark(CLASSIC, 3_000, 100, hits, time_to_prime=False).reason == (
        "not marked: 5m: 0% measured hits are not above 22%; priming has no room in the SLA"
    )
    other = mark(CLASSIC, 3_000, 100, hits | {"5m": Hits(50, 50, 50)}, time_to_prime=False)
    assert (other.ttl, other.primed, other.marked) == ("5m", False, 100)
    tried = mark(CLASSIC, 3_000, 4_000, {"5m": Hits(0, 100, 50)}, time_to_prime=False)
    assert (tried.ttl, tried.primed, tried.marked) == ("1h", False, 50)
    assert tried.reason.endswith("4,000 requests are marked to measure it; priming has no room in the SLA")


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
    assert (found.ttl, found.primed, found.marked, found.reason) == (None, False, 0, reason)


def test_what_was_never_measured_is_tried_with_a_few():
    found = mark(CLASSIC, 3_000, 400, {"5m": Hits(1, 1, 19)})
    assert (found.ttl, found.primed, found.marked) == ("5m", False, 20)
    second = mark(CLASSIC, 3_000, 4_000, {"5m": Hits(90, 10, 20)})
    assert (second.ttl, second.primed, second.marked) == ("1h", True, 50)


def test_a_rate_is_believed_once_enough_was_seen():
    assert (Hits(150, 150, 19).rate, Hits(150, 150, 19).known, Hits(1, 1, 20).known) == (0.5, False, True)
    assert Hits().rate == 0.0


def test_a_model_that_costs_nothing_is_no_division_by_zero():
    free = Price(*[Decimal(0)] * 5)
    assert mark(free, 3_000, 1_000, TRIED).ttl is None
