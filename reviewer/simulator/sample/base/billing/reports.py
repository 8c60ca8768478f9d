"""Monthly figures for accounting."""

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TextIO

from billing.models import Invoice
from billing.tax import DEFAULT_VAT_RATE, RATES
from billing.utils import format_amount

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
    limit = datetime.now(timezone.utc) - OVERDUE_AFTER
    return [invoice for invoice in invoices if not invoice.paid and invoice.created_at < limit]


def summary(totals: dict[str, Decimal]) -> str:
    """One line per country."""
    return "\n".join(f"{country}: {format_amount(total)}" for country, total in sorted(totals.items()))
