"""Names that a batch's results give back: from a custom id its audit, its intent, its question and its attempt."""

import re
import secrets
from dataclasses import dataclass

from reviewer.store.audit_packing import SHORT

_FORM = re.compile(r"(?P<intent>(?P<audit>[0-9a-f]{8})-[0-9a-f]{6})-(?P<short>[0-9a-f]{20})-(?P<attempt>[1-9])")


_SYNC = "0" * 6


@dataclass(frozen=True, slots=True)
class CustomId:
    """`short` is the beginning of the identity; `intent` begins with the audit's id."""

    audit: str
    intent: str
    short: str
    attempt: int


def new_audit_id() -> str:
    """Eight hexadecimal digits; random, so that a state restored from an old copy makes no id twice."""
    return secrets.token_hex(4)


def new_intent_id(audit: str) -> str:
    """The audit's id and six more digits, random for the same reason."""
    return f"{audit}-{secrets.token_hex(3)}"


def sync_intent(audit: str) -> str:
    """Stands for the intent where there is none: of a question on the synchronous lane."""
    return f"{audit}-{_SYNC}"


def write_custom_id(intent: str, identity: str, attempt: int) -> str:
    """At most 64 of the characters that the API allows; begins with the intent's id, so that a batch tells its own."""
    return f"{intent}-{identity[:SHORT]}-{attempt}"


def read_custom_id(text: str) -> CustomId | None:
    """None where it is not one of ours: a workspace may be shared."""
    found = _FORM.fullmatch(text)
    return found and CustomId(found["audit"], found["intent"], found["short"], int(found["attempt"]))
