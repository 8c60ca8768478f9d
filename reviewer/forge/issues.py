"""The audit's one issue of a repository: found by its marker among Reviewer's own issues, updated in place.

Labels find it first. GitHub drops labels without a word where a token may not set them, and people take them off, so
the issues that were updated last are looked through as well before a new one is opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reviewer.core.audit_report import AUDIT_LABEL, IssueDraft, audited_commit
from reviewer.core.publication import Publication
from reviewer.errors import ForgeError
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.identity import identify
from reviewer.forge.payload import at, items, text, whole

CHANNEL = "issue"
_LOOKED_THROUGH = 1_000
"""Issues without the label that are looked through; Reviewer's own is updated every night, so it stands in front."""
_DISABLED = 410


@dataclass(frozen=True, slots=True)
class AuditIssue:
    """The audit's issue as it stands."""

    number: int
    open: bool
    title: str
    body: str
    url: str
    labelled: bool


def upsert_audit_issue(client: Client, draft: IssueDraft) -> Publication:
    """Bring the audit's issue up to date: opened, updated, closed, opened again, or left as it is."""
    if audited_commit(draft.body) is None:
        message = "an issue without its marker would be filed again by each audit"
        raise ValueError(message)
    try:
        return _upsert(client, draft)
    except ForgeError as failure:
        return _failed(failure)


def _upsert(client: Client, draft: IssueDraft) -> Publication:
    own = _own(client)
    if own:
        _close_twins(client, own)
        return _update(client, own[0], draft)
    if draft.state != "open":
        return Publication(CHANNEL, "skipped", "nothing stands, and there is no issue to close")
    return _create(client, draft)


def _create(client: Client, draft: IssueDraft) -> Publication:
    sent = {"title": draft.title, "body": draft.body, "labels": [AUDIT_LABEL]}
    made = client.create("/issues", "Opening the audit's issue", sent, lambda: _own(client) or None)
    if isinstance(made, list):
        _close_twins(client, made)
        return _update(client, made[0], draft)
    return Publication(CHANNEL, "posted", text(made, "html_url"))


def _update(client: Client, issue: AuditIssue, draft: IssueDraft) -> Publication:
    change: dict[str, Any] = {}
    if issue.title != draft.title:
        change["title"] = draft.title
    if not _same(issue.body, draft.body):
        change["body"] = draft.body
    if draft.state == "closed" and issue.open:
        change |= {"state": "closed", "state_reason": "completed"}
    elif draft.state == "open" and draft.reopen and not issue.open:
        change |= {"state": "open", "state_reason": "reopened"}
    if not change:
        return Publication(CHANNEL, "unchanged", issue.url)
    client.send("PATCH", f"/issues/{issue.number}", "Updating the audit's issue", change, idempotent=True)
    if not issue.labelled:
        _label(client, issue)
    done = {"closed": ", closed", "open": ", opened again"}.get(change.get("state", ""), "")
    return Publication(CHANNEL, "updated", issue.url + done)


def _label(client: Client, issue: AuditIssue) -> None:
    """Put the label back; where that is refused, the issue is found without it."""
    try:
        path = f"/issues/{issue.number}/labels"
        client.send("POST", path, "Labelling the audit's issue", {"labels": [AUDIT_LABEL]}, idempotent=True)
    except GitHubError as failure:
        if failure.kind not in (Kind.PERMISSION, Kind.REFUSED, Kind.MISSING):
            raise


def _close_twins(client: Client, own: list[AuditIssue]) -> None:
    """Runs that began together may each have opened one: the oldest stays."""
    for twin in own[1:]:
        if twin.open:
            change = {"state": "closed", "state_reason": "not_planned"}
            client.send("PATCH", f"/issues/{twin.number}", "Closing a second audit issue", change, idempotent=True)


def _own(client: Client) -> list[AuditIssue]:
    """Reviewer's own audit issues, oldest first: none of another author's, whatever it holds."""
    what = "Reading the repository's issues"
    labelled = {"labels": AUDIT_LABEL, "state": "all"}
    own = _audits(client, client.pages("/issues", what, labelled))
    if not own:
        newest = {"state": "all", "sort": "updated", "direction": "desc"}
        own = _audits(client, islice(client.pages("/issues", what, newest), _LOOKED_THROUGH))
    return own


def _audits(client: Client, rows: Iterable[Any]) -> list[AuditIssue]:
    marked = [row for row in rows if at(row, "pull_request") is None and audited_commit(text(row, "body"))]
    if not marked:
        return []
    identity = identify(client)
    return sorted((_issue(row) for row in marked if identity.owns(row)), key=lambda issue: issue.number)


def _issue(row: Any) -> AuditIssue:
    names = {text(label, "name").lower() for label in items(row, "labels")}
    return AuditIssue(
        number=whole(row, "number"),
        open=text(row, "state") == "open",
        title=text(row, "title"),
        body=text(row, "body"),
        url=text(row, "html_url"),
        labelled=AUDIT_LABEL in names,
    )


def _same(one: str, other: str) -> bool:
    """Whether two bodies say the same; GitHub may store other line ends than were sent."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _failed(failure: ForgeError) -> Publication:
    if failure.status == _DISABLED:
        return Publication(CHANNEL, "skipped", "the repository has its issues switched off")
    if isinstance(failure, GitHubError) and failure.kind is Kind.PERMISSION:
        return Publication(CHANNEL, "skipped", f"the token lacks `issues: write`. {failure.cause}")
    return Publication(CHANNEL, "failed", str(failure))
