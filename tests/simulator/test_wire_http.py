"""What the simulated API refuses before it reads a request: headers, keys, bodies, routes."""

import anthropic
import pytest

from reviewer.simulator import Answer, Behaviour, Simulator
from tests.simulator.wire import HEADERS, http, sdk, send, url

__all__ = ["http", "sdk", "url"]


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"authorization": None}, 401, "API key is invalid."),
        ({"authorization": "Bearer"}, 401, "API key is invalid."),
        ({"authorization": "Basic key"}, 401, "API key is invalid."),
        ({"anthropic-version": None}, 400, "anthropic-version: header is required"),
        ({"anthropic-version": "2025-01-01"}, 400, 'anthropic-version: "2025-01-01" is not a valid version'),
        ({"anthropic-beta": "x-2026"}, 400, "Unexpected value(s) `x-2026` for the `anthropic-beta` header."),
        ({"content-type": "text/plain"}, 400, "content-type: must be application/json"),
        ({"authorization": None, "x-api-key": "key"}, 200, None),
        ({"anthropic-version": "2023-06-01"}, 200, None),
    ],
)
def test_headers_are_checked(http, headers, status, message):
    chosen = {**HEADERS, "content-type": "application/json", **headers}
    response = http.post(
        "/v1/messages",
        content=b'{"model":"claude-sonnet-5-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}',
        headers={name: value for name, value in chosen.items() if value is not None},
    )
    assert response.status_code == status
    assert response.json().get("error", {}).get("message") == message
    assert response.headers["anthropic-organization-id"] == "00000000-0000-0000-0000-000000000000"
    assert response.headers["request-id"].startswith("req_01")


def test_only_known_keys_are_let_in():
    behaviour = Behaviour(brain=lambda body: Answer("fine"), api_keys=frozenset({"right"}))
    with Simulator(behaviour) as simulator:
        for key, error in (("right", None), ("wrong", "authentication_error")):
            with anthropic.Anthropic(api_key=key, base_url=simulator.base_url, max_retries=0) as client:
                if error is None:
                    assert send(client)["type"] == "message"
                    continue
                with pytest.raises(anthropic.AuthenticationError) as caught:
                    send(client)
                assert caught.value.type == error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The request body is not valid JSON: Expecting property name"),
        (b'{"max_tokens": NaN}', "The request body is not valid JSON: NaN is not JSON"),
        (b'{"model": "\\ud800"}', "The request body is not valid JSON: no low surrogate in string"),
        (b'{"model": "\xff"}', "The request body is not valid JSON: "),
        (b"[]", "Input should be a valid dictionary"),
    ],
)
def test_body_must_be_a_json_object(http, content, message):
    headers = {**HEADERS, "content-type": "application/json"}
    response = http.post("/v1/messages", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(message)


def test_body_above_32_megabytes_is_refused(sdk):
    with pytest.raises(anthropic.ContentTooLargeError) as caught:
        send(sdk, messages=[{"role": "user", "content": "x" * (32 * 1024 * 1024)}])
    assert caught.value.type == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/messages", 405), ("GET", "/v2", 404), ("POST", "/v1/models", 405)]
)
def test_other_routes_do_not_exist(http, method, path, status):
    response = http.request(method, path, headers=HEADERS)
    assert response.status_code == status
    assert response.json()["type"] == "error"
