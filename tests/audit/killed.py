"""One audit, to be run in a process of its own, which is killed at a named point.

A point is `part.method:before|after:n`, for the n-th call (from 1) of a method of the state, the API or the body.
"""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reviewer.audit.collecting import collect_batches
from reviewer.audit.submission import submit_round
from reviewer.model.batch_body import BatchBody
from reviewer.model.batches import BatchApi, make_batch_client
from reviewer.store.audit import AuditState
from tests.audit.night import judge, small, unit
from tests.simulator.test_wire_cache import Clock

FILES = tuple(f"{letter}.py" for letter in "abcdef")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(target: Any, method: str, when: str, number: int) -> None:
    """Put the kill around one call of a method; everything else is as it was."""
    original, calls = getattr(target, method), iter(range(1, 1000))

    def armed(*args: Any, **more: Any) -> Any:
        fatal = next(calls) == number
        if fatal and when == "before":
            die()
        result = original(*args, **more)
        if fatal:
            die()
        return result

    setattr(target, method, armed)


def cut_upload(body: BatchBody) -> Iterator[bytes]:
    yield b'{"requests":['
    time.sleep(0.02)  # so that the API has the beginning
    die()


def main(url: str, where: str, point: str) -> None:
    clock = Clock(start=datetime(2026, 11, 21, tzinfo=UTC))
    state = AuditState.open(where, clock.now())
    with make_batch_client({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": url}) as client, state.exclusive():
        api = BatchApi(client)
        name, when, number = point.split(":")
        part, method = name.split(".")
        if part == "body":
            BatchBody.chunks = cut_upload  # type: ignore[method-assign]
        else:
            arm(api if part == "api" else getattr(state, part), method, when, int(number))
        audit = state.audits.start({}, clock.now()).id
        state.requests.plan(audit, map(unit, FILES), carry_over=True, now=clock.now())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            submit_round(state, api, clock, audit, round="files", limits=small(4))
            collect_batches(state, api, clock, audit, judge)
