"""Event payloads as Actions hands them to a workflow."""

from typing import Any

from tests.fakes.github import views
from tests.fakes.github.state import PullRequest, Repository

Json = dict[str, Any]


def payload(name: str, repo: Repository, pull: PullRequest | None, api: str, **more: Any) -> Json:
    """The payload of one event; further keywords (`action`, `inputs`, `schedule`, ...) as the event has them."""
    sender = more.pop("sender", pull.issue.user if pull else repo.owner)
    makers = {
        "pull_request": _pull_request,
        "pull_request_target": _pull_request,
        "merge_group": _merge_group,
        "workflow_dispatch": _workflow_dispatch,
        "schedule": _schedule,
    }
    made = makers[name](repo, pull, api, more)
    made |= {"repository": views.repository(repo, api)}
    return made if name == "schedule" else made | {"sender": views.user(sender)}


def _need(pull: PullRequest | None) -> PullRequest:
    if pull is None:
        raise ValueError("this event is about a pull request: pass pr=")
    return pull


def _pull_request(_: Repository, pull: PullRequest | None, api: str, more: Json) -> Json:
    one = _need(pull)
    action = more.pop("action", "opened")
    made: Json = {"action": action, "number": one.number, "pull_request": views.pull(one, api)}
    if action == "synchronize":
        before = one.heads[-2] if len(one.heads) > 1 else "0" * 40
        made |= {"before": before, "after": one.head_sha}
    return made | more


def _merge_group(_: Repository, pull: PullRequest | None, api: str, more: Json) -> Json:
    one = _need(pull)
    group = {
        "head_sha": one.merge_sha,
        "head_ref": f"refs/heads/gh-readonly-queue/{one.base_ref}/pr-{one.number}-{one.base_sha}",
        "base_sha": one.base_sha,
        "base_ref": f"refs/heads/{one.base_ref}",
        "head_commit": {"id": one.merge_sha, "message": f"Merge pull request #{one.number}", "tree_id": one.base_sha},
    }
    return {"action": more.pop("action", "checks_requested"), "merge_group": group, **more}


def _workflow_dispatch(repo: Repository, _: PullRequest | None, api: str, more: Json) -> Json:
    inputs = {key: str(value) for key, value in (more.pop("inputs", None) or {}).items()}
    workflow = more.pop("workflow", ".github/workflows/review.yml")
    ref = f"refs/heads/{repo.default_branch}"
    return {"inputs": inputs or None, "ref": ref, "workflow": workflow, **more}


def _schedule(_: Repository, __: PullRequest | None, api: str, more: Json) -> Json:
    return {
        "schedule": more.pop("schedule", "23 3 * * *"),
        "workflow": more.pop("workflow", ".github/workflows/audit.yml"),
        **more,
    }
