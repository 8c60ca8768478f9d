"""Answers whose headers a proxy has garbled are answers all the same."""

import pytest

from reviewer.forge.client import Client
from tests.fakes.github import FakeGitHub, Fault


@pytest.mark.parametrize("name", ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
@pytest.mark.parametrize("value", ["many", "", "inf"])
def test_limits_that_are_no_numbers_cost_no_answer(name: str, value: str) -> None:
    with FakeGitHub() as hub:
        hub.fail(Fault("GET", "/labels", status=200, body={"asked": "once"}, headers={name: value}))
        client = Client(hub.token, "octo/shop", api_url=hub.api_url, sleep=lambda seconds: None)

        assert client.get("/labels", "Reading") == {"asked": "once"}
        assert len(hub.requests) == 1
