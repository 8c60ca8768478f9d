"""The simulator as a server: a thread with an event loop and uvicorn's HTTP protocol on a loopback port."""

import asyncio
import logging
import socket
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from reviewer.simulator.app import build_app
from reviewer.simulator.batches import Batches
from reviewer.simulator.behaviour import Behaviour, Fault
from reviewer.simulator.records import Call, Totals
from reviewer.simulator.service import Service

KEEP_ALIVE = 600


class _Protocol(H11Protocol):
    """uvicorn's protocol, with the connection within the application's reach, so that faults can cut it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Calls that are cut short on purpose are no errors: uvicorn's own logger would print them.
        self.logger = logging.getLogger("reviewer.simulator.http")
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"transport": transport}
        # asyncio leaves this out for sockets made by `create_server`; without it each answer waits 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Simulator:
    """A simulated API, running while its `with` block runs. Start-up takes a few milliseconds."""

    def __init__(self, behaviour: Behaviour | None = None, *, port: int = 0) -> None:
        self.behaviour = behaviour or Behaviour()
        self._service = Service(self.behaviour)
        self._batches = Batches(self._service)
        self._port = port
        self._base_url = ""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def base_url(self) -> str:
        """The origin to give to a client, without a path."""
        return self._base_url

    @property
    def calls(self) -> list[Call]:
        """Every finished call, in the order of their starts."""
        self._catch_up()
        return [call for _, call in sorted(self._service.calls, key=lambda item: item[0])]

    @property
    def billed(self) -> dict[str, dict[str, Totals]]:
        """What would have been billed, by model id and lane (`sync`, `batch`); batches count once they have ended."""
        self._catch_up()
        self._batches.settle()
        return self._service.ledger.totals()

    @property
    def rejected(self) -> int:
        """How many calls got a 429."""
        self._catch_up()
        return self._service.rejected

    @property
    def failures(self) -> list[BaseException]:
        """What brains and hooks raised; each became a 500 or an errored row."""
        return list(self._service.failures)

    def inject(self, fault: Fault, endpoint: str = "messages", times: int = 1) -> None:
        """Let the next calls of an endpoint go wrong, before `Behaviour.faults` is asked."""
        if not fault.fits(endpoint):
            raise ValueError(f"The fault {fault.kind!r} cannot happen at {endpoint}.")
        self._service.injected[endpoint].extend([fault] * times)

    def _catch_up(self) -> None:
        # A client can have its answer a moment before the server's thread has put the call on record.
        if self._loop and not self._loop.is_closed() and threading.current_thread() is not self._thread:
            turn = threading.Event()
            try:
                self._loop.call_soon_threadsafe(turn.set)
            except RuntimeError:
                return
            turn.wait(timeout=5)

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=2048)
        self._base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), daemon=True, name="simulator")
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop and self._stop and self._thread:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(listener, ready))
        finally:
            listener.close()
            ready.set()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = build_app(self._service, self._batches)
        config = uvicorn.Config(
            app, lifespan="off", ws="none", log_config=None, date_header=False, timeout_keep_alive=KEEP_ALIVE
        )
        config.load()
        state = ServerState()
        server = await self._loop.create_server(
            lambda: _Protocol(config=config, server_state=state, app_state={}), sock=listener
        )
        ready.set()
        await self._stop.wait()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
