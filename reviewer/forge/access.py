"""Where GitHub is, and the token for it, as the environment says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewer.forge.client import API_URL, Client

WEB_URL = "https://github.com"


@dataclass(frozen=True, slots=True)
class Access:
    """The addresses of the two APIs and of the pages for people. `graphql_url` None: as `api_url` implies."""

    token: str
    api_url: str = API_URL
    graphql_url: str | None = None
    web_url: str = WEB_URL

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Access":
        """By GITHUB_TOKEN, GITHUB_API_URL, GITHUB_GRAPHQL_URL and GITHUB_SERVER_URL; an empty one counts as not set."""
        return cls(
            env.get("GITHUB_TOKEN", "").strip(),
            env.get("GITHUB_API_URL") or API_URL,
            env.get("GITHUB_GRAPHQL_URL") or None,
            env.get("GITHUB_SERVER_URL") or WEB_URL,
        )

    def client(self, repository: str, **limits: Any) -> Client:
        """A client for one repository, with the limits that `Client` takes."""
        return Client(self.token, repository, api_url=self.api_url, graphql_url=self.graphql_url, **limits)
