"""Tax rates from before the rate table moved into tax.py."""

from decimal import Decimal

OLD_RATES = {
    "DE": Decimal("0.16"),
    "AT": Decimal("0.20"),
}


def old_rate(country: str) -> Decimal | None:
    """The rate that applied until the end of 2020."""
    return OLD_RATES.get(country)
