"""Every payload that the community has collected for the events of a review: handled, or refused by its name."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import Runner
from tests.fakes.github import FakeGitHub, git_history
from tests.github.stage import Stage, code

Opened = Callable[..., Stage]
DATA = Path(__file__).parents[1] / "data" / "events"
EXAMPLES = [
    (name, number, payload)
    for name in ("pull_request", "merge_group", "workflow_dispatch")
    for number, payload in enumerate(json.loads((DATA / f"{name}.json").read_text()))
]
DRAFT = "It is a draft, so it was not reviewed."
NO_KEY = "There is no API key, so nothing was reviewed."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGitHub]:
    """The repositories and pull requests that the examples speak of."""
    git = tmp_path_factory.mktemp("events") / "git"
    base, head = git_history(git, {"a.py": code()}, {"a.py": code("high: Wrong sum")})
    with FakeGitHub() as made:
        for name, number in (("Codertocat/Hello-World", 2), ("octo-org/octo-repo", 104)):
            made.repository(name).pull_request(number=number, git_dir=git, base_sha=base, head_sha=head)
        yield made


def outcome(name: str, payload: dict[str, Any]) -> tuple[int, str]:
    """Exit code and words that an example must end with; there is no API key, so nothing is asked."""
    if name == "workflow_dispatch":
        return 2, "This workflow_dispatch names no pull request."
    if payload["action"] == "closed":
        return 2, "Reviewer does not review on pull_request with the action 'closed'."
    return 3, DRAFT if payload.get("pull_request", {}).get("draft") else NO_KEY


@pytest.mark.parametrize(("name", "number", "payload"), EXAMPLES, ids=[f"{name}-{n}" for name, n, _ in EXAMPLES])
def test_example_is_handled_or_refused_by_name(
    reviewer: Runner, hub: FakeGitHub, tmp_path: Path, name: str, number: int, payload: dict[str, Any]
) -> None:
    for repository in hub.repositories.values():
        (pull,) = repository.pulls.values()
        pull.draft = payload.get("pull_request", {}).get("draft", False)
    if name == "merge_group":  # the commits of the examples are in no repository
        shas = {"base_sha": pull.base_sha, "head_sha": pull.head_sha}
        payload = payload | {"merge_group": payload["merge_group"] | shas}
    (tmp_path / "event.json").write_text(json.dumps(payload))

    ran = reviewer(
        "pr",
        GITHUB_ACTIONS="true", GITHUB_EVENT_NAME=name, GITHUB_EVENT_PATH=str(tmp_path / "event.json"),
        GITHUB_REPOSITORY=payload["repository"]["full_name"], GITHUB_TOKEN=hub.token,
        GITHUB_API_URL=hub.api_url, GITHUB_GRAPHQL_URL=hub.graphql_url, GITHUB_WORKSPACE=str(tmp_path),
    )  # fmt: skip

    code, words = outcome(name, payload)
    assert (ran.code, ran.outputs["verdict"]) == (code, "incomplete")
    assert words in (ran.because if ran.report else ran.err)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "event", ["push", "issue_comment", "pull_request_review", "check_run", "workflow_run", "PULL_REQUEST"]
)
def test_unknown_event_is_no_green_check_and_names_the_known_ones(opened: Opened, event: str) -> None:
    ran = opened().run(GITHUB_EVENT_NAME=event)

    assert (ran.code, ran.report, ran.outputs["verdict"]) == (2, {}, "incomplete")
    known = "pull_request, pull_request_target, merge_group, workflow_dispatch, schedule"
    assert f"Reviewer does not know the event '{event}'. It knows {known}." in " ".join(ran.err.split())
    assert "::error title=Reviewer::" in ran.out


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "workflow_dispatch", "schedule"])
def test_broken_payload_is_refused_with_outputs(reviewer: Runner, hub: FakeGitHub, tmp_path: Path, event: str) -> None:
    for number, content in enumerate(("", "{", "[]", "null", '{"action": "opened"}', '{"action": ["opened"]}', "\x00")):
        path = tmp_path / f"{number}.json"
        path.write_text(content)
        ran = reviewer(
            "pr", GITHUB_EVENT_NAME=event, GITHUB_EVENT_PATH=str(path), GITHUB_REPOSITORY="o/r", GITHUB_TOKEN=hub.token
        )

        assert (ran.code, ran.outputs["verdict"]) == (2, "incomplete")
        assert "Traceback" not in ran.err


def test_dispatch_reviews_the_pull_request_it_names_even_a_closed_one(opened: Opened) -> None:
    stage = opened()
    stage.pull.issue.state = "closed"

    ran = stage.run(event="workflow_dispatch", payload={"inputs": {"pr-number": "#7"}})

    assert (ran.code, ran.outputs["blocking"]) == (1, "1")
    assert sorted(stage.posted) == ["Odd name", "Wrong sum"]


def test_dispatch_of_a_pull_request_that_is_not_there_says_so(opened: Opened) -> None:
    ran = opened().run(event="workflow_dispatch", payload={"inputs": {"pr-number": "8"}})

    assert (ran.code, ran.outputs["verdict"]) == (3, "incomplete")
    assert "Reading pull request 8 of octo/shop failed." in ran.err
