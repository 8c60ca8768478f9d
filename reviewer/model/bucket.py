"""Token buckets of one model, and how they are squared with what the API's headers say.

A header tells what remained when the server looked, some time ago; meanwhile the bucket has refilled and other
requests have drawn on it. So what remains is read as an upper bound for now, never as the level itself: taken at its
word it would starve a queue that is waiting for a large request.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("requests", "input-tokens", "output-tokens")
Amounts = tuple[float, float, float]
"""Requests, input tokens, output tokens."""
_SAFETY = 0.97
"""Share of a limit that is used: the API's clock and counting are not exactly ours."""
_ROUNDING = 500
"""Tokens by which a header's `remaining` may be too low: it is rounded to the nearest thousand."""
_TRANSIT = 5.0
"""Seconds within which requests may reach the server in another order than they were sent in: in a burst, connections
are opened and bodies sent side by side."""
_OUTPUT = 2


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits a minute for one model; None where there is none known."""

    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def values(self) -> tuple[int | None, int | None, int | None]:
        """In the order of `KINDS`."""
        return self.requests, self.input_tokens, self.output_tokens


@dataclass(slots=True)
class Bucket:
    """Refills continuously up to its capacity, which is one minute's worth; may go below zero when settled.

    `full_at` is the order of the last reservation before it was last full.
    """

    per_minute: float
    available: float
    updated: float
    full_at: int = 0

    def refill(self, now: float, order: int) -> None:
        """Bring `available` up to date; `order` is the last reservation's."""
        self.available += (now - self.updated) * self.per_minute / 60
        self.updated = now
        if self.available >= self.per_minute:
            self.available, self.full_at = self.per_minute, order

    def wait_for(self, amount: float) -> float:
        """Seconds until `amount` is available; more than a bucket holds waits until the bucket is full."""
        missing = min(amount, self.per_minute) - self.available
        return max(0.0, missing * 60 / self.per_minute)


@dataclass(slots=True, eq=False)
class Reservation:
    """What was set aside for one request. `booked`: which of its amounts are subtracted from a bucket."""

    amounts: Amounts
    cached: bool = False
    at: float = 0.0
    order: int = 0
    open: bool = True
    booked: list[bool] = field(default_factory=lambda: [False, False, False])


class ModelBuckets:
    """One model's buckets and the requests that draw on them."""

    def __init__(self, configured: RateLimits, now: float) -> None:
        self._configured = configured
        self._buckets: list[Bucket | None] = [
            Bucket(limit * _SAFETY, limit * _SAFETY, now) if limit else None for limit in configured.values
        ]
        self._recent: deque[Reservation] = deque()
        self._order = 0

    def wait_for(self, amounts: Amounts, now: float) -> float:
        """Seconds until all of it is available."""
        wait = 0.0
        for bucket, amount in zip(self._buckets, amounts, strict=True):
            if bucket:
                bucket.refill(now, self._order)
                wait = max(wait, bucket.wait_for(amount))
        return wait

    def take(self, amounts: Amounts, now: float, *, cached: bool) -> Reservation:
        """Reserve it, whether or not it is available."""
        self._order += 1
        reservation = Reservation(amounts, cached, now, self._order)
        for index, bucket in enumerate(self._buckets):
            if bucket:
                bucket.available -= amounts[index]
                reservation.booked[index] = True
        self._recent.append(reservation)
        return reservation

    def settle(self, reservation: Reservation, used: Amounts) -> None:
        """Replace what was reserved by what was used."""
        for index, bucket in enumerate(self._buckets):
            # A bucket that was full since then holds all it can: what was reserved before cannot come back to it.
            forfeited = bucket and index != _OUTPUT and reservation.order <= bucket.full_at
            if bucket and reservation.booked[index] and not forfeited:
                bucket.available += reservation.amounts[index] - used[index]
        reservation.amounts, reservation.open = used, False
        # A header can only be as old as the oldest request still under way.
        while self._recent and not self._recent[0].open:
            self._recent.popleft()

    def correct(self, headers: Mapping[str, str], reservation: Reservation, now: float) -> bool:
        """Read limits and what remains of them from a response to `reservation`; whether there were any."""
        limits = [_number(headers.get(f"anthropic-ratelimit-{kind}-limit")) for kind in KINDS]
        if not any(limits):
            return False
        later = self._drawn_since(reservation)
        for index, limit in enumerate(limits):
            if limit:
                remaining = _number(headers.get(f"anthropic-ratelimit-{KINDS[index]}-remaining"))
                self._correct(index, limit, remaining, reservation, later, now)
        return True

    def drain(self, headers: Mapping[str, str], reservation: Reservation, seconds: float) -> None:
        """After a refusal: the bucket that is emptiest will hold enough for this request only in so many seconds."""
        shares = []
        for index, kind in enumerate(KINDS):
            limit = _number(headers.get(f"anthropic-ratelimit-{kind}-limit"))
            remaining = _number(headers.get(f"anthropic-ratelimit-{kind}-remaining"))
            if limit and remaining is not None:
                shares.append((remaining / limit, index))
        index = min(shares, default=(0.0, -1))[1]
        bucket = self._buckets[index] if index >= 0 else None
        if bucket:
            needed = 1.0 if index == _OUTPUT else reservation.amounts[index]
            # A header's `remaining` stops at zero, the bucket behind it does not.
            bucket.available = min(bucket.available, needed - bucket.per_minute / 60 * seconds)
            reservation.booked[index] = False

    def _drawn_since(self, reservation: Reservation) -> list[Reservation]:
        """What was surely not counted yet when the server looked: requests overtake each other on their way to it."""
        later = []
        for other in reversed(self._recent):
            if other.at <= reservation.at + _TRANSIT:
                break
            later.append(other)
        return later

    def _correct(
        self,
        index: int,
        limit: float,
        remaining: float | None,
        reservation: Reservation,
        later: list[Reservation],
        now: float,
    ) -> None:
        per_minute = _SAFETY * min(limit, self._configured.values[index] or limit)
        bucket, counted = self._buckets[index], later
        level = limit if remaining is None else remaining
        is_new = bucket is None
        if bucket is None:
            # What remains is all there is to go by; of the output under way, nothing need be in it yet.
            bucket = self._buckets[index] = Bucket(per_minute, per_minute, now)
            first = 0 if index == _OUTPUT else reservation.order
            counted = [other for other in self._recent if other.open and other.order > first]
        else:
            level += limit / 60 * (now - reservation.at) + (_ROUNDING if index else 0)
            bucket.refill(now, self._order)
        bucket.per_minute = per_minute
        bound = level - sum(other.amounts[index] for other in counted)
        if is_new or bound < bucket.available:
            bucket.available = min(bucket.per_minute, bound)
            for other in self._recent:
                other.booked[index] = False
            for other in counted:
                other.booked[index] = True


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
