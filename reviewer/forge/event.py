"""The Actions event that started the run, read from `GITHUB_EVENT_NAME` and the payload file.

What cannot be reviewed is refused by its name: an event that Reviewer does not know must never end as a green check.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewer.errors import EventError
from reviewer.forge.payload import at, text, whole

MAX_PAYLOAD = 32 * 1024 * 1024
"""GitHub caps webhook payloads at 25 MB; a larger file is no event."""

PULL_ACTIONS = frozenset(
    """opened synchronize reopened ready_for_review edited labeled unlabeled assigned unassigned converted_to_draft
    review_requested review_request_removed auto_merge_enabled auto_merge_disabled enqueued dequeued locked unlocked
    milestoned demilestoned""".split()
)
"""The actions of an open pull request, all of which may ask for a review. `closed` is not among them."""

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_QUEUE_REF = re.compile(r"gh-readonly-queue/.+/pr-(\d{1,9})-[0-9a-f]{7,64}$")
_NUMBER = re.compile(r"#?([1-9]\d{0,8})")
_NUMBER_INPUTS = ("pr-number", "pr_number", "number")


@dataclass(frozen=True, slots=True)
class PullRequestEvent:
    """`pull_request`, or `pull_request_target` where `target` is set. A deleted head repository counts as a fork."""

    repository: str
    number: int
    action: str
    draft: bool
    fork: bool
    head_sha: str
    base_sha: str
    author: str = ""
    target: bool = False


@dataclass(frozen=True, slots=True)
class MergeGroupEvent:
    """`merge_group`: the payload names no pull request, so `number` is read from the queue's branch, or None."""

    repository: str
    head_sha: str
    base_sha: str
    head_ref: str
    base_ref: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class DispatchEvent:
    """`workflow_dispatch`: with a `number` somebody waits for a review, without one it is the audit's."""

    repository: str
    number: int | None
    force: bool


@dataclass(frozen=True, slots=True)
class ScheduleEvent:
    """`schedule`: nobody waits."""

    repository: str


Event = PullRequestEvent | MergeGroupEvent | DispatchEvent | ScheduleEvent


def read_event(env: Mapping[str, str]) -> Event:
    """The event of the Actions environment. EventError for anything unknown, unreadable or beyond review."""
    name = env.get("GITHUB_EVENT_NAME", "")
    if not name:
        raise EventError(
            "There is no GitHub Actions event to read.",
            "GITHUB_EVENT_NAME is not set.",
            "Outside of Actions, name the pull request with --repository OWNER/NAME --number N.",
        )
    reader = _READERS.get(name)
    if reader is None:
        raise EventError(
            f"Reviewer does not know the event {name[:60]!r}.",
            f"It knows {', '.join(_READERS)}.",
            "Change the workflow's `on:` to one of these.",
        )
    payload = _payload(env.get("GITHUB_EVENT_PATH", ""), name)
    return reader(payload, _repository(env, payload))


def _payload(path: str, name: str) -> dict[str, Any]:
    cause = "Actions writes this file before each step; the step after a restart or in a container may not see it."
    if not path:
        raise EventError(f"The payload of the {name} event is missing.", "GITHUB_EVENT_PATH is not set.", cause)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_PAYLOAD + 1)
        if len(raw) > MAX_PAYLOAD:
            raise EventError(f"The event file is larger than {MAX_PAYLOAD >> 20} MiB.", "GitHub sends no such event.")
        data = json.loads(raw)
    except OSError as error:
        raise EventError(f"The event file cannot be read ({error.strerror}).", cause) from error
    except (ValueError, RecursionError) as error:
        raise EventError("The event file is not JSON.", f"The {name} event has a JSON payload.") from error
    if not isinstance(data, dict):
        raise EventError("The event file holds no JSON object.", f"The {name} event has one as its payload.")
    return data


def _repository(env: Mapping[str, str], payload: Any) -> str:
    name = env.get("GITHUB_REPOSITORY") or text(payload, "repository", "full_name")
    if not _REPOSITORY.fullmatch(name):
        raise EventError(
            f"GITHUB_REPOSITORY is {name[:80]!r}, which names no repository.",
            "It should be OWNER/NAME, as Actions sets it.",
        )
    return name


def _incomplete(event: str, missing: str) -> EventError:
    return EventError(
        f"The {event} event has no usable {missing}.", "Its payload is not what GitHub sends for this event."
    )


def _sha(payload: Any, event: str, *path: str) -> str:
    sha = text(payload, *path).lower()
    if not _SHA.fullmatch(sha):
        raise _incomplete(event, ".".join(path))
    return sha


def _pull_request(payload: Any, repository: str, *, target: bool = False) -> PullRequestEvent:
    event = "pull_request_target" if target else "pull_request"
    action = text(payload, "action")
    if action not in PULL_ACTIONS:
        raise EventError(
            f"Reviewer does not review on {event} with the action {action[:60]!r}.",
            f"It knows {', '.join(sorted(PULL_ACTIONS))}.",
            "List the ones you want under `types:` in the workflow: opened, synchronize, reopened, ready_for_review.",
        )
    number = whole(payload, "pull_request", "number") or whole(payload, "number")
    if number < 1:
        raise _incomplete(event, "pull_request.number")
    return PullRequestEvent(
        repository=repository,
        number=number,
        action=action,
        draft=at(payload, "pull_request", "draft") is True,
        fork=is_fork(at(payload, "pull_request"), repository),
        head_sha=_sha(payload, event, "pull_request", "head", "sha"),
        base_sha=_sha(payload, event, "pull_request", "base", "sha"),
        author=text(payload, "pull_request", "user", "login"),
        target=target,
    )


def _pull_request_target(payload: Any, repository: str) -> PullRequestEvent:
    return _pull_request(payload, repository, target=True)


def is_fork(pull: Any, repository: str) -> bool:
    """Whether a pull request's head is in another repository; `head.repo` is null once that one is deleted."""
    base = text(pull, "base", "repo", "full_name") or repository
    return text(pull, "head", "repo", "full_name").lower() != base.lower()


def _merge_group(payload: Any, repository: str) -> MergeGroupEvent:
    action = text(payload, "action")
    if action != "checks_requested":
        raise EventError(
            f"Reviewer does not review on merge_group with the action {action[:60]!r}.",
            "It knows checks_requested.",
            "Set `types: [checks_requested]` under `merge_group:` in the workflow.",
        )
    head_ref = text(payload, "merge_group", "head_ref")
    found = _QUEUE_REF.search(head_ref)
    return MergeGroupEvent(
        repository=repository,
        head_sha=_sha(payload, "merge_group", "merge_group", "head_sha"),
        base_sha=_sha(payload, "merge_group", "merge_group", "base_sha"),
        head_ref=head_ref,
        base_ref=text(payload, "merge_group", "base_ref"),
        number=int(found[1]) if found else None,
    )


def _dispatch(payload: Any, repository: str) -> DispatchEvent:
    given = at(payload, "inputs")
    inputs = {str(key): _input(value) for key, value in given.items()} if isinstance(given, dict) else {}
    number = next((inputs[name] for name in _NUMBER_INPUTS if inputs.get(name)), "")
    found = _NUMBER.fullmatch(number)
    if number and not found:
        raise EventError(
            f"The workflow was started with {number[:40]!r} as the pull request's number.",
            "It should be a number such as 104.",
            "Run the workflow again with the number alone.",
        )
    return DispatchEvent(repository, int(found[1]) if found else None, _truth(inputs.get("force", "")))


def _input(value: Any) -> str:
    # `inputs` keeps booleans and numbers in some runner versions, and has strings in the others.
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value)


def _truth(value: str) -> bool:
    return value.lower() in ("true", "1", "yes", "on")


def _schedule(_payload: Any, repository: str) -> ScheduleEvent:
    return ScheduleEvent(repository)


_READERS: dict[str, Callable[[Any, str], Event]] = {
    "pull_request": _pull_request,
    "pull_request_target": _pull_request_target,
    "merge_group": _merge_group,
    "workflow_dispatch": _dispatch,
    "schedule": _schedule,
}
