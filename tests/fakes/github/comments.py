"""Inline comments outside a review: single ones, whole-file ones, replies."""

from typing import Any

from tests.fakes.github import anchors, views
from tests.fakes.github.anchors import Anchor
from tests.fakes.github.calls import Call, Reply, paged
from tests.fakes.github.errors import (
    ApiError,
    check_body_length,
    forbidden,
    not_found,
    unprocessable,
    validation_failed,
)
from tests.fakes.github.records import Comment, Review, Thread, now
from tests.fakes.github.reviews import ONE_PENDING, anchor_of
from tests.fakes.github.state import PullRequest

RESOURCE = "PullRequestReviewComment"


def create(call: Call) -> Reply:
    """One comment on a line, a range or a file, visible at once."""
    body, pull = call.body, call.pull
    _check_text(body["body"])
    if "in_reply_to" in body:
        return _reply(call, pull, body["in_reply_to"])
    if not pull.has_commit(body["commit_id"]):
        raise validation_failed(RESOURCE, "commit_id", "commit_id is not part of the pull request")
    if pull.pending_review(call.rights.login):
        raise unprocessable(ONE_PENDING)
    thread = _thread(pull, body)
    return _post(call, pull, pull.open_thread(thread), None)


def _thread(pull: PullRequest, body: dict[str, Any]) -> Thread:
    path, commit = body["path"], body["commit_id"]
    if all(row.path != path for row in pull.files(commit)):
        raise ApiError(422, "Validation Failed", anchors.path_errors())
    if body.get("subject_type") == "file":
        anchor = Anchor("RIGHT", None)
        return Thread(path, anchor, anchor, commit, commit, subject_type="file")
    patch = pull.patch(path, commit)
    anchor = anchor_of(body, patch)
    if found := anchors.problems(patch, anchor):
        raise ApiError(422, "Validation Failed", anchors.comment_errors(found))
    return Thread(path, anchor, anchor, commit, commit)


def _check_text(text: str) -> None:
    check_body_length(RESOURCE, text)
    if not text.strip():
        raise validation_failed(RESOURCE, "body", code="missing_field")


def _post(call: Call, pull: PullRequest, thread: Thread, in_reply_to: int | None) -> Reply:
    review = Review(call.rights.login, "", "COMMENTED", pull.head_sha, submitted_at=now())
    pull.all_reviews.append(review)
    comment = Comment(call.rights.login, call.body["body"], thread, review, in_reply_to)
    thread.comments.append(comment)
    return Reply(201, views.review_comment(comment, pull, call.api))


def _reply(call: Call, pull: PullRequest, number: int) -> Reply:
    for thread in pull.threads:
        if thread.comments[0].id == number:
            return _post(call, pull, thread, number)
    raise not_found()


def reply(call: Call) -> Reply:
    """An answer to the first comment of a thread; answers to answers are not supported."""
    _check_text(call.body["body"])
    return _reply(call, call.pull, call.params["comment_id"])


def _sorted(call: Call, found: list[Comment]) -> list[Comment]:
    def when(comment: Comment) -> tuple[str, int]:
        return (comment.updated_at if call.query.get("sort") == "updated" else comment.created_at, comment.id)

    since = call.query.get("since", "")
    recent = [comment for comment in found if comment.updated_at >= since]
    return sorted(recent, key=when, reverse="sort" in call.query and call.query.get("direction") == "desc")


def list_all(call: Call) -> Reply:
    """All posted inline comments, oldest first."""
    found = _sorted(call, call.pull.comments)
    return paged(call, found, lambda comment: views.review_comment(comment, call.pull, call.api))


def _one(call: Call) -> tuple[Comment, PullRequest]:
    for pull in call.repo.pulls.values():
        for comment in pull.comments:
            if comment.id == call.params["comment_id"]:
                return comment, pull
    raise not_found()


def get(call: Call) -> Reply:
    """One comment."""
    comment, pull = _one(call)
    return Reply(200, views.review_comment(comment, pull, call.api))


def update(call: Call) -> Reply:
    """A new text for one's own comment."""
    comment, pull = _one(call)
    if comment.user != call.rights.login:
        raise forbidden()
    _check_text(call.body["body"])
    comment.body, comment.updated_at = call.body["body"], now()
    return Reply(200, views.review_comment(comment, pull, call.api))


def delete(call: Call) -> Reply:
    """Remove one's own comment; the thread goes with its last one."""
    comment, pull = _one(call)
    if comment.user != call.rights.login:
        raise forbidden()
    comment.thread.comments.remove(comment)
    pull.all_threads = [thread for thread in pull.all_threads if thread.comments]
    return Reply(204)


HANDLERS = {
    "pulls/create-review-comment": create,
    "pulls/create-reply-for-review-comment": reply,
    "pulls/list-review-comments": list_all,
    "pulls/get-review-comment": get,
    "pulls/update-review-comment": update,
    "pulls/delete-review-comment": delete,
}
