"""The doctor: what is missing, in plain words, without writing anything."""

from pathlib import Path

import pytest

from reviewer.forge.doctor import Check, check
from tests.fakes.github import FakeGitHub, Fault


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"GITHUB_TOKEN": "ghs_fake", "GITHUB_REPOSITORY": "octo/shop", "GITHUB_ACTIONS": "true"}


def checked(hub: FakeGitHub, env: dict[str, str], fault: Fault | None = None) -> tuple[Check, ...]:
    with hub:
        hub.repository("octo/shop")
        if fault:
            hub.fail(fault)
        found = check(env | {"GITHUB_API_URL": hub.api_url, "GITHUB_GRAPHQL_URL": hub.graphql_url}, wait_limit=0)
        assert {one.method for one in hub.requests if one.path != "/graphql"} <= {"GET"}
    return found


def bad(found: tuple[Check, ...]) -> list[str]:
    return [one.name for one in found if not one.ok]


def test_all_is_well(env: dict[str, str]) -> None:
    found = checked(FakeGitHub(), env)

    assert [one.name for one in found] == [
        "GitHub token", "GitHub API", "Repository", "Pull requests", "GraphQL API", "Comments",
    ]  # fmt: skip
    assert bad(found) == []
    assert "pull-requests: write" in found[-1].step


def test_token_with_write_access_is_seen(env: dict[str, str]) -> None:
    assert checked(FakeGitHub(contents_write=True), env)[-1].detail == "The token may write to the repository."


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"GITHUB_TOKEN": " "}, "GitHub token", "GITHUB_TOKEN is not set."),
        ({"GITHUB_TOKEN": "ghs_wrong"}, "GitHub token", "GitHub answered 401: Bad credentials."),
        ({"GITHUB_REPOSITORY": ""}, "Repository", "GITHUB_REPOSITORY is ''."),
        ({"GITHUB_REPOSITORY": "octo/none"}, "Repository", "GitHub answered 404: Not Found."),
    ],
)
def test_what_is_missing_is_named(env: dict[str, str], change: dict[str, str], name: str, words: str) -> None:
    last = checked(FakeGitHub(), env | change)[-1]

    assert (last.name, last.ok) == (name, False)
    assert words in last.detail
    assert last.step


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        (Fault.forbidden(path="/pulls$"), ["Pull requests"]),
        (Fault.forbidden(path="/graphql$"), ["GraphQL API"]),
        (Fault.bad_gateway(path="/repos/octo/shop$"), ["GitHub API"]),
        (Fault(path="/repos/octo/shop$", status=200, body="<html>A proxy's page</html>"), ["GitHub API"]),
    ],
)
def test_what_does_not_work_is_named(env: dict[str, str], fault: Fault, names: list[str]) -> None:
    assert bad(checked(FakeGitHub(), env, fault)) == names


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://example.org"])
def test_address_that_leads_nowhere_is_named(env: dict[str, str], url: str) -> None:
    found = check(env | {"GITHUB_API_URL": url}, wait_limit=0, timeout=1)

    assert bad(found) == ["GitHub API"]
