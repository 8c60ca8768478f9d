"""Scripted faults hit what they should, as often as they should."""

from typing import Any

import pytest
import requests

from tests.fakes.conftest import Shop
from tests.fakes.github import Fault

COMMENT = {"body": "x"}


def test_a_fault_hits_the_nth_match_so_many_times(shop: Shop) -> None:
    shop.hub.fail(Fault(method="POST", path=r"/comments$", nth=2, times=2, status=500))
    shop.send("GET", "/issues/7/comments")

    statuses = [shop.send("POST", "/issues/7/comments", COMMENT).status_code for _ in range(4)]

    assert statuses == [201, 500, 500, 201]
    assert len(shop.pull.issue_comments) == 2
    assert shop.hub.faults.left == []


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        (Fault.secondary_limit(403), 403, None, None),
        (Fault.secondary_limit(429, retry_after=7), 429, None, "7"),
        (Fault.secondary_limit(422), 422, "abuse", None),
    ],
)
def test_secondary_limits(shop: Shop, fault: Fault, status: int, code: str | None, retry_after: str | None) -> None:
    shop.hub.fail(fault)
    answer = shop.review()

    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert [error["code"] for error in answer.json().get("errors", [])] == ([code] if code else [])
    assert int(answer.headers["x-ratelimit-remaining"]) > 900
    assert shop.pull.reviews == []


def test_the_primary_limit(shop: Shop) -> None:
    shop.hub.fail(Fault.primary_limit())
    answer = shop.send("GET", "")

    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (403, "0")


@pytest.mark.parametrize(("acts", "posted"), [(False, 0), (True, 1)])
def test_bad_gateways(shop: Shop, acts: bool, posted: int) -> None:
    shop.hub.fail(Fault.bad_gateway(acts=acts))
    answer = shop.review()

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert len(shop.pull.reviews) == posted


@pytest.mark.parametrize(
    ("fault", "posted", "error"),
    [
        (Fault.reset_before(method="POST"), 0, requests.ConnectionError),
        (Fault.reset_after(method="POST"), 1, requests.ConnectionError),
        (Fault.timeout(5.0, method="POST"), 0, requests.ReadTimeout),
        (Fault.timeout(5.0, method="POST", acts=True), 1, requests.ReadTimeout),
    ],
)
def test_broken_connections(shop: Shop, fault: Fault, posted: int, error: Any) -> None:
    shop.hub.fail(fault)
    with pytest.raises(error):
        shop.session.post(f"{shop.hub.api_url}/repos/octo/shop/issues/7/comments", json=COMMENT, timeout=0.1)

    assert len(shop.pull.issue_comments) == posted
    assert [one.status for one in shop.hub.sent("POST")] == [None]
    assert shop.send("GET", "").status_code == 200


def test_records(shop: Shop) -> None:
    shop.send("POST", "/issues/7/comments", COMMENT, headers={"Accept": "application/vnd.github+json"})

    (one,) = shop.hub.sent("POST", "/comments")
    assert (one.method, one.path, one.body, one.status) == ("POST", "/repos/octo/shop/issues/7/comments", COMMENT, 201)
    assert (one.accept, one.content_type) == ("application/vnd.github+json", "application/json; charset=utf-8")
