"""Reminders for invoices that stay open."""

import asyncio
import smtplib
from collections.abc import Iterable
from datetime import date
from email.message import EmailMessage

from billing.models import Invoice
from billing.repository import InvoiceRepository

DAYS_PER_LEVEL = 14
HIGHEST_LEVEL = 3


def level_of(invoice: Invoice, today: date = date.today()) -> int:
    """How urgent the reminder is: 0 for none, then one more every two weeks."""
    days = (today - invoice.created_at.date()).days
    return min(days // DAYS_PER_LEVEL, HIGHEST_LEVEL)


class Reminders:
    """Sends reminders by mail and notes that they were sent."""

    def __init__(self, repository: InvoiceRepository, host: str, sender: str) -> None:
        self.repository = repository
        self.host = host
        self.sender = sender

    async def remind_all(self, invoices: Iterable[Invoice]) -> int:
        """Remind of every invoice that is due and return how many there were."""
        sent = 0
        for invoice in invoices:
            level = level_of(invoice)
            if invoice.paid or level == 0:
                continue
            self._send(self._message(invoice, level))
            self.repository.note_reminder(invoice.id, level)
            sent += 1
        return sent

    def _message(self, invoice: Invoice, level: int) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = invoice.customer.email
        message["Subject"] = f"Reminder {level}: invoice {invoice.id} is still open"
        message.set_content("Please pay the invoice within 14 days.")
        return message

    async def _send(self, message: EmailMessage) -> None:
        def deliver() -> None:
            with smtplib.SMTP(self.host, timeout=20) as server:
                server.send_message(message)

        await asyncio.to_thread(deliver)
