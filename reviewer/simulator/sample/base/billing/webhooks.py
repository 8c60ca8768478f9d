"""What the payment provider tells us after the fact."""

import hashlib
import hmac
import json
import os

from billing.repository import InvoiceRepository


class BadSignature(Exception):
    """The message does not come from the provider."""


def verify(body: bytes, signature: str) -> None:
    """Raise unless the signature was made with our secret."""
    secret = os.environ["WEBHOOK_SECRET"].encode()
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise BadSignature("signature does not match")


def handle(body: bytes, signature: str, repository: InvoiceRepository) -> str:
    """Process one event and return what was done."""
    verify(body, signature)
    event = json.loads(body)
    if event["type"] == "charge.succeeded":
        repository.mark_paid(int(event["invoice"]), event["charge"])
        return "paid"
    return "ignored"
