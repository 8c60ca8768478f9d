"""What every failure means, from the API's answers to the transport's exceptions."""

import anthropic
import httpx2
import pytest
from anthropic import _exceptions
from anthropic.lib.credentials import WorkloadIdentityError

from reviewer.model.failures import CLOSED, SPEND_LIMITS, Failure, classify
from reviewer.simulator import Fault
from tests.model.lanes import ask, call, simulator

SDK = anthropic.AsyncAnthropic(api_key="key")
REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages")


def failed(status, kind="", code="", said="It said so.", **headers):
    """The failure that the SDK's exception for such a response stands for."""
    error = {"type": kind, "message": said, "details": {"error_code": code} if code else None}
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return classify(SDK._make_status_error("text", body={"type": "error", "error": error}, response=response))


@pytest.mark.parametrize(
    ("status", "kind", "retry", "fatal", "pressure", "begins"),
    [
        (400, "invalid_request_error", False, False, False, "The model's API refused the request with status 400"),
        (401, "authentication_error", False, True, False, "The model's API refused the API key"),
        (402, "billing_error", False, True, False, "The model's API says that the account cannot pay"),
        (403, "permission_error", False, True, False, "The model's API does not permit this key to do that"),
        (404, "not_found_error", False, True, False, "The model's API does not know what was asked for"),
        (408, "", True, False, False, "The model's API failed with status 408"),
        (409, "conflict_error", True, False, False, "The model's API failed with status 409"),
        (412, "", False, False, False, "The model's API refused the request with status 412"),
        (413, "request_too_large", False, False, False, "The request is too large for the model's API"),
        (422, "", False, False, False, "The model's API refused the request with status 422"),
        (429, "rate_limit_error", True, False, True, "The rate limit of the model's API is reached"),
        (431, "", False, False, False, "The model's API refused the request with status 431"),
        (499, "", False, False, False, "The model's API refused the request with status 499"),
        (500, "api_error", True, False, False, "The model's API failed with status 500"),
        (501, "", True, False, False, "The model's API failed with status 501"),
        (502, "", True, False, False, "The model's API failed with status 502"),
        (503, "overloaded_error", True, False, True, "The model's API failed with status 503"),
        (504, "timeout_error", True, False, False, "The model's API failed with status 504"),
        (529, "overloaded_error", True, False, True, "The model's API failed with status 529"),
    ],
)
def test_statuses(status, kind, retry, fatal, pressure, begins):
    failure = failed(status, kind)
    assert (failure.cause, failure.status, failure.unsure) == ("api", status, False)
    assert (failure.retry, failure.fatal, failure.pressure) == (retry, fatal, pressure)
    assert failure.message == f"{begins}: It said so."
    assert failure.step.endswith(".")


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (402, "billing_error")])
@pytest.mark.parametrize("code", SPEND_LIMITS)
def test_spend_limit_is_fatal(code, status, kind):
    failure = failed(status, kind, code)
    assert (failure.retry, failure.fatal, failure.pressure) == (False, True, False)
    assert failure.message == "The account's spend limit is reached: It said so."


def test_ramp_limit_passes():
    failure = failed(429, "rate_limit_error", "ramp_limit_exceeded", **{"retry-after": "7"})
    assert (failure.retry, failure.fatal, failure.retry_after) == (True, False, 7.0)


def test_own_usage_limit_is_fatal():
    failure = failed(400, "invalid_request_error", said="You have reached your specified API usage limits. Wait.")
    assert (failure.retry, failure.fatal) == (False, True)


@pytest.mark.parametrize(
    ("kind", "retry", "fatal", "pressure"),
    [
        ("overloaded_error", True, False, True),
        ("rate_limit_error", True, False, True),
        ("api_error", True, False, False),
        ("timeout_error", True, False, False),
        ("error_from_the_future", True, False, False),
        ("authentication_error", False, True, False),
        ("invalid_request_error", False, False, False),
    ],
)
def test_error_in_the_middle_of_a_stream(kind, retry, fatal, pressure):
    failure = failed(200, kind)
    assert (failure.retry, failure.fatal, failure.pressure) == (retry, fatal, pressure)
    assert failure.unsure == retry


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("", "The model's API failed with status 500: api_error."),
        ("Ends with a stop.", "The model's API failed with status 500: Ends with a stop."),
        ("two\nlines", "The model's API failed with status 500: two lines."),
        ("x" * 1000, f"The model's API failed with status 500: {'x' * 300}."),
    ],
)
def test_message_is_one_sentence(said, message):
    assert failed(500, "api_error", said=said).message == message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 00:01:00 GMT", "date": "Sat, 21 Nov 2026 00:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 00:01:00 GMT"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert failed(429, "rate_limit_error", **headers).retry_after == seconds


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "message", "unsure"),
    [
        (anthropic.APITimeoutError(REQUEST), "did not answer in time", True),
        (caused(anthropic.APITimeoutError(REQUEST), httpx2.ConnectTimeout("")), "did not answer in time", False),
        (caused(anthropic.APITimeoutError(REQUEST), httpx2.ReadTimeout("")), "did not answer in time", True),
        (httpx2.ReadTimeout("late"), "did not answer in time", True),
        (caused(anthropic.APIConnectionError(request=REQUEST), httpx2.ConnectError("refused")), "(refused)", False),
        (caused(anthropic.APIConnectionError(request=REQUEST), httpx2.ReadError("")), "cannot be reached", True),
        (httpx2.RemoteProtocolError("peer closed"), "cannot be reached", True),
        (ValueError("bad JSON"), "an answer that cannot be read", True),
    ],
)
def test_transport(error, message, unsure):
    failure = classify(error)
    assert message.strip("()") in failure.message
    assert (failure.cause, failure.retry, failure.fatal, failure.unsure) == ("api", True, False, unsure)


NOT_OF_REQUESTS = {
    "RetryableError",  # raised by middleware
    "StreamAlreadyConsumed",  # a fault of the program
    "MissingDependencyError",  # other clouds' clients
    "MutuallyExclusiveAuthError",
    "ToolsetError",  # server-side tool sets
    "ToolsetClosedError",
    "ToolsetConfigError",
    "ToolsetContractError",
    "ToolsetUsageError",
    "ToolsetsFixedError",
}


def sdk_exceptions():
    """Every exception class of the SDK that a Messages call could meet."""
    found, queue = set(), [anthropic.AnthropicError]
    while queue:
        found.add(kind := queue.pop())
        queue += kind.__subclasses__()
    ours = [kind for kind in found if kind.__module__.startswith("anthropic") and kind.__name__ not in NOT_OF_REQUESTS]
    return sorted(ours, key=lambda kind: kind.__name__)


def example(kind):
    if issubclass(kind, anthropic.APIStatusError):
        response = httpx2.Response(getattr(kind, "status_code", 500), request=REQUEST)
        return kind("text", response=response, body=None)
    if kind is anthropic.APIResponseValidationError:
        return kind(httpx2.Response(200, request=REQUEST), None)
    if kind is anthropic.APITimeoutError:
        return kind(REQUEST)
    if issubclass(kind, anthropic.APIConnectionError):
        return kind(request=REQUEST)
    return kind("text", REQUEST, body=None) if issubclass(kind, anthropic.APIError) else kind("text")


UNSPECIFIC = {"AnthropicError", "APIError"}
"""Bases, which are never raised themselves."""


@pytest.mark.parametrize("kind", sdk_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_sdk_is_known(kind):
    failure = classify(example(kind))
    assert isinstance(failure, Failure)
    assert failure.message.endswith(".")
    assert failure.message.startswith("The model's API failed: ") == (kind.__name__ in UNSPECIFIC)


def test_all_exported_exceptions_are_among_them():
    exported = {getattr(_exceptions, name) for name in _exceptions.__all__}
    assert exported - set(sdk_exceptions()) == {_exceptions.RetryableError}


@pytest.mark.parametrize("code", CLOSED)
def test_organization_that_can_use_nothing(code):
    failure = failed(400, "invalid_request_error", code)
    assert (failure.retry, failure.fatal) == (False, True)


@pytest.mark.parametrize(("status", "retry"), [(None, True), (503, True), (429, True), (400, False), (401, False)])
def test_identity_that_is_not_exchanged(status, retry):
    failure = classify(WorkloadIdentityError("no token", status_code=status))
    assert (failure.cause, failure.retry, failure.fatal) == ("no-key", retry, not retry)


@pytest.mark.parametrize("kind", [anthropic.CredentialsError, anthropic.IdentityTokenFileError])
def test_credentials_that_cannot_be_loaded(kind):
    failure = classify(kind("no such profile"))
    assert (failure.cause, failure.retry, failure.fatal) == ("no-key", False, True)


def test_missing_key_as_the_sdk_says_it(monkeypatch):
    sdk = anthropic.Anthropic(api_key="x", base_url="http://127.0.0.1:9")
    sdk.api_key = None
    with pytest.raises(TypeError) as caught:
        sdk.messages.create(model="m", max_tokens=1, messages=[])
    assert classify(caught.value).cause == "no-key"


def test_program_faults_are_not_blamed_on_the_network():
    assert classify(KeyError("index")) == Failure(
        "api", "The model's API failed: 'index'.", "This looks like a fault in Reviewer; report it.", retry=False
    )


def test_answer_of_the_simulator_reads_well():
    with simulator(Fault("status", status=401, message="API key is invalid.")) as running:
        (reply,) = call(running.base_url, ask())
    assert reply.message == "The model's API refused the API key: API key is invalid."
    assert reply.call.request_id.startswith("req_")
