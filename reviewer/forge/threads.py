"""Review threads, which only GraphQL knows: reading Reviewer's own, resolving them."""

from dataclasses import dataclass
from typing import Any

from reviewer.core.conversation import parse_finding, title_in
from reviewer.core.publication import Thread
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.identity import NO_GRAPHQL, Identity, identify
from reviewer.forge.payload import at, items, text, whole

COMMENTS = 50
"""Comments read of one thread. One with more has been answered by somebody."""

_DOCUMENT = f"""
query($owner: String!, $name: String!, $number: Int!, $after: String) {{
  viewer {{ login }}
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      headRefOid isCrossRepository authorAssociation author {{ login }}
      reviewThreads(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id isResolved path line resolvedBy {{ login }}
          comments(first: {COMMENTS}) {{
            totalCount
            nodes {{ fullDatabaseId body viewerDidAuthor isMinimized state createdAt }}
          }}
        }}
      }}
    }}
  }}
}}
"""
_INSIDERS = ("OWNER", "MEMBER", "COLLABORATOR")
_RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } } }"


@dataclass(frozen=True, slots=True)
class Posted:
    """One of Reviewer's own threads, with what is needed to withdraw its first comment."""

    thread: Thread
    comment: int
    created: str


@dataclass(frozen=True, slots=True)
class Threads:
    """Who Reviewer is, its own visible threads, oldest first, and the head commit; empty where REST stood in."""

    identity: Identity
    posted: tuple[Posted, ...]
    head_sha: str = ""


def read_threads(client: Client, number: int) -> Threads:
    """Reviewer's own visible threads on a pull request.

    Where GraphQL is not to be had, REST's comments stand in: what was posted is known, what was resolved is not.
    """
    try:
        return _from_graphql(client, number)
    except GitHubError as failure:
        if failure.kind not in NO_GRAPHQL:
            raise
        return _from_rest(client, number)


def _from_rest(client: Client, number: int) -> Threads:
    identity = identify(client)
    posted = []
    for row in client.pages(f"/pulls/{number}/comments", f"Reading the comments of pull request {number}"):
        mark = parse_finding(text(row, "body"))
        if mark is None or not identity.owns(row) or whole(row, "in_reply_to_id"):
            continue
        thread = Thread(
            id="",
            fingerprint=mark.fingerprint,
            head_sha=mark.head_sha,
            path=text(row, "path"),
            line=whole(row, "line") or None,
            resolved=False,
            resolved_by_person=False,
            answered=True,  # nothing may be resolved here: whether somebody answered in it is not known
            title=title_in(text(row, "body")),
        )
        posted.append(Posted(thread, whole(row, "id"), text(row, "created_at")))
    return Threads(identity, _oldest_first(posted))


def _from_graphql(client: Client, number: int) -> Threads:
    what = f"Reading the review threads of pull request {number}"
    posted: list[Posted] = []
    after = None
    while True:
        variables = {"owner": client.owner, "name": client.name, "number": number, "after": after}
        data = client.query(_DOCUMENT, variables, what)
        client.login = text(data, "viewer", "login")
        identity = Identity(client.login)
        pull = at(data, "repository", "pullRequest")
        found = at(pull, "reviewThreads")
        if found is None:
            raise GitHubError(Kind.MISSING, f"{what} failed.", "GitHub shows no such pull request.", status=404)
        posted += [one for node in items(found, "nodes") if (one := _posted(node, identity, _outsider(pull)))]
        after = text(found, "pageInfo", "endCursor")
        if at(found, "pageInfo", "hasNextPage") is not True or not after:
            return Threads(identity, _oldest_first(posted), text(pull, "headRefOid"))


def _oldest_first(posted: list[Posted]) -> tuple[Posted, ...]:
    return tuple(sorted(posted, key=lambda one: (one.created, one.comment)))


def _outsider(pull: Any) -> str:
    """The author's login, if GitHub lets him resolve threads for being the author alone: he works in a fork, and the
    repository is not his, his organisation's, or one he was invited to."""
    outside = at(pull, "isCrossRepository") is True and text(pull, "authorAssociation") not in _INSIDERS
    return text(pull, "author", "login") if outside else ""


def _posted(node: Any, identity: Identity, outsider: str) -> Posted | None:
    """The thread if its first comment is Reviewer's and tells a finding; whatever a person started is none."""
    comments = items(node, "comments", "nodes")
    mark = parse_finding(text(comments, 0, "body"))
    if not mark or at(comments, 0, "viewerDidAuthor") is not True or text(comments, 0, "state") == "PENDING":
        return None
    resolved = at(node, "isResolved") is True
    resolver = text(node, "resolvedBy", "login")
    by_person = resolved and bool(resolver) and not identity.names(resolver)
    others = any(at(comment, "viewerDidAuthor") is not True for comment in comments)
    thread = Thread(
        id=text(node, "id"),
        fingerprint=mark.fingerprint,
        head_sha=mark.head_sha,
        path=text(node, "path"),
        line=whole(node, "line") or None,
        resolved=resolved,
        # With a person's own token, resolving by hand cannot be told from resolving by Reviewer.
        resolved_by_person=by_person and resolver != outsider,
        resolved_by_outsider=by_person and resolver == outsider,
        title=title_in(text(comments, 0, "body")),
        answered=others or whole(node, "comments", "totalCount") > COMMENTS,
        dismissed=at(comments, 0, "isMinimized") is True,
    )
    return Posted(thread, whole(comments, 0, "fullDatabaseId"), text(comments, 0, "createdAt"))


def resolve_thread(client: Client, thread_id: str) -> None:
    """Resolve one thread. GitHub asks an Actions token for `contents: write` beside `pull-requests: write` here."""
    client.mutate(_RESOLVE, {"id": thread_id}, "Resolving a review thread")
