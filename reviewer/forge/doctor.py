"""What of GitHub works from here: each check says what is missing and what to do, and none writes anything."""

from collections.abc import Mapping
from typing import Any

from reviewer.core.check import Check
from reviewer.errors import ReviewerError
from reviewer.forge.access import Access
from reviewer.forge.client import HOW_TO_AUTHENTICATE, Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.payload import at

_PERMISSIONS = "Set `permissions: {contents: read, pull-requests: write}` on the job."
_IN_ACTIONS = (
    "An Actions token does not tell whether it may write comments; without that, they go to the summary. "
    "To resolve the threads of mended findings GitHub asks it for `contents: write`; without that, they stay open."
)


def check(env: Mapping[str, str], *, wait_limit: float = 10.0, timeout: int = 10) -> tuple[Check, ...]:
    """Token, API, repository, pull requests: each needs the one before, so what fails early ends it."""
    access, repository = Access.of(env), env.get("GITHUB_REPOSITORY", "")
    if not access.token:
        return (Check("GitHub token", False, "GITHUB_TOKEN is not set.", HOW_TO_AUTHENTICATE),)
    checks = [Check("GitHub token", True, "GITHUB_TOKEN is set.")]
    if repository.count("/") != 1:
        step = "Set GITHUB_REPOSITORY to OWNER/NAME, or run it in GitHub Actions."
        return (*checks, Check("Repository", False, f"GITHUB_REPOSITORY is {repository[:80]!r}.", step))
    try:
        client = access.client(repository, timeout=timeout, wait_limit=wait_limit)
        found = client.get("", f"Reading the repository {repository}")
    except ReviewerError as failure:
        return (*checks, *_unreachable(failure))
    checks += [
        Check("GitHub API", True, access.api_url),
        Check("Repository", True, f"{repository} can be read."),
    ]
    return (*checks, _reads(client), _graphql(client), _writes(found, env))


def _unreachable(failure: ReviewerError) -> tuple[Check, ...]:
    if not isinstance(failure, GitHubError):
        return (Check("GitHub API", False, failure.what, failure.step),)
    if failure.kind in (Kind.TRANSIENT, Kind.BROKEN, Kind.LIMITED) or failure.status is None:
        return (Check("GitHub API", False, f"{failure.what} {failure.cause}", failure.step),)
    reached = Check("GitHub API", True, "GitHub answers.")
    name = "GitHub token" if failure.kind is Kind.CREDENTIALS else "Repository"
    return (reached, Check(name, False, f"{failure.what} {failure.cause}", failure.step))


def _reads(client: Client) -> Check:
    try:
        client.get("/pulls", "Listing pull requests", {"per_page": 1})
    except GitHubError as failure:
        return Check("Pull requests", False, f"{failure.what} {failure.cause}", _PERMISSIONS)
    return Check("Pull requests", True, "Pull requests can be read.")


def _graphql(client: Client) -> Check:
    try:
        client.query("query { viewer { login } }", {}, "Asking the GraphQL API")
    except GitHubError as failure:
        return Check("GraphQL API", False, f"{failure.what} {failure.cause}", "Check GITHUB_GRAPHQL_URL.")
    return Check("GraphQL API", True, "The GraphQL API answers.")


def _writes(found: Any, env: Mapping[str, str]) -> Check:
    """What can be learned without writing: a person's rights, or that a token of Actions tells nothing of its own."""
    name = "Comments"
    if at(found, "permissions", "push") is True:
        return Check(name, True, "The token may write to the repository.")
    if at(found, "archived") is True:
        return Check(name, False, "The repository is archived: nobody may comment.", "Unarchive it.")
    if env.get("GITHUB_ACTIONS") == "true":
        return Check(name, True, _IN_ACTIONS, _PERMISSIONS)
    detail = "The token may read the repository but not write to it; a personal token may still comment."
    return Check(name, True, detail, "Give a fine-grained token `Pull requests: write`.")
