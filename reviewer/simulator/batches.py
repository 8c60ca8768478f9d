"""The Message Batches endpoints. A batch is processed in the background and told by the clock when it has ended."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from reviewer.simulator.api_error import ApiError, invalid
from reviewer.simulator.batch import Batch, Row
from reviewer.simulator.batch_work import Processor
from reviewer.simulator.behaviour import Fault
from reviewer.simulator.message import new_id
from reviewer.simulator.service import Exchange, Service
from reviewer.simulator.shapes import BATCH, check_shape
from reviewer.simulator.sync_calls import page

MAX_REQUESTS = 100_000
POLL_AGAIN = {"retry-after": "10"}
_CHUNK = 64 * 1024


class Batches:
    """Every batch of one simulated workspace."""

    def __init__(self, service: Service) -> None:
        self._service, self._clock = service, service.clock
        self._processor = Processor(service)
        self._batches: dict[str, Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, service: Service, exchange: Exchange) -> Response:
        """`POST /v1/messages/batches`: shape and custom ids are checked now, params only when their turn comes."""
        requests = _checked_requests(exchange.body)
        delay = service.behaviour.batch_delay
        batch = Batch(
            id=new_id("msgbatch"),
            rows=[Row(each["custom_id"], each["params"]) for each in requests],
            created=self._clock.now(),
            delay=delay(len(requests)) if callable(delay) else delay,
            cancel_delay=service.behaviour.cancel_delay,
        )
        if not service.behaviour.keep_bodies:
            exchange.body = None
        self._batches[batch.id] = batch
        task = asyncio.create_task(self._processor.process(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return self._shown(batch, exchange)

    async def list_all(self, service: Service, exchange: Exchange) -> Response:  # noqa: ARG002
        """`GET /v1/messages/batches`, newest first."""
        now = self._clock.now()
        visible = [batch for batch in reversed(self._batches.values()) if self._is_visible(batch, now)]
        self.settle()
        return JSONResponse(page([batch.show(exchange.origin, now) for batch in visible], exchange.parameters))

    async def retrieve(self, service: Service, exchange: Exchange) -> Response:  # noqa: ARG002
        """`GET /v1/messages/batches/{id}`; asks to come back in ten seconds while it is not ended."""
        return self._shown(self._find(exchange), exchange)

    async def cancel(self, service: Service, exchange: Exchange) -> Response:  # noqa: ARG002
        """`POST /v1/messages/batches/{id}/cancel`: canceling; what is ready stays."""
        batch = self._find(exchange)
        if batch.ended:
            raise invalid(f"Batch {batch.id} has already ended and cannot be canceled.")
        batch.canceled = batch.canceled or self._clock.now()
        return JSONResponse(batch.show(exchange.origin, self._clock.now()))

    async def delete(self, service: Service, exchange: Exchange) -> Response:  # noqa: ARG002
        """`DELETE /v1/messages/batches/{id}`, only once it has ended."""
        batch = self._find(exchange)
        if not batch.ended:
            raise invalid("In progress batches cannot be deleted. Consider canceling the batch instead.")
        del self._batches[batch.id]
        return JSONResponse({"id": batch.id, "type": "message_batch_deleted"})

    async def results(self, service: Service, exchange: Exchange) -> Response:  # noqa: ARG002
        """`GET /v1/messages/batches/{id}/results`: JSON lines in an order of their own; 404 before the end."""
        batch = self._find(exchange)
        if not batch.ended or batch.archived(self._clock.now()):
            raise ApiError(404, f"Message Batch {batch.id} has no available results.")
        return Lines(batch.lines(), exchange.fault)

    def settle(self) -> None:
        """Bring every batch up to now and put what has ended into the books."""
        for batch in list(self._batches.values()):
            for row in batch.settle(self._clock.now()):
                if row.usage is not None and row.model is not None:
                    self._service.ledger.bill(row.usage, row.model)

    def _shown(self, batch: Batch, exchange: Exchange) -> Response:
        headers = None if batch.ended else POLL_AGAIN
        return JSONResponse(batch.show(exchange.origin, self._clock.now()), headers=headers)

    def _find(self, exchange: Exchange) -> Batch:
        batch = self._batches.get(exchange.parameters["message_batch_id"])
        if batch is None or not self._is_visible(batch, self._clock.now()):
            raise ApiError(404, f"Message Batch {exchange.parameters['message_batch_id']} not found.")
        self.settle()
        return batch

    def _is_visible(self, batch: Batch, now: datetime) -> bool:
        return (now - batch.created).total_seconds() >= self._service.behaviour.list_lag


def _checked_requests(body: dict[str, Any] | None) -> list[dict[str, Any]]:
    requests = (body or {}).get("requests")
    if isinstance(requests, list) and len(requests) > MAX_REQUESTS:
        raise ApiError(413, f"requests: at most {MAX_REQUESTS} requests are allowed in a batch, got {len(requests)}")
    check_shape(BATCH, body)
    ids: Counter[str] = Counter(each["custom_id"] for each in requests or [])
    if len(ids) < len(requests or []):
        twice = ids.most_common(1)[0][0]
        raise invalid(f"requests: custom_id's must be unique within a batch. Duplicate custom_id found: {twice}")
    return requests or []


class Lines(Response):
    """Results as a chunked stream, so that a large batch is never held twice."""

    media_type = "application/x-jsonl"

    def __init__(self, lines: Iterator[bytes], fault: Fault | None) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.lines, self.fault = lines, fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it, see `Response`."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        chunk, last = bytearray(), b""
        for line in self.lines:
            chunk += last
            last = line
            if len(chunk) >= _CHUNK:
                await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
                chunk.clear()
        await send({"type": "http.response.body", "body": bytes(chunk) + self._tail(last), "more_body": False})

    def _tail(self, last: bytes) -> bytes:
        if self.fault and self.fault.kind == "blank_line":
            return last + b"\n"
        if self.fault and self.fault.kind == "partial_line":
            return last[: len(last) // 2]
        return last
