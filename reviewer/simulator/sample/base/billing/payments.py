"""Charging customers through the payment provider."""

import logging
import os
from decimal import Decimal

import requests

from billing.models import Customer
from billing.utils import to_cents

log = logging.getLogger(__name__)
API = "https://api.payments.example/v1"


class PaymentFailed(Exception):
    """The provider refused the charge."""


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {os.environ['PAYMENT_API_KEY']}"}


def charge(customer: Customer, amount: Decimal) -> str:
    """Charge the customer and return the provider's charge id."""
    response = requests.post(
        f"{API}/charges",
        headers=_headers(),
        json={"source": customer.payment_token, "amount": to_cents(amount), "currency": "EUR"},
        timeout=10,
    )
    if response.status_code != 201:
        raise PaymentFailed(response.json().get("message", "refused"))
    charge_id: str = response.json()["id"]
    log.info("charged customer %s: %s", customer.id, charge_id)
    return charge_id
