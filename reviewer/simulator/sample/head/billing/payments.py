"""Charging customers through the payment provider."""

import logging
import os
from decimal import Decimal

import requests

from billing.models import Customer
from billing.money import to_cents

log = logging.getLogger(__name__)
API = "https://api.payments.example/v1"


class PaymentFailed(Exception):
    """The provider refused the charge."""


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {os.environ['PAYMENT_API_KEY']}"}


def charge(customer: Customer, amount: Decimal, currency: str) -> str:
    """Charge the customer in a currency and return the provider's charge id."""
    response = requests.post(
        f"{API}/charges",
        headers=_headers(),
        json={"source": customer.payment_token, "amount": to_cents(amount), "currency": currency},
        timeout=10,
    )
    if response.status_code != 201:
        raise PaymentFailed(response.json().get("message", "refused"))
    charge_id: str = response.json()["id"]
    log.info("charged customer %s: %s", customer.id, charge_id)
    return charge_id


def refund(charge_id: str, amount: Decimal | None = None) -> None:
    """Give a charge back, in part when an amount is given."""
    body = {"charge": charge_id}
    if amount is not None:
        body["amount"] = str(to_cents(amount))
    response = requests.post(f"{API}/refunds", headers=_headers(), json=body)
    if response.status_code != 201:
        raise PaymentFailed(response.json().get("message", "refused"))
    log.info("refunded %s", charge_id)
