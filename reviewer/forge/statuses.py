"""The commit status by which a maintainer's run vouches for its verdict to the pull request's own run.

A fork's run has a read-only token: it can read a status of the repository and can make none, and no text of a pull
request ever gets into the one whose context and creator are Reviewer's.
"""

import re
from typing import Any, Literal

from reviewer.core.publication import Publication
from reviewer.errors import ForgeError
from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.identity import identify
from reviewer.forge.payload import at, text

CHANNEL = "status"
CONTEXT = "Reviewer verdict"
"""Not the name of the job: GitHub takes a status and a check of one name for two checks, both required."""
DESCRIPTION_LIMIT = 140
_IMPRINT = re.compile(r" ([0-9a-f]{32})$")

State = Literal["success", "failure", "error"]


def read_imprint(client: Client, sha: str) -> str:
    """The imprint in Reviewer's own newest status on a commit; empty where there is none that can be read.

    Without it the run ends as it would without a maintainer's review, so no failure here is worth another end.
    """
    newest = _newest(client, sha)
    found = _IMPRINT.search(text(newest, "description")) if text(newest, "state") != "error" else None
    return found[1] if found else ""


def post_status(client: Client, sha: str, state: State, told: str, imprint: str, url: str) -> Publication:
    """Say the verdict on a commit, unless the newest status says the same. `told` is cut to what has room."""
    description = f"{told[: DESCRIPTION_LIMIT - 33]} {imprint}".strip()
    sent = {"state": state, "context": CONTEXT, "description": description, "target_url": url or None}
    try:
        newest = _newest(client, sha)
        if (text(newest, "state"), text(newest, "description")) == (state, description):
            return Publication(CHANNEL, "unchanged", CONTEXT)
        # Sent twice it says the same thing twice, and the newest counts.
        client.send("POST", f"/statuses/{sha}", "Posting the verdict as a commit status", sent, idempotent=True)
    except ForgeError as failure:
        return _failed(failure)
    return Publication(CHANNEL, "posted", CONTEXT)


def _newest(client: Client, sha: str) -> Any:
    """None where there is none, or none that can be read."""
    try:
        rows = client.pages(f"/commits/{sha}/statuses", f"Reading the statuses of {sha[:12]}")
        ours = (row for row in rows if text(row, "context") == CONTEXT)
        return next((row for row in ours if identify(client).owns({"user": at(row, "creator")})), None)
    except GitHubError:
        return None


def _failed(failure: ForgeError) -> Publication:
    if isinstance(failure, GitHubError) and failure.kind is Kind.PERMISSION:
        why = "the token lacks `statuses: write`, so the pull request's own check cannot take this verdict over"
        return Publication(CHANNEL, "skipped", f"{why}; grant it under `permissions:` in the workflow")
    return Publication(CHANNEL, "failed", str(failure))
