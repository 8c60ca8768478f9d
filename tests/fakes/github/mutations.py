"""GraphQL mutations: resolving, minimising, threads of a pending review."""

from collections.abc import Callable
from typing import Any

from tests.fakes.github import anchors, objects
from tests.fakes.github.anchors import Anchor
from tests.fakes.github.calls import Call
from tests.fakes.github.errors import ApiError
from tests.fakes.github.objects import GraphError
from tests.fakes.github.records import Comment, IssueComment, Review, Thread, now
from tests.fakes.github.reviews import STATES, check_event
from tests.fakes.github.state import PullRequest

Json = dict[str, Any]
Act = Callable[[Call, Json], Json]


def _resolver(act: Act, needs_contents: bool = False) -> Callable[..., Json]:
    def resolve(_: Any, info: Any, input: Json) -> Json:
        call: Call = info.context
        if not call.rights.writable or (needs_contents and not call.rights.contents_write):
            raise GraphError("FORBIDDEN", "Resource not accessible by integration")
        return act(call, input) | {"clientMutationId": input.get("clientMutationId")}

    return resolve


def _thread(call: Call, node_id: str) -> Thread:
    _, found = objects.find(call, node_id)
    if not isinstance(found, Thread):
        raise objects.unresolved(node_id, "PullRequestReviewThread node")
    return found


def _resolve(call: Call, given: Json) -> Json:
    thread = _thread(call, given["threadId"])
    thread.is_resolved, thread.resolved_by = True, call.rights.login
    return {"thread": objects.thread(thread, call)}


def _unresolve(call: Call, given: Json) -> Json:
    thread = _thread(call, given["threadId"])
    thread.is_resolved, thread.resolved_by = False, None
    return {"thread": objects.thread(thread, call)}


def _minimizable(call: Call, node_id: str) -> Comment | IssueComment:
    _, found = objects.find(call, node_id)
    if not isinstance(found, Comment | IssueComment):
        raise objects.unresolved(node_id, "Minimizable node")
    return found


def _minimize(call: Call, given: Json) -> Json:
    found = _minimizable(call, given["subjectId"])
    found.minimized = given["classifier"].lower().replace("_", "-")
    return {"minimizedComment": objects.node(call, given["subjectId"])}


def _unminimize(call: Call, given: Json) -> Json:
    _minimizable(call, given["subjectId"]).minimized = None
    return {"unminimizedComment": objects.node(call, given["subjectId"])}


def _pull_and_review(call: Call, given: Json) -> tuple[PullRequest, Review | None]:
    if review_id := given.get("pullRequestReviewId"):
        pull, review = objects.find(call, review_id)
        if pull is None or not isinstance(review, Review) or review.user != call.rights.login:
            raise objects.unresolved(review_id, "PullRequestReview node")
        return pull, review
    if pull_id := given.get("pullRequestId"):
        _, found = objects.find(call, pull_id)
        if isinstance(found, PullRequest):
            return found, found.pending_review(call.rights.login)
    raise GraphError("UNPROCESSABLE", "pullRequestId or pullRequestReviewId is required")


def _add_thread(call: Call, given: Json) -> Json:
    pull, review = _pull_and_review(call, given)
    path = given["path"]
    if all(row.path != path for row in pull.files()):
        raise GraphError("UNPROCESSABLE", "Path could not be resolved")
    if review is None:
        review = Review(call.rights.login, "", "PENDING", pull.head_sha)
        pull.all_reviews.append(review)
    if review.state != "PENDING":
        raise GraphError("UNPROCESSABLE", "The review is not pending")
    thread = _new_thread(pull, given)
    thread.comments.append(Comment(call.rights.login, given["body"], thread, review))
    return {"thread": objects.thread(thread, call)}


def _new_thread(pull: PullRequest, given: Json) -> Thread:
    path, head = given["path"], pull.head_sha
    if given["subjectType"] == "FILE":
        return pull.open_thread(Thread(path, Anchor("RIGHT", None), Anchor("RIGHT", None), head, head, "file"))
    start = given.get("startLine")
    anchor = Anchor(given["side"], given.get("line"), given["startSide"] if start else None, start)
    # GitHub takes an anchor outside the hunks here, and then never shows the thread.
    lost = bool(anchors.problems(pull.patch(path), anchor))
    return pull.open_thread(Thread(path, anchor, anchor, head, head, lost=lost))


def _submit(call: Call, given: Json) -> Json:
    pull, review = _pull_and_review(call, given)
    if review is None or review.state != "PENDING" or given["event"] not in STATES:
        raise GraphError("UNPROCESSABLE", "Could not submit the review: it is not pending")
    text = given.get("body") or review.body
    try:
        check_event(call, pull, given["event"], text)
    except ApiError as error:
        raise GraphError("UNPROCESSABLE", "; ".join(map(str, error.errors or [error.message]))) from error
    review.body, review.state, review.submitted_at = text, STATES[given["event"]], now()
    return {"pullRequestReview": objects.review(review)}


RESOLVERS = {
    # Resolving asks for contents: write, which a review job's token should not have.
    "resolveReviewThread": _resolver(_resolve, needs_contents=True),
    "unresolveReviewThread": _resolver(_unresolve, needs_contents=True),
    "minimizeComment": _resolver(_minimize),
    "unminimizeComment": _resolver(_unminimize),
    "addPullRequestReviewThread": _resolver(_add_thread),
    "submitPullRequestReview": _resolver(_submit),
}
