"""Whether a prefix that many batch requests share is marked for the cache, and primed: by measured hits, not by hope.

Per token of a marked prefix, a request pays the read price where it hits and the write price where it does not; an
unmarked one pays the input price. Batches keep a cache of their own, and hits within a batch are best effort, since
requests that start together all write. Priming sends one request ahead in a batch of its own, and costs its latency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from reviewer.core.pricing import Price
from reviewer.core.request import Ttl

Way = Literal["5m", "1h", "1h primed"]
"""How a prefix is sent; hits are measured for each way on its own, since priming changes the rate."""
WAYS: tuple[Way, ...] = ("5m", "1h primed", "1h")
"""In the order in which they are tried."""

PRIMED_FROM = 3
"""Followers of one prefix from which priming can be worth a batch's latency."""
MEASURED_FROM = 20
"""Requests that were looked at before a rate is believed."""
_TRIAL = 50
"""Requests that are marked to measure a way that has not been tried."""
_TRIAL_SHARE = 20
"""One in so many followers takes part in a trial, so that a failed one costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What marked requests were seen to do with their prefix, in tokens; `requests` counts them."""

    read: int = 0
    written: int = 0
    requests: int = 0

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(self.read + other.read, self.written + other.written, self.requests + other.requests)

    @property
    def rate(self) -> float:
        """Share of the prefix tokens that were read, 0 to 1."""
        return self.read / (self.read + self.written) if self.read + self.written else 0.0

    @property
    def known(self) -> bool:
        """Whether enough was seen."""
        return self.requests >= MEASURED_FROM


@dataclass(frozen=True, slots=True)
class Marking:
    """How one prefix's requests are sent.

    `ttl` is the mark of the first `marked` requests, None for no mark; `primed` sends one of them ahead.
    """

    ttl: Ttl | None
    primed: bool
    marked: int
    reason: str


def break_even(price: Price, ttl: Ttl) -> float:
    """The hit rate above which a marker pays: w·(1−h) + r·h < 1 with the model's own write and read prices."""
    write, read = _relative(price, ttl)
    return (write - 1) / (write - read)


def mark(
    price: Price, prefix_tokens: int, followers: int, hits: Mapping[Way, Hits], *, time_to_prime: bool = True
) -> Marking:
    """How to send `followers` requests with one prefix, by what the model's requests were seen to do (`hits`).

    A way that is not measured yet is tried with a few requests first, since it may be the best. Without
    `time_to_prime` the SLA has no room for two batches one after the other, and the other ways are weighed.
    """
    if prefix_tokens < price.cacheable_from:
        return _plain(f"a prefix of {prefix_tokens:,} tokens is below the {price.cacheable_from:,} that are kept")
    if followers < 2:
        return _plain("no other request has this prefix")
    if followers <= PRIMED_FROM:
        return _weighed(price, followers, hits, ("5m", "1h"))
    if time_to_prime:
        return _weighed(price, followers, hits, WAYS)
    marking = _weighed(price, followers, hits, ("5m", "1h"))
    return replace(marking, reason=f"{marking.reason}; priming has no room in the SLA")


def _weighed(price: Price, followers: int, hits: Mapping[Way, Hits], ways: Sequence[Way]) -> Marking:
    known = {way: hits[way] for way in ways if way in hits and hits[way].known}
    savings = {way: _saving(price, way, followers, seen.rate) for way, seen in known.items()}
    untried = next((way for way in ways if way not in known), None)
    if untried and followers // _TRIAL_SHARE > PRIMED_FROM:
        return _trial(untried, followers)
    # Of equals the one that does not wait.
    best = max(savings, key=lambda way: (savings[way], way != "1h primed"), default=None)
    if best and savings[best] > 0:
        return _chosen(price, best, followers, savings[best], known[best])
    if best and not known[best].read + known[best].written:
        seen = f"of {known[best].requests:,} marked requests none wrote or read the cache"
        return _plain(f"{best}: hits are not measured; {seen}")
    if best:
        return _plain(
            f"{best}: {known[best].rate:.0%} measured hits are not above {_needed(price, best, followers):.0%}"
        )
    return _plain("hits are not measured yet, and there are too few requests for a trial")


def _ttl(way: Way) -> Ttl:
    return "5m" if way == "5m" else "1h"


def _relative(price: Price, ttl: Ttl) -> tuple[float, float]:
    """Write and read price as multiples of the input price."""
    if price.input == Decimal(0):
        return 1.25 if ttl == "5m" else 2.0, 0.1
    return float((price.write_5m if ttl == "5m" else price.write_1h) / price.input), float(price.read / price.input)


def _saving(price: Price, way: Way, followers: int, rate: float) -> float:
    """Share of what `followers` unmarked prefixes cost that is saved; of a primed group the first always writes."""
    write, read = _relative(price, _ttl(way))
    each = read * rate + write * (1 - rate)
    total = write + (followers - 1) * each if way == "1h primed" else followers * each
    return 1 - total / followers


def _needed(price: Price, way: Way, followers: int) -> float:
    """The hit rate above which a way pays; followers of a primed prefix have to earn the first one's write, too."""
    if way != "1h primed":
        return break_even(price, _ttl(way))
    write, read = _relative(price, "1h")
    return (write - (followers - write) / (followers - 1)) / (write - read)


def _chosen(price: Price, way: Way, followers: int, saving: float, seen: Hits) -> Marking:
    reason = (
        f"{way}: {seen.rate:.0%} hits measured over {seen.requests:,} requests, above the break-even of "
        f"{_needed(price, way, followers):.0%}; about {saving:.0%} of the prefix's price is saved"
    )
    return Marking(_ttl(way), way == "1h primed", followers, reason)


def _trial(way: Way, followers: int) -> Marking:
    count = min(_TRIAL, followers // _TRIAL_SHARE)
    reason = f"{way}: not measured yet for this model; {count:,} of {followers:,} requests are marked to measure it"
    return Marking(_ttl(way), way == "1h primed", count, reason)


def _plain(reason: str) -> Marking:
    return Marking(None, False, 0, f"not marked: {reason}")
