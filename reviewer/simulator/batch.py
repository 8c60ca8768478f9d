"""One message batch: its items, and what has become of it at a given moment.

Its state is a function of the clock: item i of n is ready at i/n of the batch's delay, and whatever is not ready when
it is canceled or 24 hours old is canceled or expired. Counts stay 0 until the whole batch has ended.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reviewer.simulator.catalogue import Model

LIFETIME = timedelta(hours=24)
RESULTS_KEPT = timedelta(days=29)
KINDS = ("succeeded", "errored", "canceled", "expired")


@dataclass(slots=True)
class Row:
    """One item: its params until it is processed, then its result as a JSON line, with what is billed for it."""

    custom_id: str
    params: dict[str, Any] | None
    kind: str = ""
    line: bytes = b""
    model: Model | None = None
    usage: Mapping[str, Any] | None = None

    def end(self, kind: str, result: dict[str, Any]) -> None:
        """Put the result down and let the params go."""
        self.kind, self.params = kind, None
        row = {"custom_id": self.custom_id, "result": result}
        self.line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Batch:
    """A batch and its rows. `delay` and `cancel_delay` are seconds."""

    id: str
    rows: list[Row]
    created: datetime
    delay: float
    cancel_delay: float
    processed: int = 0
    canceled: datetime | None = None
    ended: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def expires(self) -> datetime:
        """When whatever is unfinished expires."""
        return self.created + LIFETIME

    def settle(self, now: datetime) -> list[Row]:
        """Bring the batch up to now. Returns the answered rows, once, when it has just ended."""
        with self.lock:
            end = self._end()
            if self.ended or now < end or self.processed < len(self.rows):
                return []
            self._drop_unfinished()
            self.ended = end
            return [row for row in self.rows if row.usage is not None]

    def _end(self) -> datetime:
        end = self.expires
        if self.delay < LIFETIME.total_seconds():
            end = self.created + timedelta(seconds=self.delay)
        if self.canceled:
            end = min(end, self.canceled + timedelta(seconds=self.cancel_delay))
        return end

    def _drop_unfinished(self) -> None:
        age = ((self.canceled or self.expires) - self.created).total_seconds()
        ready = len(self.rows) if self.delay <= age else int(len(self.rows) * age / self.delay)
        kind = "canceled" if self.canceled else "expired"
        for row in self.rows[ready:]:
            row.end(kind, {"type": kind})
            row.usage = None

    def status(self) -> str:
        """`in_progress`, `canceling` or `ended`."""
        if self.ended:
            return "ended"
        return "canceling" if self.canceled else "in_progress"

    def archived(self, now: datetime) -> bool:
        """Whether the results are gone: 29 days after creation."""
        return now >= self.created + RESULTS_KEPT

    def show(self, origin: str, now: datetime) -> dict[str, Any]:
        """The batch as the API shows it; `origin` is the scheme and host that results are served from."""
        counts = dict.fromkeys(("processing", *KINDS), 0)
        if self.ended:
            for row in self.rows:
                counts[row.kind] += 1
        else:
            counts["processing"] = len(self.rows)
        archived = self.archived(now)
        results = f"{origin}/v1/messages/batches/{self.id}/results"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status(),
            "request_counts": counts,
            "ended_at": _stamp(self.ended),
            "created_at": _stamp(self.created),
            "expires_at": _stamp(self.expires),
            "archived_at": _stamp(self.created + RESULTS_KEPT) if archived else None,
            "cancel_initiated_at": _stamp(self.canceled),
            "results_url": results if self.ended and not archived else None,
        }

    def lines(self) -> Iterator[bytes]:
        """The results, one JSON line each, in an order of their own."""
        yield from (row.line for row in sorted(self.rows, key=self._shuffled))

    def _shuffled(self, row: Row) -> bytes:
        return hashlib.blake2b(f"{self.id}{row.custom_id}".encode(), digest_size=8).digest()


def _stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
