from datetime import date
from decimal import Decimal

from billing.tax import with_tax


def test_tax_is_added_and_rounded_to_cents():
    assert with_tax(Decimal("9.99"), "DE", date(2025, 3, 1)) == Decimal("11.89")
