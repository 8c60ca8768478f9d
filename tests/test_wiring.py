from dataclasses import astuple, replace
from decimal import Decimal

from reviewer.config.settings import PriceOverride, Settings
from reviewer.core.pricing import PRICES, cost
from reviewer.core.request import Usage
from reviewer.wiring import prices_of

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-4-6"


def priced(model: str, **columns: str):
    given = PriceOverride.model_validate({name.replace("_", "-"): price for name, price in columns.items()})
    return prices_of(Settings(prices={model: given}), "anthropic")[model]


def test_prices_of_one_s_own_leave_a_model_its_limits():
    mine = priced(SONNET, input="1", output="4")
    assert astuple(mine)[:5] == tuple(map(Decimal, ("1", "4", "1.25", "2", "0.1")))
    assert replace(mine, **{name: getattr(PRICES[SONNET], name) for name in ("input", "output")}) == replace(
        PRICES[SONNET], write_5m=Decimal("1.25"), write_1h=Decimal(2), read=Decimal("0.1")
    )


def test_a_long_prompt_costs_more_at_prices_of_one_s_own_too():
    usage = Usage(150_000, 1_000)
    listed = priced(HAIKU, input="0.10", output="0.50", cache_read="0.01")
    assert cost(usage, listed) == cost(usage, PRICES[HAIKU]) == Decimal("0.0775")
    assert cost(usage, priced(HAIKU, input="0.05", output="0.25")) == Decimal("0.03875")


def test_the_offline_engine_costs_nothing_and_keeps_the_limits():
    prices = prices_of(Settings(models={"review": HAIKU}), "offline")
    assert cost(Usage(150_000, 1_000), prices[HAIKU]) == 0
    assert prices["claude-opus-5-5"].max_output == 128_000
