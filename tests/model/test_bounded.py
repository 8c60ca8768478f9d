"""Servers whose responses have no end: reading stops at the limit, in both lanes, and says what happened."""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reviewer.core.request import Errored
from reviewer.model.batch_body import BatchBody
from reviewer.model.batch_rows import ResultsCut
from reviewer.model.batch_values import BatchInfo, read_info
from reviewer.model.batches import BatchApi, BatchError, make_batch_client
from reviewer.model.lane import Retry
from tests.model.lanes import RULES, ask, call

MIB = 1024 * 1024
LIMIT = 64 * MIB
IN_FLIGHT = 16 * MIB
"""What may stand in the sockets' buffers when the reader goes away."""
PING = b"event: ping\ndata: " + b"x" * (MIB // 4) + b"\n\n"


@dataclass
class Endless:
    """A server that answers all with `pieces` after these headers, and counts the bytes it got rid of."""

    status: int
    headers: dict[str, str]
    pieces: Callable[[], Iterator[bytes]]
    url: str = ""
    sent: int = 0


@contextmanager
def serving(server: Endless) -> Iterator[Endless]:
    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(server.status)
            for name, value in {"content-type": "application/json", **server.headers}.items():
                self.send_header(name, value)
            self.end_headers()  # no length: it ends when the connection does
            try:
                for piece in server.pieces():
                    self.wfile.write(piece)
                    server.sent += len(piece)
            except OSError:
                return

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def forever(piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(lambda: piece, None)


def packed(pieces: int, piece: bytes = b" " * MIB, *, after: bytes = b"") -> Callable[[], Iterator[bytes]]:
    """So many pieces as gzip, a hundred times smaller and more; then this without end, if anything."""

    def made() -> Iterator[bytes]:
        packer = zlib.compressobj(1, wbits=31)
        for _ in range(pieces):
            yield packer.compress(piece)
        yield packer.flush()
        yield from iter(lambda: after, b"")

    return made


GZIP = {"content-encoding": "gzip"}
SSE = {"content-type": "text/event-stream"}
RESULTS = {"content-type": "application/binary"}
SERVERS = {
    "JSON": (200, {}, forever(b" " * MIB)),
    "error": (500, {}, forever(b"x" * MIB)),
    "events": (200, SSE, forever(PING)),
    "gzip": (200, GZIP, packed(70)),
    "error in gzip": (500, GZIP, packed(70)),
    "bytes after gzip": (200, GZIP, packed(1, after=b"x" * MIB)),
}
BATCH = {"id": "msgbatch_1", "processing_status": "ended", "created_at": "2026-11-21T18:37:24Z", "request_counts": {}}


@pytest.fixture(params=list(SERVERS))
def endless(request: pytest.FixtureRequest) -> Iterator[Endless]:
    with serving(Endless(*SERVERS[request.param])) as server:
        yield server


@contextmanager
def batches(url: str) -> Iterator[tuple[BatchApi, BatchInfo]]:
    with make_batch_client({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": url}) as client:
        yield BatchApi(client), read_info(BATCH | {"results_url": f"{url}/v1/messages/batches/msgbatch_1/results"})


@pytest.mark.parametrize("prefix", ["", RULES], ids=["whole", "stream"])
def test_a_synchronous_answer_without_end(endless: Endless, prefix: str) -> None:
    (reply,) = call(endless.url, ask(prefix=prefix), retry=Retry(attempts=1))

    assert isinstance(reply, Errored)
    assert (reply.cause, reply.message) == ("api", "The model's API sent an answer without end.")
    assert endless.sent <= LIMIT + IN_FLIGHT


def test_a_batch_that_is_made_without_end(endless: Endless) -> None:
    with batches(endless.url) as (api, _), BatchBody() as body, pytest.raises(BatchError) as caught:
        api.create(body)

    assert (caught.value.what, caught.value.unsure) == ("The model's API sent an answer without end.", True)
    assert endless.sent <= LIMIT + IN_FLIGHT


def row(size: int) -> bytes:
    return json.dumps({"custom_id": "a", "result": {"type": "expired"}, "more": "x" * size}).encode() + b"\n"


@pytest.mark.parametrize(
    ("headers", "pieces"),
    [({}, lambda: iter([row(MIB)] * 70)), (GZIP, packed(70, row(MIB)))],
    ids=["plain", "gzip"],
)
def test_results_may_be_of_any_length(headers: dict[str, str], pieces: Callable[[], Iterator[bytes]]) -> None:
    with serving(Endless(200, RESULTS | headers, pieces)) as server, batches(server.url) as (api, batch):
        assert sum(1 for _ in api.results(batch)) == 70


@pytest.mark.parametrize(
    ("headers", "pieces", "read", "said"),
    [
        ({}, forever(b"x" * MIB), 0, "a line of over 67,108,864 bytes"),
        (GZIP, packed(70), 0, "a line of over 67,108,864 bytes"),
        (GZIP, packed(1, row(MIB), after=b"x" * MIB), 1, "the response does not end"),
    ],
    ids=["line", "line in gzip", "bytes after gzip"],
)
def test_results_without_a_line(
    headers: dict[str, str], pieces: Callable[[], Iterator[bytes]], read: int, said: str
) -> None:
    rows = []
    server = Endless(200, RESULTS | headers, pieces)
    with serving(server), batches(server.url) as (api, batch), pytest.raises(ResultsCut, match=said):
        rows.extend(api.results(batch))

    assert (len(rows), server.sent <= LIMIT + IN_FLIGHT) == (read, True)


def test_results_that_are_an_error_without_end() -> None:
    server = Endless(404, {}, forever(b"x" * MIB))
    with serving(server), batches(server.url) as (api, batch), pytest.raises(BatchError) as caught:
        next(api.results(batch))

    assert caught.value.what == "The model's API sent an answer without end."
