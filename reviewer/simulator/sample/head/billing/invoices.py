"""From orders to invoices, and from invoices to money."""

import logging
from datetime import datetime, timezone
from decimal import Decimal

from billing.models import Customer, Invoice, Line
from billing.payments import PaymentFailed, charge
from billing.repository import InvoiceRepository
from billing.tax import with_tax

log = logging.getLogger(__name__)


def repeated_skus(lines: list[Line]) -> set[str]:
    """Articles that stand on more than one line: the shop asks the customer whether that is meant."""
    skus = sorted(line.sku for line in lines)
    repeated = set()
    for i in range(len(skus)):
        if skus[i] == skus[i + 1]:
            repeated.add(skus[i])
    return repeated


class InvoiceService:
    """Writes invoices and settles them."""

    def __init__(self, repository: InvoiceRepository) -> None:
        self.repository = repository

    def create(self, customer: Customer, lines: list[Line]) -> Invoice:
        """Write an invoice for the lines of an order."""
        repeated = repeated_skus(lines)
        if repeated:
            log.info("articles on more than one line: %s", ", ".join(sorted(repeated)))
        invoice = Invoice(
            id=self.repository.next_id(),
            customer=customer,
            created_at=datetime.now(timezone.utc),
            lines=lines,
        )
        self.repository.save(invoice)
        return invoice

    def total(self, invoice: Invoice) -> Decimal:
        """What the customer has to pay."""
        net = sum((line.unit_price * line.quantity for line in invoice.lines), Decimal(0))
        return with_tax(net, invoice.customer.country, invoice.created_at.date())

    def settle(self, invoice: Invoice) -> bool:
        """Charge the customer; the invoice stays open when the provider refuses."""
        total = self.total(invoice)
        try:
            charge_id = charge(invoice.customer, total)
        except PaymentFailed as error:
            log.warning("invoice %s of customer %s was not paid: %s", invoice.id, invoice.customer.id, error)
            return False
        self.repository.mark_paid(invoice.id, charge_id)
        return True
