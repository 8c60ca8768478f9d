"""Arithmetic with amounts."""

from decimal import Decimal


def to_cents(amount: Decimal) -> int:
    """The amount as the provider wants it."""
    return int(amount * 100)


def from_cents(cents: int) -> Decimal:
    """The amount as we keep it."""
    return Decimal(cents) / 100


def format_amount(amount: Decimal) -> str:
    """The amount for people, in euros."""
    return f"{amount:.2f} EUR"


def split_evenly(total: Decimal, parts: int) -> list[Decimal]:
    """Split into parts that differ by one cent at most and add up to the total."""
    cents = to_cents(total)
    share, rest = divmod(cents, parts)
    return [from_cents(share + (1 if part < rest else 0)) for part in range(parts)]
