"""What the API's failures mean: whether to try again, when, and what to tell people. The one place that knows.

Types and error codes decide, never message texts, which the API may change at any time.
"""

from dataclasses import dataclass
from typing import Any

from reviewer.core.request import Cause

MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. `retry_after` is in seconds, None where the API named no time.

    `pressure`: the API asks for less (429, 529).
    `fatal`: no other request to this model (404) or of this run (all others) can fare better.
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


_KEY_STEP = "Check the secret ANTHROPIC_API_KEY, and that its workspace may use this model."
_LATER = "Run it again later."


def classify(error: Exception) -> Failure:
    """The meaning of an exception of the SDK or of the transport below it."""
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APIStatusError):
        return _status(error)
    if isinstance(error, (anthropic.APITimeoutError, httpx2.TimeoutException)):
        return Failure("api", "The model's API did not answer in time.", _LATER, retry=True)
    if isinstance(error, (anthropic.APIConnectionError, httpx2.HTTPError)):
        reason = str(error.__cause__ or error) or type(error).__name__
        return Failure(
            "api",
            f"The model's API cannot be reached ({reason[:MAX_MESSAGE]}).",
            "Check the network and ANTHROPIC_BASE_URL, or run it again later.",
            retry=True,
        )
    if isinstance(error, (ValueError, anthropic.APIResponseValidationError)):
        return Failure("api", "The model's API sent an answer that is not JSON.", _LATER, retry=True)
    if isinstance(error, (TypeError, anthropic.AnthropicError)) and "authentication" in str(error).lower():
        return Failure("no-key", "There is no API key.", "Set the secret ANTHROPIC_API_KEY.", retry=False, fatal=True)
    return Failure("api", f"The model's API failed: {str(error)[:MAX_MESSAGE]}.", _LATER, retry=False)


def _status(error: Any) -> Failure:
    status: int = error.status_code
    said = str(error.api_message or "")[:MAX_MESSAGE]
    kind = str(error.type or "")
    wait = _retry_after(error)
    if status == 200:  # an error event in the middle of a stream
        pressed = kind in ("overloaded_error", "rate_limit_error")
        return Failure(
            "api", f"The answer broke off ({kind}: {said}).", _LATER, True, wait, pressure=pressed, status=status
        )
    if status in (401, 403):
        what = "refused the API key" if status == 401 else "does not permit this key to do that"
        return Failure("api", f"The model's API {what}: {said}.", _KEY_STEP, False, fatal=True, status=status)
    if status == 402:
        return Failure(
            "api", f"The account cannot pay: {said}.", "Check its billing.", False, fatal=True, status=status
        )
    if status == 429:
        return _limited(error, said, wait)
    if status == 404:
        return Failure(
            "api", f"The model's API does not know it: {said}.", "Check `models`.", False, fatal=True, status=status
        )
    if status in (408, 409) or status >= 500:
        return Failure(
            "api",
            f"The model's API failed with status {status}: {said}.",
            _LATER,
            True,
            wait,
            pressure=status == 529,
            status=status,
        )
    if status == 413:
        return Failure("api", f"The request is too large: {said}.", "Split the change.", False, status=status)
    usage_limit = status == 400 and "usage limits" in said
    step = "Raise the limit in the console." if usage_limit else "This looks like a fault in Reviewer; report it."
    stream = status == 400 and said.startswith("stream")
    return Failure(
        "api",
        f"The model's API refused the request: {said}.",
        step,
        False,
        fatal=usage_limit,
        status=status,
        unsupported_stream=stream,
    )


def _limited(error: Any, said: str, wait: float | None) -> Failure:
    if error.error_code in ("enforced_spend_limit_reached", "contract_spend_limit_reached"):
        return Failure(
            "api",
            f"The account's spend limit is reached: {said}.",
            "Raise the limit, or wait for the next month.",
            False,
            fatal=True,
            status=429,
        )
    return Failure("api", f"The rate limit is reached: {said}.", _LATER, True, wait, pressure=True, status=429)


def _retry_after(error: Any) -> float | None:
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        if seconds >= 0:
            return seconds
    return None
