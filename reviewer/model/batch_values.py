"""A message batch as the API shows it, and one row of its results read into a `Reply`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reviewer.core.request import Call, Canceled, Errored, Expired, Reply
from reviewer.model.wire import mapping_of, to_reply

_REQUEST_ERRORS = frozenset(
    {
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
    }
)
"""Sending the same again would fail the same way."""
_MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """Requests by what has become of them; only the total can be relied on before the batch has ended."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        """How many requests the batch was made of."""
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """A batch at one look. `results_url` is None before the end, and again when the results are gone."""

    id: str
    status: str
    counts: BatchCounts
    created_at: datetime
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    results_url: str | None = None

    @property
    def ended(self) -> bool:
        """Whether every request of it has come to its end."""
        return self.status == "ended"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of the results. `kind` is as the API says it, known or not; `body` is the message or the error."""

    custom_id: str
    kind: str
    body: Mapping[str, Any]

    @property
    def error_type(self) -> str:
        """The kind of an errored row's error; empty for others."""
        return str(mapping_of(self.body.get("error")).get("type") or "") if self.kind == "errored" else ""

    @property
    def is_request_error(self) -> bool:
        """Whether the request itself is at fault, so that it has to be mended before it is sent again."""
        return self.error_type in _REQUEST_ERRORS


def read_info(shown: Mapping[str, Any]) -> BatchInfo:
    """A batch from the API's JSON. ValueError where what identifies it is missing."""
    counts = mapping_of(shown.get("request_counts"))
    created = _moment(shown.get("created_at"))
    if not isinstance(shown.get("id"), str) or created is None:
        raise ValueError("a message batch without id or time")
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    url = shown.get("results_url")
    return BatchInfo(
        id=shown["id"],
        status=str(shown.get("processing_status") or ""),
        counts=BatchCounts(*(_whole(counts.get(name)) for name in names)),
        created_at=created,
        ended_at=_moment(shown.get("ended_at")),
        expires_at=_moment(shown.get("expires_at")),
        results_url=url if isinstance(url, str) else None,
    )


def _whole(value: Any) -> int:
    return max(0, value) if isinstance(value, int) else 0


def read_row(value: Any) -> BatchRow | None:
    """A row from one line's JSON; None where it names no request."""
    custom_id = mapping_of(value).get("custom_id")
    if not isinstance(custom_id, str):
        return None
    result = mapping_of(value.get("result"))
    kind = str(result.get("type") or "")
    return BatchRow(custom_id, kind, mapping_of(result.get("message" if kind == "succeeded" else "error")))


def row_to_reply(row: BatchRow, model: str, batch_id: str) -> Reply:
    """What the synchronous lane would have said of the same; `model` is the one that was asked."""
    call = Call(model, lane="batch", attempts=1, custom_id=row.custom_id, batch_id=batch_id)
    match row.kind:
        case "succeeded" if row.body:
            return to_reply(row.body, call)
        case "expired":
            return Expired(call)
        case "canceled":
            return Canceled(call)
        case "errored" if row.error_type:
            return _errored(row, call)
        case other:
            message = f"The batch's result is of a kind that Reviewer does not know ({other[:40] or 'none'})."
            return Errored("api", message, "It is sent again.", call)


def _errored(row: BatchRow, call: Call) -> Errored:
    said = " ".join(str(mapping_of(row.body.get("error")).get("message") or "").split())[:_MAX_MESSAGE].rstrip(" .:")
    words = f"{row.error_type}: {said}" if said else row.error_type
    if row.is_request_error:
        step = "Mend what it names (the model, the key's permissions, or a fault in Reviewer), then run it again."
        return Errored("api", f"The API refused the request ({words}).", step, call)
    return Errored("api", f"The API failed on the request ({words}).", "It is sent again.", call)


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return value.astimezone(UTC) if isinstance(value, datetime) else None
    return datetime.fromisoformat(value).astimezone(UTC)
