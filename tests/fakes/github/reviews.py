"""Reviews: created whole or not at all, submitted, deleted while pending, dismissed."""

from typing import Any

from tests.fakes.github import anchors, views
from tests.fakes.github.anchors import Anchor
from tests.fakes.github.calls import Call, Reply, paged
from tests.fakes.github.errors import check_body_length, forbidden, invalid_request, not_found, unprocessable
from tests.fakes.github.records import Comment, Review, Thread, now
from tests.fakes.github.state import PullRequest

STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
ONE_PENDING = "User can only have one pending review per pull request"
NO_POSITION = ('No subschema in "oneOf" matched.', '"position" wasn\'t supplied.', '"line" wasn\'t supplied.')


def create(call: Call) -> Reply:
    """A review with its comments; one bad comment refuses all of it."""
    body, pull, user = call.body or {}, call.pull, call.rights.login
    text, event, comments = body.get("body", ""), body.get("event"), body.get("comments", [])
    commit = body.get("commit_id", pull.head_sha)
    check_event(call, pull, event, text)
    if not pull.has_commit(commit):
        raise unprocessable("Commit is not part of the pull request")
    if pull.pending_review(user):
        raise unprocessable(ONE_PENDING)
    threads = check_comments(pull, commit, comments)
    review = Review(user, text, STATES.get(event or "", "PENDING"), commit)
    review.submitted_at = now() if event else None
    pull.all_reviews.append(review)
    for thread, comment in zip(threads, comments, strict=True):
        thread.comments.append(Comment(user, comment["body"], pull.open_thread(thread), review))
    return Reply(200, views.review(review, pull, call.api))


def check_event(call: Call, pull: PullRequest, event: str | None, text: str) -> None:
    """Who may do what: no empty comment, no approval by Actions, no verdict on one's own pull request."""
    check_body_length("PullRequestReview", text)
    if event in ("COMMENT", "REQUEST_CHANGES") and not text.strip():
        raise unprocessable("Review body can't be blank")
    if event == "APPROVE" and call.rights.is_bot and not call.rights.may_approve:
        raise unprocessable("GitHub Actions is not permitted to approve pull requests.")
    if event in ("APPROVE", "REQUEST_CHANGES") and pull.issue.user == call.rights.login:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable(f"Review Can not {verb} your own pull request")


def check_comments(pull: PullRequest, commit: str, comments: list[dict[str, Any]]) -> list[Thread]:
    """A thread for each comment, none kept yet; raises with GitHub's sentences if any is wrong."""
    changed = {row.path: row.patch for row in pull.files(commit)}
    threads, sentences = [], []
    for comment in comments:
        check_body_length("PullRequestReviewComment", comment["body"])
        if not comment["body"].strip():
            raise unprocessable("Pull request review comment body can't be blank")
        if comment["path"] not in changed:
            raise unprocessable("Path could not be resolved")
        patch = changed[comment["path"]]
        anchor = anchor_of(comment, patch)
        if found := anchors.problems(patch, anchor):
            sentences.append(anchors.review_sentence(found))
        threads.append(Thread(comment["path"], anchor, anchor, commit, commit))
    if sentences:
        raise unprocessable(*dict.fromkeys(sentences))
    return threads


def anchor_of(comment: dict[str, Any], patch: str | None) -> Anchor:
    """What `line`, `side`, `start_line`, `start_side` or the deprecated `position` of a body mean."""
    if "line" not in comment and "position" not in comment:
        raise invalid_request(*NO_POSITION)
    if "line" not in comment:
        found = anchors.at_position(anchors.rows(patch), comment["position"])
        return found or Anchor("RIGHT", None)
    side = comment.get("side", "RIGHT")
    start = comment.get("start_line")
    return Anchor(side, comment["line"], None if start is None else comment.get("start_side", side), start)


def _visible(call: Call) -> list[Review]:
    return [r for r in call.pull.all_reviews if r.state != "PENDING" or r.user == call.rights.login]


def _one(call: Call) -> Review:
    for review in _visible(call):
        if review.id == call.params["review_id"]:
            return review
    raise not_found()


def list_all(call: Call) -> Reply:
    """Reviews, oldest first; pending ones only to their author."""
    return paged(call, _visible(call), lambda review: views.review(review, call.pull, call.api))


def get(call: Call) -> Reply:
    """One review."""
    return Reply(200, views.review(_one(call), call.pull, call.api))


def update(call: Call) -> Reply:
    """A new text for one's own review."""
    review = _one(call)
    if review.user != call.rights.login:
        raise forbidden()
    check_body_length("PullRequestReview", call.body["body"])
    review.body = call.body["body"]
    return Reply(200, views.review(review, call.pull, call.api))


def delete_pending(call: Call) -> Reply:
    """Withdraw a review that was never submitted, with its comments."""
    review, pull = _one(call), call.pull
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    pull.all_reviews.remove(review)
    for thread in pull.all_threads:
        thread.comments = [comment for comment in thread.comments if comment.review is not review]
    pull.all_threads = [thread for thread in pull.all_threads if thread.comments]
    return Reply(200, views.review(review, pull, call.api))


def submit(call: Call) -> Reply:
    """Make a pending review visible."""
    review, pull, event = _one(call), call.pull, call.body["event"]
    if review.state != "PENDING":
        raise unprocessable("Could not submit a review that is not pending")
    text = call.body.get("body", review.body)
    check_event(call, pull, event, text)
    review.body, review.state, review.submitted_at = text, STATES[event], now()
    return Reply(200, views.review(review, pull, call.api))


def dismiss(call: Call) -> Reply:
    """Take the verdict back; comments and pending reviews have none."""
    review = _one(call)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable(f"Can not dismiss a {review.state.lower()} pull request review")
    review.state = "DISMISSED"
    return Reply(200, views.review(review, call.pull, call.api))


def list_comments(call: Call) -> Reply:
    """The comments of one review; the line fields are not part of this listing."""
    review, pull = _one(call), call.pull
    found = [comment for thread in pull.all_threads for comment in thread.comments if comment.review is review]
    missing = {"line", "side", "start_line", "start_side", "original_line", "original_start_line", "subject_type"}

    def view(comment: Comment) -> dict[str, Any]:
        whole = views.review_comment(comment, pull, call.api)
        return {key: value for key, value in whole.items() if key not in missing}

    return paged(call, found, view)


HANDLERS = {
    "pulls/create-review": create,
    "pulls/list-reviews": list_all,
    "pulls/get-review": get,
    "pulls/update-review": update,
    "pulls/delete-pending-review": delete_pending,
    "pulls/submit-review": submit,
    "pulls/dismiss-review": dismiss,
    "pulls/list-comments-for-review": list_comments,
}
