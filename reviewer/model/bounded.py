"""Responses of a bounded size: what a server sends without end, or packs tightly, must not fill the memory."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2

MOST = 64 * 1024 * 1024
"""Bytes of one response, as sent and decompressed; the largest answer, streamed, takes about a third of it."""
_SILENT = 1024 * 1024
"""Bytes out of which something must come: what follows the end of compressed data is kept, and copied each time."""
_ENCODED = (b"content-encoding", b"content-length")


class EndlessError(httpx2.TransportError):
    """A response is longer than anything that the API sends."""


def bounded(response: httpx2.Response, request: httpx2.Request) -> httpx2.Response:
    """The response, decompressed as it is read, and ended by EndlessError where that becomes too much.

    A batch's results are read line by line, so they may be of any length.
    """
    meter = _Meter(endless=response.is_success and request.url.path.endswith("/results"))
    stream: Any = response.stream
    is_async = isinstance(stream, httpx2.AsyncByteStream)
    response.stream = _Metered(stream, stream.__aiter__ if is_async else stream.__iter__, meter.receive)
    body = _Metered(response, response.aiter_bytes if is_async else response.iter_bytes, meter.decode)
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _ENCODED]
    return httpx2.Response(response.status_code, headers=headers, stream=body, extensions=response.extensions)


class BoundedTransport(httpx2.HTTPTransport):
    """The SDK's synchronous transport, whose responses are bounded."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, see `BaseTransport`."""
        return bounded(super().handle_request(request), request)


@dataclass(slots=True)
class _Meter:
    """Counts the bytes of one response: received, decompressed, and received since a piece last came out."""

    endless: bool
    received: int = 0
    decoded: int = 0
    silent: int = 0

    def receive(self, piece: bytes) -> None:
        self.received += len(piece)
        self.silent += len(piece)
        self._check()

    def decode(self, piece: bytes) -> None:
        self.decoded += len(piece)
        self.silent = 0
        self._check()

    def _check(self) -> None:
        longest = 0 if self.endless else max(self.received, self.decoded)
        if longest > MOST or self.silent > _SILENT:
            raise EndlessError("the response does not end")


class _Metered(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The pieces of a stream or response, each metered as it passes."""

    def __init__(self, source: Any, pieces: Callable[[], Any], meter: Callable[[bytes], None]) -> None:
        self._source, self._pieces, self._meter = source, pieces, meter

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces():
            self._meter(piece)
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                self._meter(piece)
                yield piece

    def close(self) -> None:
        """See `SyncByteStream`."""
        self._source.close()

    async def aclose(self) -> None:
        """See `AsyncByteStream`."""
        await self._source.aclose()
