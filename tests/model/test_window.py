"""How many requests run side by side."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from reviewer.model.window import Window
from reviewer.simulator import Fault
from tests.model.lanes import VirtualClock, ask, call, simulator


@asynccontextmanager
async def slot(window):
    await window.enter()
    try:
        yield
    finally:
        window.leave()


def test_grows_by_one_for_each_success_while_full():
    async def work():
        window = Window(VirtualClock(), start=2, ceiling=4)
        limits = []
        async with slot(window):
            window.succeeded()
            limits.append(window.limit)
            async with slot(window):
                for _ in range(4):
                    window.succeeded()
                    limits.append(window.limit)
        assert limits == [2, 3, 3, 3, 3]

    asyncio.run(work())


def test_growth_lets_in_who_waits_at_once():
    async def work():
        window = Window(VirtualClock(), start=1)
        await window.enter()
        waiter = asyncio.create_task(window.enter())
        await asyncio.sleep(0)
        window.succeeded()
        await asyncio.wait_for(waiter, timeout=1)
        assert window.running == 2

    asyncio.run(work())


def test_doubles_in_a_round_trip():
    async def work():
        window, peaks = Window(VirtualClock(), start=4, ceiling=64), []

        async def one():
            async with slot(window):
                await asyncio.sleep(0)
                peaks.append(window.running)
                window.succeeded()

        await asyncio.gather(*(one() for _ in range(200)))
        assert max(peaks) == window.limit == 64

    asyncio.run(work())


def test_grows_on_the_lane():
    window = Window(VirtualClock(), start=2)
    with simulator(latency=0.05) as running:
        call(running.base_url, *(ask(number) for number in range(20)), window=window)
        most = max(each.concurrency for each in running.calls)
    assert most > 2
    assert window.limit > 8


@pytest.mark.parametrize(("running", "limit"), [(8, 4), (3, 1), (1, 1)])
def test_halves_what_runs_but_never_below_one(running, limit):
    async def work():
        window = Window(VirtualClock(), start=8)
        for _ in range(running):
            await window.enter()
        window.pressed()
        assert window.limit == limit

    asyncio.run(work())


def test_pressure_of_one_moment_counts_once():
    async def work():
        clock = VirtualClock()
        window = Window(clock, start=32)
        for _ in range(32):
            await window.enter()
        limits = []
        for seconds in (0.0, 0.5, 0.99, 1.0, 1.5, 2.0):
            clock.seconds = seconds
            window.pressed()
            limits.append(window.limit)
        assert limits == [16, 16, 16, 8, 8, 4]

    asyncio.run(work())


def test_pressure_on_the_lane_shrinks_it():
    window = Window(VirtualClock(), start=16)
    with simulator(*[Fault("status", status=529)] * 8, latency=0.01) as running:
        call(running.base_url, *(ask(number) for number in range(16)), window=window)
    assert window.limit < 16
    assert window.running == 0


def test_first_come_first_served():
    async def work():
        window, order = Window(VirtualClock(), start=1), []

        async def one(number):
            async with slot(window):
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(20)))
        assert order == list(range(20))

    asyncio.run(work())


def test_place_handed_to_one_who_is_cancelled_in_that_moment_is_not_lost():
    async def work():
        window = Window(VirtualClock(), start=1)
        await window.enter()
        second, third = (asyncio.create_task(window.enter()) for _ in range(2))
        await asyncio.sleep(0)
        window.leave()
        second.cancel()
        await asyncio.wait_for(third, timeout=1)
        assert (second.cancelled(), window.running) == (True, 1)

    asyncio.run(work())


@pytest.mark.parametrize("seed", range(5))
def test_no_place_is_lost_whatever_is_cancelled(seed):
    chance = random.Random(seed)

    async def one(window, most):
        async with slot(window):
            most.append(window.running)
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.2:
                window.pressed()
            else:
                window.succeeded()

    async def work():
        window, most = Window(VirtualClock(), start=3, ceiling=5), []
        tasks = []
        for _ in range(300):
            tasks.append(asyncio.create_task(one(window, most)))
            await asyncio.sleep(0)
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=5)
        assert window.running == 0
        assert max(most) <= 5
        await asyncio.wait_for(window.enter(), timeout=1)

    asyncio.run(work())
