"""What calls cost. Prices in US dollars per million tokens, as the API's price page had them in November 2026."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from reviewer.core.request import Call, Usage

_MILLION = Decimal(1_000_000)
LONG_PROMPT = 100_000
"""Tokens of a prompt above which some models have a second price."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens. `above` applies to the whole prompt once it exceeds `above_tokens` tokens."""

    input: Decimal
    output: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal
    context: int = 1_000_000
    max_output: int = 128_000
    cacheable_from: int = 512
    above_tokens: int = 0
    above: "Price | None" = None


def _price(
    input_: str,
    output: str,
    read: str,
    *,
    context: int = 1_000_000,
    max_output: int = 128_000,
    cacheable_from: int = 512,
) -> Price:
    base = Decimal(input_)
    writes = base * Decimal("1.25"), base * 2
    return Price(base, Decimal(output), *writes, Decimal(read), context, max_output, cacheable_from)


_HAIKU_LONG = _price("0.50", "2.50", "0.05")
PRICES: Mapping[str, Price] = {
    "claude-fable-5-2": _price("8", "40", "0.20"),
    "claude-fable-5-1": _price("10", "50", "0.25"),
    "claude-opus-5-5": _price("4", "20", "0.20"),
    "claude-opus-5": _price("5", "25", "0.50"),
    "claude-opus-4-8": _price("5", "25", "0.50", cacheable_from=1024),
    "claude-opus-4-7": _price("5", "25", "0.50", cacheable_from=2048),
    "claude-opus-4-6": _price("5", "25", "0.50", cacheable_from=4096),
    "claude-opus-4-5": _price("5", "25", "0.50", context=200_000, max_output=64_000, cacheable_from=4096),
    "claude-sonnet-5-5": _price("2", "10", "0.10"),
    "claude-sonnet-5": _price("2", "10", "0.20", cacheable_from=1024),
    "claude-sonnet-4-6": _price("3", "15", "0.30", max_output=64_000, cacheable_from=1024),
    "claude-sonnet-4-5": _price("3", "15", "0.30", context=200_000, max_output=64_000, cacheable_from=1024),
    "claude-haiku-5-5": replace(_price("0.10", "0.50", "0.01"), above_tokens=LONG_PROMPT, above=_HAIKU_LONG),
    "claude-haiku-4-5": _price("1", "5", "0.10", context=200_000, max_output=64_000, cacheable_from=4096),
}
_DATED = re.compile(r"(.+)-\d{8}")


def _highest(column: Callable[[Price], Decimal]) -> Decimal:
    return max(column(price) for price in PRICES.values())


DEAREST = Price(
    _highest(lambda price: price.input),
    _highest(lambda price: price.output),
    _highest(lambda price: price.write_5m),
    _highest(lambda price: price.write_1h),
    _highest(lambda price: price.read),
)
"""Taken for a model without a known price, so that a cap is never passed for want of a number: each column's most."""


def price_of(model: str, overrides: Mapping[str, Price] | None = None) -> Price:
    """The price of a model; dated ids (`claude-haiku-4-5-20251001`) take their family's price."""
    table = {**PRICES, **(overrides or {})}
    dated = _DATED.fullmatch(model)
    return table.get(model) or table.get(dated[1] if dated else "", DEAREST)


def price_like(
    model: str, input_: Decimal, output: Decimal, write_5m: Decimal, write_1h: Decimal, read: Decimal
) -> Price:
    """A model at other prices than the list's: its limits stay, and a long prompt costs more in the same proportion."""
    listed = price_of(model)
    long = listed.above and replace(
        listed.above,
        input=listed.above.input / listed.input * input_,
        output=listed.above.output / listed.output * output,
        write_5m=listed.above.write_5m / listed.write_5m * write_5m,
        write_1h=listed.above.write_1h / listed.write_1h * write_1h,
        read=listed.above.read / listed.read * read,
    )
    return replace(listed, input=input_, output=output, write_5m=write_5m, write_1h=write_1h, read=read, above=long)


def cost(usage: Usage, price: Price, *, batch: bool = False) -> Decimal:
    """Dollars for the tokens of one call; a batch pays half of every column."""
    return cost_together(usage, price, long=usage.total_input > price.above_tokens, batch=batch)


def cost_together(usage: Usage, price: Price, *, long: bool, batch: bool = False) -> Decimal:
    """Dollars for the tokens of many calls. Whether their prompts were `long` is given: the sum says nothing of it."""
    if price.above and long:
        price = price.above
    dollars = (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + usage.cache_creation_5m_input_tokens * price.write_5m
        + usage.cache_creation_1h_input_tokens * price.write_1h
        + usage.cache_read_input_tokens * price.read
    ) / _MILLION
    return dollars / 2 if batch else dollars


def cost_of(call: Call, overrides: Mapping[str, Price] | None = None) -> Decimal:
    """What a call cost; an answer from the memo costs nothing."""
    if call.memo:
        return Decimal(0)
    price = price_of(call.model, overrides)
    return cost_together(call.usage, price, long=call.longest_prompt > price.above_tokens, batch=call.lane == "batch")


def uncached(usage: Usage) -> Usage:
    """The same tokens as they would have been without the prompt cache."""
    return Usage(input_tokens=usage.total_input, output_tokens=usage.output_tokens)


def dollars(amount: Decimal) -> str:
    """An amount as the contracts write it: a plain decimal with six places."""
    return f"{amount:.6f}"
