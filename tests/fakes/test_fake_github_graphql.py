"""The fake over GraphQL: threads, blobs, mutations, and GitHub's errors."""

from typing import Any

import pytest

from tests.fakes.conftest import Opener, Shop
from tests.fakes.github import Limits

THREADS = """
query($first: Int!, $after: String) { repository(owner: "octo", name: "shop") { pullRequest(number: 7) {
  isDraft headRefOid baseRefOid
  reviewThreads(first: $first, after: $after) {
    nodes { id isResolved isOutdated path line originalLine startLine diffSide subjectType viewerCanResolve
      resolvedBy { login }
      comments(first: 1) { nodes { id fullDatabaseId body author { __typename login } viewerDidAuthor } } }
    pageInfo { hasNextPage endCursor } } } } }
"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
ADD = """
mutation($pull: ID!, $path: String!, $line: Int, $kind: PullRequestReviewThreadSubjectType) {
  addPullRequestReviewThread(input: {pullRequestId: $pull, path: $path, line: $line, body: "x", subjectType: $kind}) {
    thread { id path line subjectType comments(first: 1) { nodes { pullRequestReview { id state } } } } } }
"""


def test_threads_by_pages(shop: Shop) -> None:
    shop.review({"path": "a.py", "line": 3, "start_line": 1}, {"path": "a.py", "line": 30, "side": "LEFT"})
    shop.pull.reply(shop.pull.threads[0], "I disagree", author="mona")
    shop.pull.resolve(shop.pull.threads[0], by="mona")

    first = shop.graphql(THREADS, first=1)["data"]["repository"]["pullRequest"]
    page = first["reviewThreads"]["pageInfo"]
    second = shop.graphql(THREADS, first=1, after=page["endCursor"])["data"]["repository"]["pullRequest"]

    (node,) = first["reviewThreads"]["nodes"]
    (comment,) = node.pop("comments")["nodes"]
    assert node == {
        "id": shop.pull.threads[0].node_id,
        "isResolved": True,
        "isOutdated": False,
        "path": "a.py",
        "line": 3,
        "originalLine": 3,
        "startLine": 1,
        "diffSide": "RIGHT",
        "subjectType": "LINE",
        "viewerCanResolve": False,
        "resolvedBy": {"login": "mona"},
    }
    assert comment["author"] == {"__typename": "Bot", "login": "github-actions"}
    assert (comment["fullDatabaseId"], comment["viewerDidAuthor"]) == (str(shop.pull.comments[0].id), True)
    assert (page["hasNextPage"], second["reviewThreads"]["pageInfo"]["hasNextPage"]) == (True, False)
    assert [one["diffSide"] for one in second["reviewThreads"]["nodes"]] == ["LEFT"]


def test_blobs_by_alias(open_shop: Opener) -> None:
    shop = open_shop(limits=Limits(graphql_text_bytes=4))
    head, base = shop.pull.head_sha, shop.pull.base_sha
    fields = "{ ... on Blob { text isBinary isTruncated byteSize } }"
    query = f"""{{ repository(owner: "octo", name: "shop") {{
        doc: object(expression: "{head}:docs/né w.md") {fields}
        long: object(expression: "{base}:a.py") {fields}
        logo: object(expression: "{head}:logo.png") {fields}
        none: object(expression: "{head}:gone.py") {fields} }} }}"""

    found = shop.graphql(query)["data"]["repository"]

    assert found["doc"] == {"text": "hi\n", "isBinary": False, "isTruncated": False, "byteSize": 3}
    assert found["long"] == {"text": "l1\nl", "isBinary": False, "isTruncated": True, "byteSize": 151}
    assert (found["logo"]["isBinary"], found["logo"]["text"], found["none"]) == (True, None, None)


@pytest.mark.parametrize(("rights", "kind"), [({}, "FORBIDDEN"), ({"writable": False}, "FORBIDDEN")])
def test_resolving_needs_write_access_to_contents(open_shop: Opener, rights: dict[str, Any], kind: str) -> None:
    shop = open_shop(**rights)
    answer = shop.graphql(RESOLVE, id="PRRT_1")

    assert answer["data"] == {"resolveReviewThread": None}
    assert [(e["type"], e["message"]) for e in answer["errors"]] == [(kind, "Resource not accessible by integration")]


def test_resolving(open_shop: Opener) -> None:
    shop = open_shop(contents_write=True)
    shop.review({"path": "a.py", "line": 3})
    (thread,) = shop.pull.threads

    answer = shop.graphql(RESOLVE, id=thread.node_id)

    assert answer == {"data": {"resolveReviewThread": {"thread": {"isResolved": True}}}}
    assert (thread.is_resolved, thread.resolved_by) == (True, "github-actions[bot]")
    assert shop.graphql(RESOLVE, id="PRRT_1")["errors"][0]["type"] == "NOT_FOUND"


def test_pygithub_minimizes_a_comment(shop: Shop) -> None:
    comment = shop.client.get_repo("octo/shop").get_issue(7).create_comment("old")

    assert comment.minimize() is True
    assert [one.minimized for one in shop.pull.issue_comments] == ["outdated"]


def test_file_threads_ride_in_a_pending_review(shop: Shop) -> None:
    made = shop.graphql(ADD, pull=shop.pull.node_id, path="logo.png", kind="FILE")
    thread = made["data"]["addPullRequestReviewThread"]["thread"]
    review = thread["comments"]["nodes"][0]["pullRequestReview"]

    assert (thread["subjectType"], thread["line"], review["state"]) == ("FILE", None, "PENDING")
    assert shop.pull.threads == []
    number = review["id"].removeprefix("PRR_")
    shop.send("POST", f"/pulls/7/reviews/{number}/events", {"event": "COMMENT", "body": "done"})
    assert [one.path for one in shop.pull.threads] == ["logo.png"]


def test_anchors_outside_hunks_are_accepted_and_lost(shop: Shop) -> None:
    made = shop.graphql(ADD, pull=shop.pull.node_id, path="a.py", line=20, kind="LINE")

    assert "errors" not in made
    assert [thread.lost for thread in shop.pull.all_threads] == [True]


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ('{ repository(owner: "a", name: "b") { name } }', "NOT_FOUND", "Could not resolve to a Repository"),
        (THREADS.replace("first: $first, ", ""), "MISSING_PAGINATION_BOUNDARIES", "`first` or `last`"),
        (THREADS.replace("first: $first", "first: 101"), "EXCESSIVE_PAGINATION", "limit of 100 records"),
        ("{ repository(owner: 1) { name } }", None, "name"),
        ("{ nonsense }", None, "nonsense"),
        ("{", None, "Syntax Error"),
    ],
)
def test_errors(shop: Shop, query: str, kind: str | None, words: str) -> None:
    wants_first = "first: $first" in query
    errors = shop.graphql(query.replace("$first: Int!, ", "") if not wants_first else query)["errors"]

    assert errors[0].get("type") == kind
    assert any(words in error["message"] for error in errors)
