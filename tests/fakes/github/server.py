"""An ASGI application on a loopback port, in a daemon thread, that can break its own connections."""

import asyncio
import contextlib
import socket
import struct
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

Transports = dict[tuple[str, int], asyncio.Transport]


class _Uvicorn(uvicorn.Server):
    """Stops at once when told to, instead of looking every 0.1 s."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.stop: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self.stop, self.loop = asyncio.Event(), asyncio.get_running_loop()
        self.ready.set()
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class Server:
    """`port` is open from construction on; `close` ends the thread."""

    def __init__(self, application: Any) -> None:
        self._transports: Transports = {}
        transports = self._transports

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                # Headers and body are two writes: without this each answer waits 40 ms for an acknowledgement.
                transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                transports[transport.get_extra_info("peername")[:2]] = transport

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application, http=Protocol, lifespan="off", log_config=None, log_level="critical", server_header=False
        )
        self._uvicorn = _Uvicorn(config)
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"fake-github-{self.port}")
        self._thread.start()
        if not self._uvicorn.ready.wait(10):
            raise RuntimeError("The fake GitHub did not start")

    def _run(self) -> None:
        with contextlib.suppress(SystemExit):
            self._uvicorn.run(sockets=[self._socket])

    def reset(self, client: tuple[str, int]) -> None:
        """Break a client's connection with a TCP reset."""
        transport = self._transports.pop(client)
        endpoint = transport.get_extra_info("socket")
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def close(self) -> None:
        """Stop serving and wait for the thread."""
        if self._uvicorn.loop is not None and self._uvicorn.stop is not None:
            self._uvicorn.loop.call_soon_threadsafe(self._uvicorn.stop.set)
        self._thread.join(10)
        self._socket.close()
