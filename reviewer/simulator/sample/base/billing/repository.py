"""Invoices in PostgreSQL."""

from typing import Any

import psycopg

from billing.models import Invoice


class InvoiceRepository:
    """Reads and writes invoices over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def next_id(self) -> int:
        """A number that no invoice has yet."""
        row = self.connection.execute("SELECT nextval('invoice_id')").fetchone()
        return int(row[0])

    def save(self, invoice: Invoice) -> None:
        """Write a new invoice."""
        self.connection.execute(
            "INSERT INTO invoices (id, customer_id, created_at) VALUES (%s, %s, %s)",
            (invoice.id, invoice.customer.id, invoice.created_at),
        )

    def mark_paid(self, invoice_id: int, charge_id: str) -> None:
        """Note that an invoice is paid, and by which charge."""
        self.connection.execute(
            "UPDATE invoices SET paid = true, charge_id = %s WHERE id = %s",
            (charge_id, invoice_id),
        )

    def open_invoices(self, customer_id: int) -> list[Any]:
        """Rows of a customer's invoices that are not paid, oldest first."""
        return self.connection.execute(
            "SELECT id, created_at FROM invoices WHERE customer_id = %s AND NOT paid ORDER BY created_at",
            (customer_id,),
        ).fetchall()
