from decimal import Decimal

import pytest

from reviewer.core.pricing import DEAREST, PRICES, Price, cost, cost_of, dollars, price_of, uncached
from reviewer.core.request import Call, Usage

TABLE = """
claude-fable-5-2   1000000 128000 8    40   10    16   0.20 512
claude-fable-5-1   1000000 128000 10   50   12.50 20   0.25 512
claude-opus-5-5    1000000 128000 4    20   5     8    0.20 512
claude-opus-5      1000000 128000 5    25   6.25  10   0.50 512
claude-opus-4-8    1000000 128000 5    25   6.25  10   0.50 1024
claude-opus-4-7    1000000 128000 5    25   6.25  10   0.50 2048
claude-opus-4-6    1000000 128000 5    25   6.25  10   0.50 4096
claude-opus-4-5    200000  64000  5    25   6.25  10   0.50 4096
claude-sonnet-5-5  1000000 128000 2    10   2.50  4    0.10 512
claude-sonnet-5    1000000 128000 2    10   2.50  4    0.20 1024
claude-sonnet-4-6  1000000 64000  3    15   3.75  6    0.30 1024
claude-sonnet-4-5  200000  64000  3    15   3.75  6    0.30 1024
claude-haiku-5-5   1000000 128000 0.10 0.50 0.125 0.20 0.01 512
claude-haiku-4-5   200000  64000  1    5    1.25  2    0.10 4096
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
EVERY = Usage(1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000)


@pytest.mark.parametrize(("model", "context", "output", "inp", "out", "w5", "w1", "read", "least"), ROWS)
def test_the_price_page(model, context, output, inp, out, w5, w1, read, least):
    price = PRICES[model]
    assert (price.context, price.max_output, price.cacheable_from) == (int(context), int(output), int(least))
    figures = (price.input, price.output, price.write_5m, price.write_1h, price.read)
    assert figures == tuple(map(Decimal, (inp, out, w5, w1, read)))


def test_every_known_model_stands_in_the_table():
    assert set(PRICES) == {row[0] for row in ROWS}


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(), "0"),
        (Usage(input_tokens=1), "0.000002"),
        (Usage(output_tokens=3), "0.00003"),
        (Usage(cache_read_input_tokens=1), "0.0000001"),
        (Usage(cache_creation_5m_input_tokens=1), "0.0000025"),
        (Usage(cache_creation_1h_input_tokens=1), "0.000004"),
        (EVERY, "18.6"),
    ],
)
def test_a_call_costs_what_its_columns_say_to_the_last_place(usage, usd):
    assert cost(usage, PRICES["claude-sonnet-5-5"]) == Decimal(usd)
    assert cost(usage, PRICES["claude-sonnet-5-5"], batch=True) == Decimal(usd) / 2


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(100_000, 1_000), "0.0105"),
        (Usage(100_001, 1_000), "0.0525005"),
        (Usage(1, 1_000, 60_000, 40_000), "0.0305005"),
        (Usage(0, 1_000, 0, 0, 100_001), "0.102501"),
        (Usage(0, 100_001), "0.0500005"),
    ],
)
def test_a_long_haiku_prompt_pays_the_higher_card_for_all_of_it(usage, usd):
    assert cost(usage, PRICES["claude-haiku-5-5"]) == Decimal(usd)
    assert cost(usage, PRICES["claude-haiku-5-5"], batch=True) == Decimal(usd) / 2


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-opus-5-20260723", "claude-opus-5"),
        ("claude-opus-5-5-20260901", "claude-opus-5-5"),
    ],
)
def test_a_dated_id_takes_its_familys_price(model, family):
    assert price_of(model) is PRICES[family]


@pytest.mark.parametrize(
    "model", ["", "gpt", "claude-opus-5-9", "claude-opus-6", "claude-mythos-5", "claude-haiku-5-5-x"]
)
def test_an_unknown_model_is_taken_for_the_dearest(model):
    price = price_of(model)
    assert price is DEAREST
    assert all(cost(EVERY, price) >= cost(EVERY, known) for known in PRICES.values())
    for column in ("input", "output", "write_5m", "write_1h", "read"):
        assert getattr(price, column) == max(getattr(known, column) for known in PRICES.values())


def test_a_configured_price_comes_first():
    mine = Price(*(Decimal(1),) * 5)
    overrides = {"claude-sonnet-5-5": mine, "house-model": mine}
    assert price_of("claude-sonnet-5-5", overrides) is mine
    assert price_of("house-model-20260101", overrides) is mine
    assert price_of("claude-opus-5", overrides) is PRICES["claude-opus-5"]


@pytest.mark.parametrize(("changes", "usd"), [({}, "0.002"), ({"lane": "batch"}, "0.001"), ({"memo": True}, "0")])
def test_a_call_costs_by_its_lane_and_nothing_from_the_memo(changes, usd):
    assert cost_of(Call("claude-sonnet-5-5", usage=Usage(1_000), **changes)) == Decimal(usd)


@pytest.mark.parametrize(("prompt", "usd"), [(60_000, "0.0125"), (120_000, "0.0625"), (0, "0.0625")])
def test_attempts_that_share_a_call_are_no_long_prompt_together(prompt, usd):
    call = Call("claude-haiku-5-5", usage=Usage(120_000, 1_000), attempts=2, prompt=prompt)
    assert cost_of(call) == Decimal(usd)


def test_what_it_would_have_cost_without_the_cache():
    assert cost(uncached(Usage(1_000, 10, 2_000, 3_000, 4_000)), PRICES["claude-sonnet-5-5"]) == Decimal("0.0201")


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "0.000000"), ("1.5", "1.500000"), ("0.0000004", "0.000000"), ("1E+3", "1000.000000")]
)
def test_amounts_are_written_plainly(amount, text):
    assert dollars(Decimal(amount)) == text
