"""Events: every known one by a payload of its shape, everything else refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewer.errors import EventError, ExitCode
from reviewer.forge.event import (
    MAX_PAYLOAD,
    PULL_ACTIONS,
    DispatchEvent,
    Event,
    MergeGroupEvent,
    PullRequestEvent,
    ScheduleEvent,
    read_event,
)

HEAD, BASE = "a" * 40, "b" * 40


def pull_payload(action: str = "opened", head_repo: Any = "octo/shop", **pull: Any) -> dict[str, Any]:
    repo = {"full_name": head_repo} if isinstance(head_repo, str) else head_repo
    return {
        "action": action,
        "number": 7,
        "pull_request": {
            "number": 7,
            "draft": False,
            "head": {"sha": HEAD, "ref": "feature", "repo": repo},
            "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo/shop"}},
            "user": {"login": "ada"},
            **pull,
        },
        "sender": {"login": "grace"},
    }


def group_payload(head_ref: str, action: str = "checks_requested") -> dict[str, Any]:
    group = {"head_sha": HEAD, "base_sha": BASE, "head_ref": head_ref, "base_ref": "refs/heads/main"}
    return {"action": action, "merge_group": group}


def read(tmp_path: Path, name: str, payload: Any, **env: str) -> Event:
    path = tmp_path / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    given = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), "GITHUB_REPOSITORY": "octo/shop"}
    return read_event(given | env)


@pytest.mark.parametrize("action", sorted(PULL_ACTIONS))
@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_pull_request_actions_are_read(tmp_path: Path, name: str, action: str) -> None:
    assert read(tmp_path, name, pull_payload(action)) == PullRequestEvent(
        repository="octo/shop",
        number=7,
        action=action,
        draft=False,
        fork=False,
        head_sha=HEAD,
        base_sha=BASE,
        author="ada",
        target=name == "pull_request_target",
    )


@pytest.mark.parametrize(
    ("head_repo", "fork"), [("octo/shop", False), ("Octo/Shop", False), ("eve/shop", True), (None, True)]
)
def test_fork_is_told_from_the_head_repository(tmp_path: Path, head_repo: str | None, fork: bool) -> None:
    event = read(tmp_path, "pull_request", pull_payload(head_repo=head_repo))

    assert isinstance(event, PullRequestEvent)
    assert event.fork is fork


def test_draft_is_read(tmp_path: Path) -> None:
    event = read(tmp_path, "pull_request", pull_payload(draft=True))

    assert isinstance(event, PullRequestEvent)
    assert event.draft


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-104-{HEAD}", 104),
        (f"refs/heads/gh-readonly-queue/release/pr-9-x/pr-12-{HEAD}", 12),
        ("refs/heads/main", None),
        ("", None),
    ],
)
def test_merge_group_number_comes_from_the_queue_branch(tmp_path: Path, ref: str, number: int | None) -> None:
    event = read(tmp_path, "merge_group", group_payload(ref))

    assert event == MergeGroupEvent("octo/shop", HEAD, BASE, ref, "refs/heads/main", number)


@pytest.mark.parametrize(
    ("inputs", "number", "force"),
    [
        ({"pr-number": "104", "force": "true"}, 104, True),
        ({"pr_number": "#104", "force": "false"}, 104, False),
        ({"number": 104, "force": True}, 104, True),
        ({"pr-number": "", "force": None}, None, False),
        ({}, None, False),
        (None, None, False),
    ],
)
def test_dispatch_inputs(tmp_path: Path, inputs: Any, number: int | None, force: bool) -> None:
    event = read(tmp_path, "workflow_dispatch", {"inputs": inputs})

    assert isinstance(event, DispatchEvent)
    assert (event.number, event.force) == (number, force)


def test_schedule_needs_no_more_than_the_repository(tmp_path: Path) -> None:
    assert read(tmp_path, "schedule", {"schedule": "23 3 * * *"}) == ScheduleEvent("octo/shop")


def test_repository_comes_from_the_payload_where_the_environment_has_none(tmp_path: Path) -> None:
    payload = {"repository": {"full_name": "octo/other"}}

    assert read(tmp_path, "schedule", payload, GITHUB_REPOSITORY="") == ScheduleEvent("octo/other")


@pytest.mark.parametrize(
    ("name", "payload", "words"),
    [
        ("push", {}, "'push'. It knows pull_request, pull_request_target, merge_group, workflow_dispatch, schedule"),
        ("pull_request", pull_payload("closed"), "'closed'"),
        ("pull_request", pull_payload("exploded"), "'exploded'"),
        ("pull_request", {"action": ["opened"]}, "action ''"),
        ("pull_request", {"action": "opened"}, "pull_request.number"),
        ("pull_request", pull_payload(head=None), "pull_request.head.sha"),
        ("pull_request", pull_payload(base={"sha": "main; rm -rf"}), "pull_request.base.sha"),
        ("pull_request", pull_payload() | {"pull_request": 7}, "pull_request.head.sha"),
        ("merge_group", group_payload("x", "destroyed"), "'destroyed'"),
        ("merge_group", {"action": "checks_requested"}, "merge_group.head_sha"),
        ("workflow_dispatch", {"inputs": {"pr-number": "seven"}}, "'seven'"),
        ("workflow_dispatch", {"inputs": {"pr-number": "-1"}}, "'-1'"),
        ("schedule", [], "no JSON object"),
        ("schedule", "{", "not JSON"),
        ("schedule", "[" * 100_000, "not JSON"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_by_name(tmp_path: Path, name: str, payload: Any, words: str) -> None:
    with pytest.raises(EventError) as caught:
        read(tmp_path, name, payload)

    assert words in str(caught.value)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "GITHUB_EVENT_NAME is not set"),
        ({"GITHUB_EVENT_NAME": "schedule"}, "GITHUB_EVENT_PATH is not set"),
        ({"GITHUB_EVENT_NAME": "schedule", "GITHUB_EVENT_PATH": "/nowhere/event.json"}, "cannot be read"),
        ({"GITHUB_EVENT_NAME": "schedule", "GITHUB_EVENT_PATH": "/"}, "cannot be read"),
    ],
)
def test_environment_without_an_event_is_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(EventError, match=words):
        read_event(env)


@pytest.mark.parametrize("repository", ["octo", "octo/shop/x", "octo/sh op", "../x/y"])
def test_repository_must_be_a_name(tmp_path: Path, repository: str) -> None:
    with pytest.raises(EventError, match="names no repository"):
        read(tmp_path, "schedule", {}, GITHUB_REPOSITORY=repository)


def test_huge_event_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    with path.open("wb") as file:
        file.truncate(MAX_PAYLOAD + 1)

    with pytest.raises(EventError, match="larger than 32 MiB"):
        read_event({"GITHUB_EVENT_NAME": "schedule", "GITHUB_EVENT_PATH": str(path)})
