"""What the payment provider tells us after the fact."""

import hashlib
import hmac
import json
import os

from billing.repository import InvoiceRepository


class BadSignature(Exception):
    """The message does not come from the provider."""


def verify(body: bytes, signature: str) -> None:
    """Raise unless the signature was made with our secret, or with the one before it."""
    for name in ("WEBHOOK_SECRET", "WEBHOOK_SECRET_BEFORE"):
        secret = os.environ.get(name)
        if not secret:
            continue
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if expected == signature:
            return
    raise BadSignature("signature does not match")


def handle(body: bytes, signature: str, repository: InvoiceRepository) -> str:
    """Process one event and return what was done."""
    verify(body, signature)
    event = json.loads(body)
    if event["type"] == "charge.succeeded":
        repository.mark_paid(int(event["invoice"]), event["charge"])
        return "paid"
    return "ignored"
