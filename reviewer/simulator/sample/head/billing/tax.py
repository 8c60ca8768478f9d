"""Value added tax per country."""

from datetime import date
from decimal import Decimal

RATES = {
    "DE": Decimal("0.19"),
    "AT": Decimal("0.20"),
    "CH": Decimal("0.081"),
    "FR": Decimal("0.20"),
}
FIRST_DAY = date(2021, 1, 1)


class UnknownCountry(Exception):
    """We do not sell to this country, so there is no rate for it."""


def rate_for(country: str, day: date) -> Decimal:
    """The rate for a country on a day."""
    if day < FIRST_DAY:
        raise ValueError(f"there are no rates for {day}: invoices start on {FIRST_DAY}")
    if country not in RATES:
        raise UnknownCountry(country)
    return RATES[country]


def with_tax(net: Decimal, country: str, day: date) -> Decimal:
    """Net amount plus tax, rounded to cents."""
    return (net * (1 + rate_for(country, day))).quantize(Decimal("0.01"))
