"""The API's limits without HTTP: the simulator's own buckets on virtual time, and a client that obeys a limiter."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reviewer.core.request import Request, Usage
from reviewer.model.limiter import Limiter
from reviewer.simulator import Limits
from reviewer.simulator.api_error import ApiError
from reviewer.simulator.catalogue import find
from reviewer.simulator.limits import Limiter as ServerLimits
from tests.model.lanes import VirtualClock

Used = Callable[[Request], Usage]


@dataclass
class Organisation:
    """Answers each request after `latency` seconds with the headers of its beginning; counts its refusals.

    As on the lane, requests are streamed as long as the limits are not known: then headers come after `first_byte`.
    """

    clock: VirtualClock
    limits: Limits
    latency: float = 2.0
    first_byte: float = 1.0
    refused: int = 0
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ServerLimits(self.limits, self.clock)

    async def send(self, limiter: Limiter, request: Request, used: Usage, *, cached: bool = False) -> None:
        """See one request through, again after each 429."""
        model = find(request.model)
        while True:
            reservation = await limiter.acquire(request, cached=cached)
            self.sent.append(request.unit)
            try:
                self.server.admit(model, used.limited_input)
            except ApiError as error:
                self.refused += 1
                limiter.refused(request.model, reservation, error.headers, float(error.headers["retry-after"]))
                limiter.settle(request, reservation, None)
                continue
            headers = self.server.headers(model)
            self.server.charge_output(model, used.output_tokens)
            begins = self.latency if limiter.knows(request.model) else self.first_byte
            await self.clock.sleep(begins)
            limiter.begun(request, reservation, headers, used)
            await self.clock.sleep(self.latency - begins)
            limiter.settle(request, reservation, used)
            return

    async def send_all(self, limiter: Limiter, requests: Iterable[Request], used: Used) -> float:
        """Send them all at once; the seconds until the last answer."""
        started = self.clock.monotonic()
        await asyncio.gather(*(self.send(limiter, request, used(request)) for request in requests))
        return self.clock.monotonic() - started
