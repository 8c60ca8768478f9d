"""The simulator with the known-answer model, as a process: prints its base URL, serves until it is ended."""

import signal

from benchmarks.material import known_answer
from reviewer.simulator import Behaviour, Simulator


def main() -> None:
    """Serve."""
    with Simulator(Behaviour(brain=known_answer, latency=0.5, keep_bodies=False)) as simulator:
        print(simulator.base_url, flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
