"""Value added tax per country."""

from datetime import date
from decimal import Decimal

from billing.legacy_rates import old_rate

DEFAULT_VAT_RATE = Decimal("0.19")
RATES = {
    "DE": Decimal("0.19"),
    "AT": Decimal("0.20"),
    "FR": Decimal("0.20"),
}


def rate_for(country: str, day: date) -> Decimal:
    """The rate for a country on a day."""
    if day.year <= 2020:
        rate = old_rate(country)
        if rate is not None:
            return rate
    return RATES.get(country, DEFAULT_VAT_RATE)


def with_tax(net: Decimal, country: str, day: date) -> Decimal:
    """Net amount plus tax, rounded to cents."""
    return (net * (1 + rate_for(country, day))).quantize(Decimal("0.01"))
