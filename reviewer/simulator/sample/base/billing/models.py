"""What the service keeps: customers, invoices and their lines."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Customer:
    id: int
    email: str
    country: str
    payment_token: str


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int
    unit_price: Decimal


@dataclass
class Invoice:
    id: int
    customer: Customer
    created_at: datetime
    lines: list[Line] = field(default_factory=list)
    paid: bool = False
