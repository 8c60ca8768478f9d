"""What the API's failures mean: whether to try again, when, and what to tell people. The one place that knows.

Types and error codes decide, never message texts, which the API may change at any time; the one exception is the
workspace's own usage limit, which has neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from reviewer.core.request import Cause

MAX_MESSAGE = 300
SPEND_LIMITS = (
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
)
CLOSED = (
    "organization_on_hold",
    "organization_type_not_supported",
    "parent_organization_required",
    "linked_organization_billing_unavailable",
    "cmek_key_disabled",
)
"""Error codes that say that the organisation can use nothing of the API at present, whatever the status."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. `retry_after` is in seconds, None where the API named no time.

    `pressure`: the API asks for less (429, 529).
    `fatal`: no other request to this model (404) or of this run (all others) can fare better.
    `unsure`: the request may have been answered, and billed, all the same.
    """

    cause: Cause
    message: str
    step: str
    retry: bool
    retry_after: float | None = None
    fatal: bool = False
    pressure: bool = False
    status: int | None = None
    unsupported_stream: bool = False
    unsure: bool = False


_KEY_STEP = "Check the secret ANTHROPIC_API_KEY, and that its workspace may use this model."
_FEDERATION_STEP = "Check ANTHROPIC_FEDERATION_RULE_ID and the job's `id-token` permission, or run it again later."
_LATER = "Run it again later."
_NETWORK = "Check the network and ANTHROPIC_BASE_URL, or run it again later."
_ENDLESS = "Check ANTHROPIC_BASE_URL: a proxy may have answered instead. Or run it again later."
_REPORT = "This looks like a fault in Reviewer; report it."

_STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_FINAL: Mapping[int, tuple[str, str, bool]] = {
    401: ("The model's API refused the API key", _KEY_STEP, True),
    402: ("The model's API says that the account cannot pay", "Check its billing in the console.", True),
    403: ("The model's API does not permit this key to do that", _KEY_STEP, True),
    404: ("The model's API does not know what was asked for", "Check `models` and ANTHROPIC_BASE_URL.", True),
    413: ("The request is too large for the model's API", "Split the change.", False),
}
"""Statuses after which trying again is of no use: what happened, what to do, and whether it holds for all requests."""


def classify(error: Exception) -> Failure:
    """The meaning of an exception of the SDK or of the transport below it."""
    import anthropic
    import httpx2

    from reviewer.model.bounded import EndlessError

    if isinstance(error, anthropic.APIStatusError):
        return _status(error)
    if isinstance(error, EndlessError) or isinstance(error.__cause__, EndlessError):
        return Failure("api", "The model's API sent an answer without end.", _ENDLESS, retry=True, unsure=True)
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return Failure("api", "The model's API did not answer in time.", _LATER, retry=True, unsure=_was_sent(error))
    if isinstance(error, anthropic.APIResponseValidationError | anthropic.APIWebhookValidationError):
        return _unreadable()
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        reason = _sentence("The model's API cannot be reached", str(error.__cause__ or error) or type(error).__name__)
        return Failure("api", reason, _NETWORK, retry=True, unsure=_was_sent(error))
    if isinstance(error, UnicodeEncodeError):
        return Failure("api", _sentence("The request cannot be written as UTF-8", str(error)), _REPORT, retry=False)
    if isinstance(error, ValueError):
        return _unreadable()
    return _credentials(error) or _unknown(error)


def _credentials(error: Exception) -> Failure | None:
    import anthropic
    from anthropic.lib.credentials import WorkloadIdentityError

    if isinstance(error, WorkloadIdentityError):
        passing = error.status_code is None or error.status_code == 429 or error.status_code >= 500
        message = _sentence("The job's identity was not exchanged for a token", str(error))
        return Failure("no-key", message, _FEDERATION_STEP, retry=passing, fatal=not passing)
    # The SDK says that there is no key with a bare TypeError.
    missing = isinstance(error, TypeError) and "authentication method" in str(error)
    if missing or isinstance(error, anthropic.CredentialsError):
        step = "Set the secret ANTHROPIC_API_KEY."
        return Failure("no-key", "There are no credentials for the model's API.", step, retry=False, fatal=True)
    return None


def _unknown(error: Exception) -> Failure:
    return Failure("api", _sentence("The model's API failed", f"{error}" or type(error).__name__), _REPORT, retry=False)


def _unreadable() -> Failure:
    return Failure("api", "The model's API sent an answer that cannot be read.", _LATER, retry=True, unsure=True)


def _was_sent(error: Exception) -> bool:
    """Whether the request may have reached the API: a connection that never stood carried nothing."""
    import httpx2

    never = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
    return not isinstance(error.__cause__ or error, (*never, httpx2.UnsupportedProtocol))


def _status(error: Any) -> Failure:
    said = str(error.api_message or "")
    kind = str(error.type or "")
    wait = _retry_after(error.response.headers)
    streamed = error.status_code == 200  # an error event in the middle of an answer
    status: int = _STATUS_OF_TYPE.get(kind, 500) if streamed else error.status_code
    if error.error_code in SPEND_LIMITS:
        message = _sentence("The account's spend limit is reached", said)
        return Failure("api", message, "Raise the limit in the console.", False, fatal=True, status=status)
    if error.error_code in CLOSED:
        message = _sentence("The organization cannot use the model's API", said or error.error_code)
        return Failure("api", message, "Check the organization in the console.", False, fatal=True, status=status)
    if status in _FINAL:
        what, step, fatal = _FINAL[status]
        return Failure("api", _sentence(what, said), step, False, fatal=fatal, status=status)
    if status == 429:
        message = _sentence("The rate limit of the model's API is reached", said)
        return Failure("api", message, _LATER, True, wait, pressure=True, status=status, unsure=streamed)
    if status in (408, 409) or status >= 500:
        what = "The answer broke off" if streamed else f"The model's API failed with status {status}"
        pressed = status == 529 or kind == "overloaded_error"
        return Failure(
            "api", _sentence(what, said or kind), _LATER, True, wait, pressure=pressed, status=status, unsure=streamed
        )
    if 300 <= status < 400:
        return _redirected(status, error.response.headers.get("location", ""))
    return _refused(status, said)


def _redirected(status: int, location: str) -> Failure:
    """A redirect is never followed: the key and the change would go with it."""
    host = "".join(location.partition("://")[2].partition("/")[0].rpartition("@")[2].split())[:100]
    where = f" to {host}" if host else ""
    message = f"The model's API redirects with status {status}{where}, and nothing was sent there."
    step = "Let ANTHROPIC_BASE_URL name the API's own address; a proxy may have answered in its place."
    return Failure("api", message, step, retry=False, fatal=True, status=status)


def _refused(status: int, said: str) -> Failure:
    if status == 400 and said.startswith("You have reached your specified API usage limits"):
        message = _sentence("The workspace's own usage limit is reached", said)
        return Failure("api", message, "Raise the limit in the console.", False, fatal=True, status=status)
    message = _sentence(f"The model's API refused the request with status {status}", said)
    unsupported = status == 400 and said.startswith("stream")
    return Failure("api", message, _REPORT, False, status=status, unsupported_stream=unsupported)


def _sentence(what: str, said: str) -> str:
    """One plain sentence: what happened, and the API's own words in one line."""
    words = " ".join(said.split())[:MAX_MESSAGE].rstrip(" .:")
    return f"{what}: {words}." if words else f"{what}."


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or from `retry-after`, which may be a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "")
        try:
            seconds = float(text) / scale
        except ValueError:
            seconds = _seconds_until(text, headers.get("date", ""))
        if seconds > 0:
            return seconds
    return None


def _seconds_until(then: str, now: str) -> float:
    try:
        return (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
