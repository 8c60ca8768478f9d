"""GitHub's refusals and the network's, all translated here into one `GitHubError` that says what to do next."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from reviewer.errors import ForgeError
from reviewer.forge.payload import items, text


class Kind(Enum):
    """What a failure means for whoever asked."""

    LIMITED = "limited"  # a rate limit, primary or secondary, in any of its shapes: later it would work
    TRANSIENT = "transient"  # a timeout, a reset, a 5xx: nobody knows whether the request was carried out
    CREDENTIALS = "credentials"  # the token is wrong or expired
    PERMISSION = "permission"  # the token lacks a right; a fork's token is read-only
    MISSING = "missing"  # unknown, or not visible to this token
    REFUSED = "refused"  # the request itself is refused and always will be
    BROKEN = "broken"  # an answer that is not what the API promises


class GitHubError(ForgeError):
    """A failed request. `wait` is what GitHub asked for in seconds, `reset` the epoch second of its primary limit.

    `data` is what a GraphQL answer with errors holds all the same, and `lost` the path in it of each error.
    """

    def __init__(
        self,
        kind: Kind,
        what: str,
        cause: str = "",
        step: str = "",
        *,
        status: int | None = None,
        wait: float | None = None,
        reset: float | None = None,
    ) -> None:
        super().__init__(what, cause, step, status=status)
        self.kind, self.wait, self.reset = kind, wait, reset
        self.data: Any = None
        self.lost: tuple[list[Any], ...] = ()


_STEPS = {
    Kind.LIMITED: "Run it again later.",
    Kind.TRANSIENT: "Run it again; see githubstatus.com if it stays.",
    Kind.CREDENTIALS: "Pass a valid GITHUB_TOKEN; in Actions that is `${{ github.token }}`.",
    Kind.PERMISSION: "Grant it under `permissions:` in the workflow; a fork's or Dependabot's run cannot have it.",
    Kind.MISSING: "Check the name and number, and that the token may read this repository.",
    Kind.REFUSED: "",
    Kind.BROKEN: "Check GITHUB_API_URL; a proxy may have answered in GitHub's place.",
}
_LIMIT_WORDS = ("rate limit", "too quickly", "abuse", "please wait a few minutes", "retry your request again later")
_MAX_MESSAGE = 300


def failed_answer(what: str, status: int, headers: Mapping[str, str], body: str) -> GitHubError:
    """The error for an answer of 300 or more; `headers` have lower-case names."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    message = _message(data)
    kind = _kind(status, headers, data, message)
    said = message[:_MAX_MESSAGE].rstrip(" .")
    cause = f"GitHub answered {status}: {said}." if said else f"GitHub answered {status}."
    return GitHubError(
        kind,
        f"{what} failed.",
        cause,
        _STEPS[kind],
        status=status,
        wait=_retry_after(headers),
        reset=_seconds(headers.get("x-ratelimit-reset")) if headers.get("x-ratelimit-remaining") == "0" else None,
    )


def failed_graphql(what: str, errors: list[Any], headers: Mapping[str, str], data: Any = None) -> GitHubError:
    """The error for a GraphQL answer, which comes with status 200 whatever went wrong; it may hold a part of `data`."""
    message = "; ".join(dict.fromkeys(text(error, "message") for error in errors))
    types = {text(error, "type") for error in errors}
    kind, status = Kind.REFUSED, None
    if types & {"RATE_LIMITED", "RATE_LIMIT"} or _is_limit(message):
        kind = Kind.LIMITED
    elif types & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        kind, status = Kind.PERMISSION, 403
    elif "NOT_FOUND" in types:
        kind, status = Kind.MISSING, 404
    elif "something went wrong" in message.lower() or "timeout" in message.lower():
        kind = Kind.TRANSIENT
    cause = f"GitHub's GraphQL API answered: {message[:_MAX_MESSAGE].rstrip(' .')}."
    failure = GitHubError(kind, f"{what} failed.", cause, _STEPS[kind], status=status, wait=_retry_after(headers))
    failure.data, failure.lost = data, tuple(items(error, "path") for error in errors)
    return failure


def failed_request(what: str, error: Exception) -> GitHubError:
    """The error for an exception of PyGithub or requests. The most specific comes first."""
    import github
    import requests

    table: tuple[tuple[type[Exception], Kind, str], ...] = (
        (requests.exceptions.SSLError, Kind.REFUSED, "The TLS connection to GitHub was refused"),
        (requests.exceptions.InvalidURL, Kind.REFUSED, "GITHUB_API_URL is not a usable address"),
        (requests.exceptions.Timeout, Kind.TRANSIENT, "GitHub did not answer in time"),
        (requests.exceptions.ConnectionError, Kind.TRANSIENT, "The connection to GitHub failed"),
        (requests.exceptions.ChunkedEncodingError, Kind.TRANSIENT, "GitHub's answer broke off"),
        (requests.exceptions.RequestException, Kind.TRANSIENT, "The request to GitHub failed"),
        (github.GithubException, Kind.REFUSED, "GitHub refused"),
    )
    for family, kind, cause in table:
        if isinstance(error, family):
            return GitHubError(kind, f"{what} failed.", f"{cause} ({type(error).__name__}).", _STEPS[kind])
    return broken(what, type(error).__name__)


def broken(what: str, detail: str) -> GitHubError:
    """The error for an answer that cannot be understood."""
    return GitHubError(Kind.BROKEN, f"{what} failed.", f"The answer is not GitHub's ({detail}).", _STEPS[Kind.BROKEN])


def _message(data: Any) -> str:
    """GitHub's `message` and the words of its `errors`, which are strings or objects."""
    details = [
        error if isinstance(error, str) else " ".join(filter(None, (text(error, "field"), text(error, "message"))))
        for error in items(data, "errors")
    ]
    return "; ".join(filter(None, (text(data, "message"), *details)))


def _kind(status: int, headers: Mapping[str, str], data: Any, message: str) -> Kind:
    if status in (403, 429) and (status == 429 or _limited(headers, message)):
        return Kind.LIMITED
    if status == 422 and (_is_limit(message) or any(text(one, "code") == "abuse" for one in items(data, "errors"))):
        return Kind.LIMITED
    if status >= 500 or status == 408:
        return Kind.TRANSIENT
    by_status = {401: Kind.CREDENTIALS, 403: Kind.PERMISSION, 404: Kind.MISSING, 410: Kind.MISSING}
    return by_status.get(status, Kind.REFUSED)


def _limited(headers: Mapping[str, str], message: str) -> bool:
    if "not accessible" in message.lower():
        return False  # a missing permission, whatever the other headers say
    return _is_limit(message) or "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"


def _is_limit(message: str) -> bool:
    return any(words in message.lower() for words in _LIMIT_WORDS)


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; `retry-after` may also be a date, from which the answer's own is taken: no clock is needed."""
    named = headers.get("retry-after")
    if (seconds := _seconds(named)) is not None or named is None:
        return seconds
    try:
        wait = parsedate_to_datetime(named) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
