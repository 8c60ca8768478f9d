"""Foreign errors: every one has a kind, and each kind a next step."""

import json
from typing import Any

import github
import pytest
import requests

from reviewer.errors import ConfigError, ExitCode
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind, failed_answer, failed_graphql, failed_request
from tests.fakes.github import FakeGitHub, Fault

ABUSE = {"message": "Validation Failed", "errors": [{"resource": "PullRequestReview", "code": "abuse"}]}
QUICK = {"message": "Unprocessable Entity", "errors": ["was submitted too quickly"]}
SECONDARY = {"message": "You have exceeded a secondary rate limit."}
NO_RIGHT = {"message": "Resource not accessible by integration"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (403, {}, SECONDARY, Kind.LIMITED),
        (403, {"retry-after": "5"}, {"message": "Wait"}, Kind.LIMITED),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99"}, {"message": "No"}, Kind.LIMITED),
        (403, {}, NO_RIGHT, Kind.PERMISSION),
        (403, {"retry-after": "5"}, NO_RIGHT, Kind.PERMISSION),
        (429, {}, {"message": "Slow down"}, Kind.LIMITED),
        (422, {}, ABUSE, Kind.LIMITED),
        (422, {}, QUICK, Kind.LIMITED),
        (422, {}, {"message": "Validation Failed"}, Kind.REFUSED),
        (401, {}, {"message": "Bad credentials"}, Kind.CREDENTIALS),
        (404, {}, {"message": "Not Found"}, Kind.MISSING),
        (406, {}, {}, Kind.REFUSED),
        (307, {}, {"message": "Moved"}, Kind.REFUSED),
        (500, {}, "<html>", Kind.TRANSIENT),
        (502, {}, [], Kind.TRANSIENT),
    ],
)
def test_answers_have_a_kind(status: int, headers: dict[str, str], body: Any, kind: Kind) -> None:
    failure = failed_answer("Reading", status, headers, json.dumps(body))

    assert (failure.kind, failure.status, failure.exit_code) == (kind, status, ExitCode.INCOMPLETE)
    assert failure.what == "Reading failed."
    assert f"GitHub answered {status}" in failure.cause


def test_waits_are_read_from_the_headers() -> None:
    asked = failed_answer("R", 429, {"retry-after": "12"}, "{}")
    primary = failed_answer("R", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000"}, "{}")
    odd = failed_answer("R", 429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "{}")

    assert (asked.wait, primary.reset, odd.wait) == (12.0, 1_700_000_000.0, None)


def test_wait_that_is_named_by_a_date_counts_from_the_answers_own() -> None:
    dates = {"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}

    assert failed_answer("R", 429, dates, "{}").wait == 9.0
    assert failed_answer("R", 429, {**dates, "retry-after": dates["date"]}, "{}").wait == 0.0


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"type": "RATE_LIMITED", "message": "x"}], Kind.LIMITED),
        ([{"message": "You have exceeded a secondary rate limit"}], Kind.LIMITED),
        ([{"type": "FORBIDDEN", "message": "x"}], Kind.PERMISSION),
        ([{"type": "NOT_FOUND", "message": "x"}], Kind.MISSING),
        ([{"message": "Something went wrong while executing your query."}], Kind.TRANSIENT),
        ([{"message": "Field 'x' doesn't exist"}, "odd"], Kind.REFUSED),
    ],
)
def test_graphql_errors_have_a_kind(errors: list[Any], kind: Kind) -> None:
    assert failed_graphql("Reading", errors, {}).kind is kind


def families(*roots: type[Exception]) -> list[type[Exception]]:
    found = list(roots)
    for root in found:
        found += [kind for kind in root.__subclasses__() if kind not in found]
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


@pytest.mark.parametrize(
    "family", families(requests.exceptions.RequestException, github.GithubException), ids=lambda kind: kind.__name__
)
def test_every_foreign_exception_has_a_mapping(family: type[Exception]) -> None:
    failure = failed_request("Reading", family.__new__(family))

    assert failure.kind is not Kind.BROKEN
    assert family.__name__ in failure.cause


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.ReadTimeout(), Kind.TRANSIENT),
        (requests.exceptions.ConnectTimeout(), Kind.TRANSIENT),
        (requests.exceptions.ConnectionError(), Kind.TRANSIENT),
        (requests.exceptions.SSLError(), Kind.REFUSED),
        (AssertionError("host"), Kind.BROKEN),
    ],
)
def test_the_most_specific_mapping_wins(error: Exception, kind: Kind) -> None:
    assert failed_request("Reading", error).kind is kind


@pytest.mark.parametrize(
    "fault",
    [
        Fault(times=2, status=200, body="<html>"),
        Fault(times=2, status=200, body="[" * 100_000),
        Fault(times=2, status=200, body={"message": "a dictionary"}),
    ],
)
def test_answer_that_is_not_githubs_is_an_error(fault: Fault) -> None:
    with FakeGitHub() as hub:
        hub.fail(fault)
        rows = Client("ghs_fake", "o/r", api_url=hub.api_url).pages("/pulls", "Listing")
        with pytest.raises(GitHubError) as caught:
            list(rows)

    assert caught.value.kind is Kind.BROKEN
    assert "GITHUB_API_URL" in caught.value.step


def test_client_refuses_what_cannot_work() -> None:
    with pytest.raises(GitHubError, match="There is no GitHub token"):
        Client(" ", "o/r")
    with pytest.raises(ConfigError, match="no web address"):
        Client("t", "o/r", api_url="example.org")


def test_graphql_of_another_host_is_asked_there() -> None:
    with FakeGitHub() as rest, FakeGitHub() as graph:
        client = Client("ghs_fake", "o/r", api_url=rest.api_url, graphql_url=graph.graphql_url)
        data = client.query("query { viewer { login } }", {}, "Asking")

    assert data == {"viewer": {"login": "github-actions[bot]"}}
    assert (len(rest.requests), len(graph.requests)) == (0, 1)
