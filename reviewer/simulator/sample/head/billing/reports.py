"""Monthly figures for accounting."""

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TextIO

from billing.models import Invoice
from billing.money import format_amount
from billing.tax import DEFAULT_VAT_RATE, RATES

OVERDUE_AFTER = timedelta(days=30)


def write_rates(out: TextIO) -> None:
    """The rates that were applied, for the annex of the report."""
    writer = csv.writer(out)
    writer.writerow(["country", "rate"])
    for country, rate in sorted(RATES.items()):
        writer.writerow([country, rate])
    writer.writerow(["other", DEFAULT_VAT_RATE])


def overdue(invoices: Iterable[Invoice]) -> list[Invoice]:
    """Invoices that have been open for too long."""
    limit = datetime.now() - OVERDUE_AFTER
    return [invoice for invoice in invoices if not invoice.paid and invoice.created_at < limit]


def summary(totals: dict[str, Decimal], currency: str = "EUR") -> str:
    """One line per country, the largest total first."""
    ordered = sorted(totals.items(), key=lambda entry: entry[1], reverse=True)
    return "\n".join(f"{country}: {format_amount(total, currency)}" for country, total in ordered)
