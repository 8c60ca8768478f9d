"""PyGithub's connections, forgiving about the rate limit's headers.

PyGithub reads them as numbers once a request has been carried out, so one that a proxy has garbled would cost the
answer. Nothing here goes by them but waits after a refusal, which read them with care.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

_LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@contextmanager
def forgiving_connections() -> Iterator[None]:
    """What PyGithub makes inside the block takes every answer, whatever its headers say of limits."""
    from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

    class Http(HTTPRequestsConnectionClass):
        def getresponse(self) -> Any:
            return _without_garbled(super().getresponse())

    class Https(HTTPSRequestsConnectionClass):
        def getresponse(self) -> Any:
            return _without_garbled(super().getresponse())

    Requester.injectConnectionClasses(Http, Https)
    try:
        yield
    finally:
        Requester.resetConnectionClasses()


def _without_garbled(response: Any) -> Any:
    for name in _LIMITS:
        if name in response.headers and not _is_number(response.headers[name]):
            del response.headers[name]
    return response


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
