"""A renamed repository is found; the token goes to GITHUB_API_URL and nowhere else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError
from reviewer.forge.pull import read_pull
from tests.model.redirecting import Answer, Asked, Server, serving

TOKEN = "ghs_redirects0123456789"
PULL = {
    "base": {"sha": "b" * 40, "ref": "main", "repo": {"full_name": "octo/new"}},
    "head": {"sha": "c" * 40, "ref": "topic", "repo": {"full_name": "octo/new"}},
}


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with serving() as server:
        yield server


def client(api: Server) -> Client:
    return Client(TOKEN, "octo/old", api_url=api.url, write_gap=0.0, sleep=lambda seconds: None)


def renamed(asked: Asked) -> Answer:
    """The old name leads to the repository's id, as GitHub lets it."""
    if asked.path.startswith("/repos/octo/old/"):
        location = f"http://{asked.headers['host']}/repositories/1/{asked.path.split('/', 4)[4]}"
        return 301 if asked.method == "GET" else 307, {"location": location}, b"{}"
    return 200, {}, json.dumps(PULL if "/pulls/" in asked.path else [{"path": asked.path}]).encode()


def test_a_renamed_repository_is_spoken_of_by_its_new_name() -> None:
    with serving(renamed) as api:
        hub = client(api)
        pull = read_pull(hub, 7)
        rows: list[Any] = list(hub.pages("/issues", "Reading", {"state": "all"}))
        hub.send("POST", "/issues", "Posting", {"body": "x"}, idempotent=False)
    assert (hub.repository, hub.owner, hub.name, pull.fork) == ("octo/new", "octo", "new", False)
    assert [asked.path for asked in api.asked[:2]] == ["/repos/octo/old/pulls/7", "/repositories/1/pulls/7"]
    assert [(asked.method, asked.path.split("?")[0]) for asked in api.asked[2:]] == [
        ("GET", "/repos/octo/new/issues"),
        ("POST", "/repos/octo/new/issues"),
    ]
    assert "state=all" in rows[0]["path"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["{other}", "http://localhost:{port}", "https://127.0.0.1:{port}", "//evil.test"])
def test_the_token_goes_to_no_other_address(elsewhere: Server, status: int, where: str) -> None:
    location = where.format(other=elsewhere.url, port=elsewhere.port)
    with serving(lambda asked: (status, {"location": location + "/moved"}, b"{}")) as api:
        hub = client(api)
        for asking in (
            lambda: hub.get("/pulls/7", "Reading"),
            lambda: hub.send("POST", "/issues", "Posting", {"body": "x"}, idempotent=False),
            lambda: hub.query("query { viewer { login } }", {}, "Asking"),
        ):
            with pytest.raises(GitHubError):
                asking()
    assert elsewhere.asked == []
    assert {asked.headers["authorization"] for asked in api.asked} == {f"token {TOKEN}"}


def test_pages_that_repeat_are_not_read_for_ever() -> None:
    answer = (200, {"link": '<x>; rel="next"'}, b'[{"id": 1}]')
    with serving(lambda asked: answer) as api, pytest.raises(GitHubError, match="another name"):
        list(client(api).pages("/issues", "Reading"))
    assert len(api.asked) == 2


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviewer.forge.client.MOST_PAGES", 3)

    def endless(asked: Asked) -> Answer:
        return 200, {"link": '<x>; rel="next"'}, json.dumps([{"path": asked.path}]).encode()

    with serving(endless) as api, pytest.raises(GitHubError, match="has no end"):
        list(client(api).pages("/issues", "Reading"))
    assert len(api.asked) == 3
