"""Signatures of thinking blocks: only blocks that a simulator wrote itself may be sent back."""

import base64
import hashlib
import hmac
import secrets

# The same in every simulator, so that a conversation survives a restart. It protects nothing.
_KEY = b"reviewer-simulator-thinking"


def sign(thinking: str) -> str:
    """A fresh signature for a thinking block with this text."""
    salt = secrets.token_bytes(12)
    return base64.b64encode(salt + _tag(salt, thinking)).decode()


def is_genuine(thinking: str, signature: str) -> bool:
    """Whether `sign` made this signature for this text."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(raw[12:], _tag(raw[:12], thinking))


def _tag(salt: bytes, thinking: str) -> bytes:
    return hmac.digest(_KEY, salt + thinking.encode(), hashlib.sha256)
