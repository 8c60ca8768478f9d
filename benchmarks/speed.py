"""Wall time of a 60-file review over its lower bound: without limits that bind, and with a token limit that does."""

import random
from collections.abc import Mapping
from typing import Any

from benchmarks.material import change_set, kind_of, known_answer
from benchmarks.running import Run, review, table
from reviewer.simulator import Behaviour, Limits, Simulator

_FIRST_BYTE = 0.3
_INTEGRATION, _VERIFY = 2.5, 1.0


class Latency:
    """Seconds an answer takes: drawn for each file between 1 and 3, fixed for the other passes."""

    def __init__(self) -> None:
        self._chance = random.Random(11)
        self.files: list[float] = []

    def __call__(self, body: Mapping[str, Any]) -> float:
        kind = kind_of(body)
        if kind != "file":
            return _INTEGRATION if kind == "integration" else _VERIFY
        self.files.append(self._chance.uniform(1.0, 3.0))
        return self.files[-1]


def unlimited() -> None:
    """The chain that no scheduler can shorten: first request, slowest file, integration (its findings' verify is 0)."""
    latency = Latency()
    with Simulator(Behaviour(brain=known_answer, latency=latency, first_byte=_FIRST_BYTE)) as simulator:
        run = review(change_set(60, 120), simulator.base_url)
    whole = latency.files[0] + max(latency.files[1:]) + _INTEGRATION
    begun = max(latency.files[0], _FIRST_BYTE + max(latency.files[1:])) + _INTEGRATION
    table(
        "60 files, no limit binding",
        [
            ("wall time / (first request, slowest file, integration)", f"{run.seconds / whole:.3f}", "<= 1.15"),
            (
                "wall time / (first request's beginning, slowest file, integration)",
                f"{run.seconds / begun:.3f}",
                "<= 1.15",
            ),
            ("shared-prefix tokens read from the cache, of those that could be", f"{cache_share(run):.1%}", ">= 95 %"),
        ],
    )


def limited() -> None:
    """Tokens over the token limit: what the bucket does not hold at the start comes at the limit's rate."""
    per_minute = 240_000
    behaviour = Behaviour(brain=known_answer, latency=0.4, first_byte=0.1, limits=Limits(10_000, per_minute, 10**7))
    with Simulator(behaviour) as simulator:
        known = {"limits": {"input-tokens-per-minute": per_minute}}
        run = review(change_set(60, 220), simulator.base_url, known)
        rejected = simulator.rejected
    over = sum(call.usage.limited_input for call in run.passes if "sonnet" in call.model) - per_minute
    bound = over * 60 / per_minute + 0.4
    table(
        "60 files, an input-token limit that binds",
        [
            ("wall time / (tokens over the limit, last answer)", f"{run.seconds / bound:.3f}", "<= 1.20"),
            ("429s that the limiter provoked, limits known", str(rejected), "0"),
        ],
    )


def learnt() -> None:
    """Limits that are learnt from headers alone."""
    limits = Limits(600, 400_000, 10**6)
    with Simulator(Behaviour(brain=known_answer, latency=0.2, first_byte=0.05, limits=limits)) as simulator:
        review(change_set(60, 220), simulator.base_url)
        rejected, sent = simulator.rejected, len(simulator.calls)
    table(
        "60 files, limits learnt from headers",
        [("429s that the limiter provoked, of all requests", f"{rejected / sent:.1%}", "<= 2 %")],
    )


def cache_share(run: Run) -> float:
    """Of the prefix tokens that all but the first request of each prefix could read, the share that was read."""
    could = read = 0
    for kinds in (("file", "chunk"), ("verify",)):
        calls = [call for call in run.passes if call.kind in kinds]
        written = [call.usage.cache_creation_5m_input_tokens for call in calls]
        prefix = max(written, default=0)
        could += prefix * (len(calls) - 1)
        read += sum(call.usage.cache_read_input_tokens for call in calls)
    return read / could if could else 0.0


def main() -> None:
    """All three."""
    unlimited()
    limited()
    learnt()
