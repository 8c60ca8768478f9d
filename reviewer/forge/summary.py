"""The one summary comment of a pull request: found by its marker among Reviewer's own comments, updated in place."""

from typing import Any

from reviewer.core.conversation import parse_summary
from reviewer.core.publication import Publication
from reviewer.errors import ForgeError
from reviewer.forge.client import Client
from reviewer.forge.identity import identify
from reviewer.forge.payload import text, whole
from reviewer.forge.posting import failed

CHANNEL = "summary"


def read_summary(client: Client, number: int) -> str | None:
    """The body of Reviewer's own summary comment, or None where there is none."""
    own = _own(client, number)
    return text(own[0], "body") if own else None


def upsert_summary(client: Client, number: int, body: str) -> Publication:
    """Write the summary comment: created, updated, or left as it is when it already says the same."""
    try:
        return _upsert(client, number, body)
    except ForgeError as failure:
        return failed(CHANNEL, failure, "pull-requests: write")


def _upsert(client: Client, number: int, body: str) -> Publication:
    if parse_summary(body) is None:
        message = "a summary without its marker would be posted again by each run"
        raise ValueError(message)
    own = _own(client, number)
    if not own:
        return _create(client, number, body)
    _withdraw(client, own[1:])
    if _same(text(own[0], "body"), body):
        return Publication(CHANNEL, "unchanged", text(own[0], "html_url"))
    path = f"/issues/comments/{whole(own[0], 'id')}"
    done = client.send("PATCH", path, "Updating the summary comment", {"body": body}, idempotent=True)
    return Publication(CHANNEL, "updated", text(done, "html_url"))


def _create(client: Client, number: int, body: str) -> Publication:
    path, what = f"/issues/{number}/comments", "Posting the summary comment"
    made = client.create(path, what, {"body": body}, lambda: next(iter(_own(client, number)), None))
    # Another run may have posted its own in the same moment: of all, the oldest stays, and has the last word.
    own = _own(client, number)
    _withdraw(client, own[1:])
    if own and not _same(text(own[0], "body"), body):
        path = f"/issues/comments/{whole(own[0], 'id')}"
        client.send("PATCH", path, "Updating the summary comment", {"body": body}, idempotent=True)
    return Publication(CHANNEL, "posted", text(own[0] if own else made, "html_url"))


def _withdraw(client: Client, rows: list[Any]) -> None:
    for row in rows:
        client.delete(f"/issues/comments/{whole(row, 'id')}", "Withdrawing a second summary comment")


def _own(client: Client, number: int) -> list[Any]:
    """Reviewer's own summary comments, oldest first: none of another author's, whatever it holds."""
    what = f"Reading the comments of pull request {number}"
    rows = [row for row in client.pages(f"/issues/{number}/comments", what) if parse_summary(text(row, "body"))]
    if not rows:
        return []
    identity = identify(client)
    return sorted((row for row in rows if identity.owns(row)), key=lambda row: whole(row, "id"))


def _same(one: str, other: str) -> bool:
    """Whether two bodies say the same; GitHub may store other line ends than were sent."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
