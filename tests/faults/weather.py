"""Bad weather for one kind of remote call: at the simulated model's API, at the fake GitHub, or on the way there.

Time is a clock of its own, which waits by moving on; nothing here sleeps for longer than a client's patience.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import requests

from reviewer.simulator import Fault
from tests.fakes.github import FakeGitHub
from tests.fakes.github import Fault as HubFault
from tests.fakes.github.faults import Script
from tests.faults.matrix import Failure

PATIENCE = 0.25
"""Seconds that a client waits for an answer, in the cells about timeouts."""
FOR_EVER = 10_000
_CAP = "You have reached your API usage limits: you will regain access on 2026-12-01 at 00:00 UTC."
_SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


class Clock:
    """Real time, in which every wait is over at once."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skipped)

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        self.skipped += seconds


def _status(status: int, message: str, **more: Any) -> Fault:
    return Fault("status", status=status, message=message, **more)


AT_THE_MODEL: Mapping[Failure, Fault] = {
    Failure.RESET_BEFORE: Fault("reset_before"),
    Failure.RESET_AFTER: Fault("reset_after"),
    Failure.TIMEOUT: Fault("timeout", acted=True, seconds=30.0),
    Failure.DRIP: Fault("drip", chunk=256, interval=0.0005),
    Failure.S400: _status(400, "messages: something about it is not right"),
    Failure.S401: _status(401, "API key is invalid."),
    Failure.S403: _status(403, "Your key may not use this."),
    Failure.S404: _status(404, "model: claude-x"),
    Failure.S408: _status(408, "Request timeout", type="timeout_error"),
    Failure.S409: _status(409, "Conflict"),
    Failure.S413: _status(413, "Request exceeds the maximum size"),
    Failure.S429_AFTER: _status(429, "This request would exceed your rate limit.", retry_after=7),
    Failure.S429: _status(429, "This request would exceed your rate limit."),
    Failure.SPEND: _status(429, _CAP, error_code="enforced_spend_limit_reached"),
    Failure.S500: _status(500, "Internal server error"),
    Failure.HTML: Fault("html"),
    Failure.S503: _status(503, "Service unavailable"),
    Failure.S529: _status(529, "Overloaded"),
    Failure.GARBLED: Fault("garbled"),
    Failure.CUT: Fault("cut"),
    Failure.MID_STREAM: Fault("stream_error"),
}


def _plain(status: int, message: str, **headers: str) -> Callable[..., HubFault]:
    return partial(HubFault, status=status, body={"message": message}, headers=headers)


AT_GITHUB: Mapping[Failure, Callable[..., HubFault]] = {
    Failure.RESET_BEFORE: HubFault.reset_before,
    Failure.RESET_AFTER: HubFault.reset_after,
    Failure.TIMEOUT: partial(HubFault.timeout, 30.0, acts=True),
    Failure.DRIP: partial(HubFault.slow, 0.001),
    Failure.S400: _plain(400, "Problems parsing JSON"),
    Failure.S401: _plain(401, "Bad credentials"),
    Failure.S403: _plain(403, "Resource not accessible by integration"),
    Failure.S404: _plain(404, "Not Found"),
    Failure.S408: _plain(408, "Request Timeout"),
    Failure.S409: _plain(409, "Conflict"),
    Failure.S413: _plain(413, "Payload Too Large"),
    Failure.S429_AFTER: partial(HubFault.secondary_limit, 429, 7),
    Failure.S429: partial(HubFault.secondary_limit, 429),
    Failure.S500: _plain(500, "Server Error"),
    Failure.HTML: HubFault.bad_gateway,
    Failure.S503: _plain(503, "No server is available to handle your request."),
    Failure.S529: _plain(529, "Overloaded"),
    Failure.GARBLED: HubFault.garbled,
    Failure.CUT: HubFault.halved,
}


@dataclass
class Weather:
    """What goes wrong: `failure` at the calls that `meant` tells, from the `first` (from 1) on, `times` in a row."""

    failure: Failure | None = None
    meant: Callable[[str, Mapping[str, Any]], bool] = lambda endpoint, body: False
    times: int = 1
    hits: int = 0

    def clear(self) -> None:
        self.failure = None

    def due(self, endpoint: str, body: Mapping[str, Any]) -> bool:
        if self.failure is None or self.hits >= self.times or not self.meant(endpoint, body):
            return False
        self.hits += 1
        return True

    def __call__(self, number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        """As `Behaviour.faults`."""
        fault = AT_THE_MODEL.get(self.failure) if self.failure else None
        return fault if fault and self.due(endpoint, body) else None


@contextmanager
def in_the_way(refused: Callable[[str, str, str], bool], patience: float | None = None) -> Iterator[None]:
    """Refuse connections: requests for which `refused` (method, path, body) holds go to a port where nobody listens.

    `patience` is how long clients wait for an answer of GitHub.
    """
    with ExitStack() as stack:
        dead = stack.enter_context(socket.socket())
        dead.bind(("127.0.0.1", 0))
        port = dead.getsockname()[1]
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        asynchronous, synchronous = httpx2.AsyncHTTPTransport.handle_async_request, httpx2.HTTPTransport.handle_request
        send = requests.Session.send

        def elsewhere(request: httpx2.Request) -> None:
            body = getattr(request, "_content", b"").decode(errors="replace")
            if refused(request.method, request.url.path, body):
                request.url = request.url.copy_with(port=port)

        async def handle_async(self: Any, request: httpx2.Request) -> httpx2.Response:
            elsewhere(request)
            return await asynchronous(self, request)

        def handle(self: Any, request: httpx2.Request) -> httpx2.Response:
            elsewhere(request)
            return synchronous(self, request)

        def sent(self: Any, request: requests.PreparedRequest, **more: Any) -> requests.Response:
            url = urlsplit(request.url or "")
            if refused(str(request.method), url.path, str(request.body or "")):
                request.url = url._replace(netloc=f"127.0.0.1:{port}").geturl()
            return send(self, request, **more | ({"timeout": patience} if patience else {}))

        patch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", handle_async)
        patch.setattr(httpx2.HTTPTransport, "handle_request", handle)
        patch.setattr(requests.Session, "send", sent)
        yield


@contextmanager
def no_waiting(clock: Clock, *, patience: float | None = None) -> Iterator[None]:
    """Waits move the clock; `patience` is how long clients wait for an answer, in real seconds."""
    from reviewer.commands import audit, reviewing
    from reviewer.forge import access
    from reviewer.model import client, counting

    with pytest.MonkeyPatch.context() as patch:
        for module in (reviewing, audit):
            patch.setattr(module, "SystemClock", lambda: clock)
        hub = {"write_gap": 0.0, "sleep": clock.wait, "clock": clock}
        patch.setattr(access, "Client", partial(access.Client, **hub))
        if patience:
            patch.setattr(client, "REQUEST_TIMEOUT", patience)
            patch.setattr(counting, "_SECONDS", patience)
        yield


_ENDPOINTS = (
    ("POST", r"/messages", "messages"),
    ("POST", r"/messages/count_tokens", "count_tokens"),
    ("POST", r"/messages/batches", "batches.create"),
    ("GET", r"/messages/batches", "batches.list"),
    ("GET", r"/messages/batches/[^/]+", "batches.retrieve"),
    ("GET", r"/messages/batches/[^/]+/results", "batches.results"),
)


def endpoint_of(method: str, path: str) -> str:
    """The model API's endpoint that a request goes to, as the simulator calls it; empty for none."""
    found = (name for verb, form, name in _ENDPOINTS if verb == method and re.fullmatch(f"/v1{form}", path))
    return next(found, "")


@dataclass(frozen=True)
class Sky:
    """Where the weather turns: `kind_of` names a call to the model's API by its endpoint and body."""

    weather: Weather
    hub: FakeGitHub
    clock: Clock
    kind_of: Callable[[str, Mapping[str, Any]], str]

    @contextmanager
    def turns(self, failure: Failure, times: int, kind: str, at: Mapping[str, Any]) -> Iterator[None]:
        """Calls of this kind, or GitHub's requests that match `at`, fail so many times."""
        on_the_way, weather = Script(), self.weather
        weather.failure, weather.times, weather.hits = failure, times, 0
        weather.meant = lambda endpoint, body: self.kind_of(endpoint, body) == kind
        fault = AT_GITHUB.get(failure, HubFault)(times=times, **at)
        script = on_the_way if failure is Failure.REFUSED else self.hub.faults
        if not kind:
            script.add(fault)

        def refused(method: str, path: str, body: str) -> bool:
            if failure is not Failure.REFUSED:
                return False
            if not kind:
                return on_the_way.take(method, path, body) is not None
            endpoint = endpoint_of(method, path)
            return bool(endpoint) and weather.due(endpoint, json.loads(body or "{}"))

        patience = PATIENCE if failure is Failure.TIMEOUT else None
        way = in_the_way(refused, patience) if failure is Failure.REFUSED or patience else nullcontext()
        try:
            with way, no_waiting(self.clock, patience=patience):
                yield
        finally:
            weather.hits += sum(one is fault for one in script.taken)
            weather.clear()
