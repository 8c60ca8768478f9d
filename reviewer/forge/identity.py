"""Who Reviewer is on GitHub: only what this token wrote is ever changed.

REST calls the author of an Actions token's comments `github-actions[bot]`, GraphQL calls the same one `github-actions`;
`GET /user` is refused to such tokens, so GraphQL's `viewer` is asked.
"""

from dataclasses import dataclass
from typing import Any

from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.payload import text

_BOT = "[bot]"
ACTIONS = "github-actions"
NO_GRAPHQL = (Kind.MISSING, Kind.REFUSED, Kind.BROKEN, Kind.PERMISSION)
"""Failures that say GraphQL is not to be had here, rather than not now."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The token's login as `viewer` gives it."""

    login: str

    def owns(self, item: Any) -> bool:
        """Whether a REST review or comment is of this token's user; a person may bear a bot's name without `[bot]`."""
        login, bot = text(item, "user", "login"), text(item, "user", "type") == "Bot"
        if not login or login.endswith(_BOT) != bot:
            return False
        return login == self.login or (bot and login == self.login + _BOT)

    def names(self, login: str) -> bool:
        """Whether GraphQL's login of an actor is this token's user."""
        return bool(login) and login.removesuffix(_BOT).lower() == self.login.removesuffix(_BOT).lower()


def identify(client: Client) -> Identity:
    """Whose token it is; asked once. Where GraphQL does not answer, REST is asked, which Actions tokens may not."""
    if not client.login:
        client.login = _viewer(client) or _user(client)
    return Identity(client.login)


def _viewer(client: Client) -> str:
    try:
        return text(client.query("query { viewer { login } }", {}, "Asking whose token it is"), "viewer", "login")
    except GitHubError as failure:
        if failure.kind not in NO_GRAPHQL:
            raise
        return ""


def _user(client: Client) -> str:
    try:
        return text(client.user(), "login") or ACTIONS
    except GitHubError as failure:
        if failure.kind in (Kind.LIMITED, Kind.TRANSIENT):
            raise
        return ACTIONS
