"""`python -m reviewer.simulator`: the simulator as a process of its own. The first line is its base URL.

It runs until SIGINT or SIGTERM, then prints one line of JSON: calls by endpoint and status, 429s, and what would have
been billed.
"""

import argparse
import dataclasses
import json
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from reviewer.simulator.behaviour import Behaviour, Limits
from reviewer.simulator.server import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    options = _parser().parse_args(arguments)
    behaviour = Behaviour(
        latency=options.latency,
        first_byte=options.first_byte,
        batch_delay=options.batch_delay,
        keep_bodies=options.keep_bodies,
        limits=Limits(options.requests_per_minute, options.input_tokens_per_minute, options.output_tokens_per_minute),
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Simulator(behaviour, port=options.port) as simulator:
        print(simulator.base_url, flush=True)
        stop.wait()
    print(json.dumps(_summary(simulator)), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reviewer.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds until an answer is complete")
    parser.add_argument("--first-byte", type=float, default=0.0, help="seconds until a streamed answer begins")
    parser.add_argument("--batch-delay", type=float, default=0.0, help="seconds until a batch ends")
    parser.add_argument("--requests-per-minute", type=int)
    parser.add_argument("--input-tokens-per-minute", type=int)
    parser.add_argument("--output-tokens-per-minute", type=int)
    parser.add_argument("--keep-bodies", action=argparse.BooleanOptionalAction, default=False)
    return parser


def _summary(simulator: Simulator) -> dict[str, Any]:
    calls = Counter(f"{call.endpoint} {call.status}" for call in simulator.calls)
    billed = {
        model: {lane: dataclasses.asdict(totals) | {"usd": str(totals.usd)} for lane, totals in lanes.items()}
        for model, lanes in simulator.billed.items()
    }
    return {"calls": dict(calls), "rejected": simulator.rejected, "billed": billed}


if __name__ == "__main__":
    raise SystemExit(main())
