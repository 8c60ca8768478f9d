"""Requests, lanes and clocks for the tests of this room: the real SDK against the simulator over loopback HTTP."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from reviewer.clock import SystemClock
from reviewer.core.request import Block, Reply, Request, Turn, Usage
from reviewer.model.budget import Budget
from reviewer.model.client import make_client
from reviewer.model.lane import Retry, SyncLane
from reviewer.model.limiter import Limiter, RateLimits
from reviewer.simulator import Answer, Behaviour, Fault, Simulator

MODEL = "claude-sonnet-5-5"
OTHER = "claude-haiku-5-5"
TEXT = '{"verdicts":[]}'
RULES = "r" * 3200
QUICK = Retry(base=0.01, cap=0.02)
T = TypeVar("T")


def ask(number: int = 0, *, prefix: str = "", text: str = "u" * 320, model: str = MODEL, **more: Any) -> Request:
    """A small request; `prefix` (best `RULES`, 1,000 tokens) is marked for the cache. Estimates are the simulator's."""
    system = (Block(prefix, "5m"),) if prefix else (Block("You verify."),)
    # 231 tokens of answer format, 4 of message overhead.
    before = 231 + -(-(len(prefix) or 11) * 10 // 32)
    request = Request(
        unit=f"u{number}",
        kind="verify",
        files=("a.py",),
        model=model,
        system=system,
        turns=(Turn("user", (Block(f"{number:04} {text}"),)),),
        shape="verify",
        max_tokens=1000,
        effort=None,
        tag="0123456789abcdef",
        estimated_input=before + 4 + -(-(len(text) + 5) * 10 // 32),
        estimated_output=50,
        estimated_prefix=before if prefix else 0,
    )
    return replace(request, **more)


def answer(body: dict[str, Any]) -> Answer:
    """What the simulated model says in these tests: 50 tokens."""
    return Answer(TEXT, output_tokens=50)


def simulator(*faults: Fault | None, **behaviour: Any) -> Simulator:
    """A simulator whose first calls meet these faults, later ones none."""
    made = Simulator(Behaviour(**{"brain": answer, "keep_bodies": False} | behaviour))
    queue = iter(faults)
    if faults:
        made = Simulator(replace(made.behaviour, faults=lambda number, endpoint, body: next(queue, None)))
    return made


def on_lane(url: str, work: Callable[[SyncLane], Awaitable[T]], *, timeout: float = 5.0, **options: Any) -> T:
    """Do something with a lane to this address. Options are the lane's, and `cap` (USD), `limits`, `seconds`."""

    async def run() -> T:
        clock = options.pop("clock", None) or SystemClock()
        cap = options.pop("cap", None)
        options.setdefault("limiter", Limiter(clock, options.pop("limits", None) or RateLimits()))
        options.setdefault("budget", Budget(Decimal(cap) if cap is not None else None))
        options.setdefault("retry", QUICK)
        deadline = clock.monotonic() + options.pop("seconds", 30.0)
        environment = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "key"}
        async with make_client(environment, 64) as client:
            client.timeout = timeout
            return await work(SyncLane(client, clock, deadline=deadline, **options))

    return asyncio.run(run())


def call(url: str, *requests: Request, **options: Any) -> list[Reply]:
    """The replies to these requests, sent side by side."""

    async def all_of(lane: SyncLane) -> list[Reply]:
        return list(await asyncio.gather(*(lane.call(request) for request in requests)))

    return on_lane(url, all_of, **options)


def total(replies: Iterable[Reply]) -> Usage:
    """What all of them have used."""
    return sum((reply.call.usage for reply in replies), Usage())


def billed(running: Simulator) -> Usage:
    """What the simulator would bill for all models."""
    lanes = [lane for model in running.billed.values() for lane in model.values()]
    return sum(
        (
            Usage(
                each.input_tokens,
                each.output_tokens,
                each.cache_read_input_tokens,
                each.cache_creation_5m_input_tokens,
                each.cache_creation_1h_input_tokens,
            )
            for each in lanes
        ),
        Usage(),
    )


def dollars(running: Simulator) -> Decimal:
    """What the simulator would bill, in USD."""
    return sum((lane.usd for model in running.billed.values() for lane in model.values()), Decimal(0))


@dataclass
class VirtualClock:
    """Time that jumps to the next sleeper as soon as nobody has anything else to do. For work without real I/O."""

    seconds: float = 0.0
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _number: Any = field(default_factory=itertools.count)

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + max(0.0, seconds), next(self._number), woken))
        await woken

    def run(self, work: Awaitable[T]) -> T:
        return asyncio.run(self._run(work))

    async def _run(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.sleep(0)
            # Nothing else in asyncio tells whether anybody is still at work.
            if asyncio.get_running_loop()._ready:  # type: ignore[attr-defined]
                continue
            if self._sleepers and not task.done():
                at, _, woken = heapq.heappop(self._sleepers)
                self.seconds = max(self.seconds, at)
                if not woken.done():
                    woken.set_result(None)
        return task.result()
