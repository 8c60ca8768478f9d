"""Scripted faults: what the next matching requests get instead of, or after, being acted on."""

import re
import time
from dataclasses import dataclass, field
from typing import Any, Literal

UNICORN = "<html><body><h1>502 Bad Gateway</h1></body></html>"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(frozen=True, slots=True)
class Fault:
    """Hits `times` matching requests, beginning with the `nth` one.

    `method` and `path` are regular expressions (the whole method; anywhere in the path, which has no host and no
    GHES prefix). With `acts` the request is carried out before the fault shows. `drop` breaks the connection,
    `seconds` holds it silently for that long and then breaks it; otherwise `status`, `body` (JSON, or text when it
    is a str) and `headers` are the answer. `words` is a regular expression that the request's body must hold, for
    GraphQL, whose calls share one path. `cut` sends half of the real answer and breaks the connection; `drip` sends
    the real answer in pieces, so many seconds apart.
    """

    method: str = ".*"
    path: str = ".*"
    nth: int = 1
    times: int = 1
    status: int = 500
    body: Any = field(default_factory=lambda: {"message": "Server Error"})
    headers: dict[str, str] = field(default_factory=dict)
    acts: bool = False
    drop: bool = False
    seconds: float = 0.0
    words: str = ""
    cut: bool = False
    drip: float = 0.0

    @classmethod
    def reset_before(cls, **match: Any) -> "Fault":
        """The connection breaks and nothing was done."""
        return cls(drop=True, **match)

    @classmethod
    def reset_after(cls, **match: Any) -> "Fault":
        """The connection breaks although the request was carried out."""
        return cls(drop=True, acts=True, **match)

    @classmethod
    def timeout(cls, seconds: float, **match: Any) -> "Fault":
        """No answer for so many seconds, then the connection breaks."""
        return cls(seconds=seconds, **match)

    @classmethod
    def bad_gateway(cls, **match: Any) -> "Fault":
        """502 with an HTML page; `acts=True` for the case in which GitHub did the work."""
        return cls(status=502, body=UNICORN, **match)

    @classmethod
    def garbled(cls, **match: Any) -> "Fault":
        """Carried out, and answered by a 200 that is no JSON."""
        return cls(status=200, body='{"id": 1', acts=True, **match)

    @classmethod
    def halved(cls, **match: Any) -> "Fault":
        """Carried out; the answer breaks off in its middle."""
        return cls(cut=True, acts=True, **match)

    @classmethod
    def slow(cls, interval: float, **match: Any) -> "Fault":
        """Carried out; the answer comes in pieces, so many seconds apart."""
        return cls(drip=interval, acts=True, **match)

    @classmethod
    def secondary_limit(
        cls, status: Literal[403, 429, 422] = 403, retry_after: int | None = None, **match: Any
    ) -> "Fault":
        """The secondary rate limit in one of its three shapes; plenty of primary requests remain."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if status == 422:
            errors = [{"resource": "PullRequestReview", "code": "abuse", "field": "base"}]
            return cls(status=422, body={"message": "Validation Failed", "errors": errors}, headers=headers, **match)
        return cls(status=status, body={"message": SECONDARY, "status": str(status)}, headers=headers, **match)

    @classmethod
    def primary_limit(cls, status: Literal[403, 429] = 403, reset_in: int = 3000, **match: Any) -> "Fault":
        """No requests remain until the reset, `reset_in` seconds from now."""
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + reset_in)}
        message = "API rate limit exceeded for installation ID 1001."
        return cls(status=status, body={"message": message, "status": str(status)}, headers=headers, **match)

    @classmethod
    def forbidden(cls, **match: Any) -> "Fault":
        """403 for one kind of request: the token lacks just this permission."""
        return cls(status=403, body={"message": "Resource not accessible by integration", "status": "403"}, **match)

    def matches(self, method: str, path: str, body: str = "") -> bool:
        """Whether a request is meant."""
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path) and re.search(self.words, body))


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0

    @property
    def due(self) -> bool:
        return self.fault.nth <= self.seen + 1 < self.fault.nth + self.fault.times


class Script:
    """The faults still to come, in the order they were added."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self.taken: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Arm one more fault."""
        self._armed.append(_Armed(fault))

    @property
    def left(self) -> list[Fault]:
        """Faults that have not hit as often as they should."""
        return [armed.fault for armed in self._armed if armed.seen < armed.fault.nth + armed.fault.times - 1]

    def take(self, method: str, path: str, body: str = "") -> Fault | None:
        """Count a request for every matching fault and return the one that hits it."""
        hit: Fault | None = None
        for armed in self._armed:
            if not armed.fault.matches(method, path, body):
                continue
            due = armed.due
            if due and hit is not None:
                continue  # its turn comes with the next request
            armed.seen += 1
            hit = armed.fault if due else hit
        self.taken += [hit] if hit else []
        return hit
