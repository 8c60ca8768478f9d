"""What the endpoints share: one simulated organisation with its cache, limits, batches and books."""

import asyncio
import itertools
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from reviewer.simulator.answer import Answer
from reviewer.simulator.api_error import ApiError
from reviewer.simulator.behaviour import Behaviour, Fault, Seconds
from reviewer.simulator.cache import PromptCache
from reviewer.simulator.limits import Limiter
from reviewer.simulator.message import new_id
from reviewer.simulator.records import Call, Ledger


@dataclass(slots=True)
class Exchange:
    """One call on its way through. `body` is the parsed body, or path and query parameters where there is none."""

    endpoint: str
    number: int
    concurrency: int
    started: float
    origin: str
    headers: dict[str, str]
    parameters: dict[str, str]
    request_id: str = field(default_factory=lambda: new_id("req"))
    sha256: str = ""
    size: int = 0
    body: dict[str, Any] | None = None
    fault: Fault | None = None
    status: int = 0
    usage: dict[str, Any] = field(default_factory=dict)
    extra_headers: dict[str, str] = field(default_factory=dict)


class Service:
    """The state of one simulated API."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour, self.clock = behaviour, behaviour.clock
        self.ledger = Ledger()
        self.cache, self.batch_cache = PromptCache(), PromptCache()
        self.limiter = Limiter(behaviour.limits, behaviour.clock)
        self.calls: list[tuple[int, Call]] = []
        self.rejected = 0
        self.failures: list[BaseException] = []
        self.injected: dict[str, deque[Fault]] = defaultdict(deque)
        self._order = itertools.count()
        self._numbers: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()

    def open(self, endpoint: str, origin: str, headers: dict[str, str], parameters: dict[str, str]) -> Exchange:
        """A call has come in."""
        number = self._numbers[endpoint]
        self._numbers[endpoint] += 1
        self._in_flight[endpoint] += 1
        now = self.clock.monotonic()
        return Exchange(endpoint, number, self._in_flight[endpoint], now, origin, headers, parameters)

    def close(self, exchange: Exchange, order: int) -> None:
        """A call is over: put it on record."""
        self._in_flight[exchange.endpoint] -= 1
        self.rejected += exchange.status == 429
        keep = self.behaviour.keep_bodies
        call = Call(
            endpoint=exchange.endpoint,
            number=exchange.number,
            body=exchange.body if keep else None,
            body_sha256=exchange.sha256,
            body_bytes=exchange.size,
            headers=exchange.headers if keep else {},
            started=exchange.started,
            ended=self.clock.monotonic(),
            status=exchange.status,
            usage=exchange.usage,
            concurrency=exchange.concurrency,
            request_id=exchange.request_id,
            fault=exchange.fault.kind if exchange.fault else None,
        )
        self.calls.append((order, call))

    def next_order(self) -> int:
        """Calls are kept in the order of their starts."""
        return next(self._order)

    def choose_fault(self, exchange: Exchange) -> None:
        """Decide what goes wrong with a call; what was injected goes first."""
        queue = self.injected[exchange.endpoint]
        if queue:
            fault: Fault | None = queue.popleft()
        else:
            fault = self.behaviour.faults(exchange.number, exchange.endpoint, exchange.body or {})
        if fault and not fault.fits(exchange.endpoint):
            raise ValueError(f"The fault {fault.kind!r} cannot happen at {exchange.endpoint}.")
        exchange.fault = fault

    async def think(self, body: dict[str, Any]) -> Answer:
        """Ask the brain, in a worker thread; a brain that fails is a 500 and is kept in `failures`."""
        try:
            return await asyncio.to_thread(self.behaviour.brain, body)
        except Exception as error:
            self.failures.append(error)
            raise ApiError(500, f"Internal server error (the brain raised {error!r})") from error


def seconds(value: Seconds, body: dict[str, Any]) -> float:
    """A time that may depend on the request."""
    return value(body) if callable(value) else value
