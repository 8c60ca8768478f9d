"""Issues, their comments and labels. Pull requests are issues here, as they are on GitHub."""

from typing import Any

from tests.fakes.github import views
from tests.fakes.github.calls import Call, Reply, paged
from tests.fakes.github.errors import check_body_length, forbidden, not_found, validation_failed
from tests.fakes.github.records import Issue, IssueComment, now


def list_issues(call: Call) -> Reply:
    """Open issues and pull requests, newest first, by labels (all of them), creator, state."""
    wanted = [name for name in call.query.get("labels", "").split(",") if name]
    state, creator = call.query.get("state", "open"), call.query.get("creator")
    found = [
        issue
        for issue in call.repo.issues.values()
        if state in ("all", issue.state)
        and creator in (None, issue.user)
        and all(name in issue.labels for name in wanted)
        and issue.updated_at >= call.query.get("since", "")
    ]
    found.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") == "desc")
    return paged(call, found, lambda issue: views.issue(issue, call.repo, call.api))


def _one(call: Call) -> Issue:
    if call.params["issue_number"] not in call.repo.issues:
        raise not_found()
    return call.repo.issues[call.params["issue_number"]]


def _view(call: Call, issue: Issue, status: int = 200) -> Reply:
    return Reply(status, views.issue(issue, call.repo, call.api))


def get_issue(call: Call) -> Reply:
    """One issue."""
    return _view(call, _one(call))


def create_issue(call: Call) -> Reply:
    """Open an issue; labels that do not exist are created."""
    title = str(call.body["title"])
    _check(title, call.body.get("body"))
    issue = call.repo.new_issue(title, call.body.get("body"), call.rights.login)
    issue.labels = _names(call, call.body.get("labels", []))
    issue.assignees = list(call.body.get("assignees", []))
    return _view(call, issue, 201)


def update_issue(call: Call) -> Reply:
    """Change title, body, state or labels."""
    issue, body = _one(call), call.body or {}
    _check(str(body.get("title", "x")), body.get("body"))
    if "labels" in body:
        issue.labels = _names(call, body["labels"])
    for key in ("title", "body", "state", "state_reason", "assignees"):
        if key in body:
            setattr(issue, key, body[key])
    issue.updated_at = now()
    return _view(call, issue)


def _check(title: str, body: str | None) -> None:
    if not title.strip():
        raise validation_failed("Issue", "title", code="missing_field")
    if len(title) > 256:
        raise validation_failed("Issue", "title", "title is too long (maximum is 256 characters)")
    check_body_length("Issue", body)


def _names(call: Call, labels: list[Any]) -> list[str]:
    names = [label if isinstance(label, str) else label["name"] for label in labels]
    for name in names:
        call.repo.labels.setdefault(name, {"name": name, "color": "ededed"})
    return list(dict.fromkeys(names))


def _labels(call: Call, issue: Issue) -> Reply:
    return Reply(200, [views.label(call.repo, name) for name in issue.labels])


def list_labels(call: Call) -> Reply:
    """The labels of an issue."""
    return paged(call, _one(call).labels, lambda name: views.label(call.repo, name))


def add_labels(call: Call) -> Reply:
    """Add to the labels of an issue."""
    issue = _one(call)
    issue.labels = list(dict.fromkeys(issue.labels + _names(call, (call.body or {}).get("labels", []))))
    return _labels(call, issue)


def set_labels(call: Call) -> Reply:
    """Replace the labels of an issue."""
    issue = _one(call)
    issue.labels = _names(call, (call.body or {}).get("labels", []))
    return _labels(call, issue)


def remove_labels(call: Call) -> Reply:
    """Take all labels from an issue."""
    _one(call).labels = []
    return Reply(204)


def list_repository_labels(call: Call) -> Reply:
    """The labels of the repository."""
    return paged(call, list(call.repo.labels), lambda name: views.label(call.repo, name))


def create_label(call: Call) -> Reply:
    """A new label; names are unique whatever their case."""
    name = call.body["name"]
    if name.lower() in (known.lower() for known in call.repo.labels):
        raise validation_failed("Label", "name", code="already_exists")
    call.repo.labels[name] = {"color": "ededed"} | call.body
    return Reply(201, views.label(call.repo, name))


def list_comments(call: Call) -> Reply:
    """The conversation, oldest first."""
    found = [one for one in _one(call).comments if one.updated_at >= call.query.get("since", "")]
    return paged(call, found, lambda one: views.issue_comment(one, call.repo, call.api))


def create_comment(call: Call) -> Reply:
    """Say something in the conversation."""
    issue = _one(call)
    _check_text(call.body["body"])
    comment = IssueComment(call.rights.login, call.body["body"], issue.number)
    issue.comments.append(comment)
    return Reply(201, views.issue_comment(comment, call.repo, call.api))


def _check_text(text: str) -> None:
    check_body_length("IssueComment", text)
    if not text.strip():
        raise validation_failed("IssueComment", "body", "body cannot be blank", code="unprocessable")


def _comment(call: Call, own: bool = False) -> tuple[IssueComment, Issue]:
    for issue in call.repo.issues.values():
        for comment in issue.comments:
            if comment.id == call.params["comment_id"]:
                if own and comment.user != call.rights.login:
                    raise forbidden()
                return comment, issue
    raise not_found()


def get_comment(call: Call) -> Reply:
    """One comment of a conversation."""
    return Reply(200, views.issue_comment(_comment(call)[0], call.repo, call.api))


def update_comment(call: Call) -> Reply:
    """A new text for one's own comment."""
    comment, _ = _comment(call, own=True)
    _check_text(call.body["body"])
    comment.body, comment.updated_at = call.body["body"], now()
    return Reply(200, views.issue_comment(comment, call.repo, call.api))


def delete_comment(call: Call) -> Reply:
    """Remove one's own comment."""
    comment, issue = _comment(call, own=True)
    issue.comments.remove(comment)
    return Reply(204)


HANDLERS = {
    "issues/list-for-repo": list_issues,
    "issues/get": get_issue,
    "issues/create": create_issue,
    "issues/update": update_issue,
    "issues/list-labels-on-issue": list_labels,
    "issues/add-labels": add_labels,
    "issues/set-labels": set_labels,
    "issues/remove-all-labels": remove_labels,
    "issues/list-labels-for-repo": list_repository_labels,
    "issues/create-label": create_label,
    "issues/list-comments": list_comments,
    "issues/create-comment": create_comment,
    "issues/get-comment": get_comment,
    "issues/update-comment": update_comment,
    "issues/delete-comment": delete_comment,
}
