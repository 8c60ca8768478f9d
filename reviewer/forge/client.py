"""Requests to GitHub through PyGithub's requester, with one policy for waiting and trying again.

PyGithub's own retry is switched off: it sleeps as long as any Retry-After says, does not know the limits that come as
429 or 422, and would send a POST again without asking whether the first was carried out. Here every wait is counted
against `wait_limit`, and what is not idempotent is sent once; before it is tried again, one looks (`Client.create`).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from reviewer.clock import Clock, SystemClock
from reviewer.errors import ConfigError
from reviewer.forge.connection import forgiving_connections
from reviewer.forge.failure import GitHubError, Kind, broken, failed_answer, failed_graphql, failed_request
from reviewer.forge.payload import at
from reviewer.guard.outgoing import clean_tree

API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
PER_PAGE = 100
MOST_PAGES = 1_000
"""No list of GitHub's that is read here is as long: one that is has no end."""
TRIES = {Kind.LIMITED: 5, Kind.TRANSIENT: 5, Kind.BROKEN: 2}
"""How often a request is tried. An answer that is not GitHub's may have been garbled once on its way."""
SECONDARY_WAIT = 60.0
"""What GitHub asks for where a secondary limit names no time; doubled with each further refusal."""
HOW_TO_AUTHENTICATE = "Set it; in Actions: `env: {GITHUB_TOKEN: ${{ github.token }}}`."
_MAX_WAIT = 600.0


def _is_address(url: str) -> bool:
    """Whether it is one of the web, with a host and a port that can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class Client:
    """One token's access to one repository. Synchronous, for one thread.

    `wait_limit` is the sum of seconds that may go into waits after refusals; the wait that would go beyond it is not
    begun, and the refusal is raised. `write_gap` is the least number of seconds between two writes.
    """

    def __init__(
        self,
        token: str,
        repository: str,
        *,
        api_url: str = API_URL,
        graphql_url: str | None = None,
        timeout: int = 30,
        wait_limit: float = 300.0,
        write_gap: float = 1.0,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not _is_address(api_url):
            raise ConfigError(
                f"GITHUB_API_URL is {api_url[:100]!r}.", "It is no web address.", "Unset it, or correct it."
            )
        if not token.strip():
            raise GitHubError(
                Kind.CREDENTIALS, "There is no GitHub token.", "GITHUB_TOKEN is not set.", HOW_TO_AUTHENTICATE
            )
        if not (token.strip().isascii() and token.strip().isprintable()):
            raise ConfigError(
                "GITHUB_TOKEN is no token.", "It has characters that no token has.", "Copy it anew, in one line."
            )
        self.rename(repository)
        self._token, self._api_url, self._timeout = token.strip(), api_url.rstrip("/"), timeout
        self._requester = self._connect(self._api_url)
        derived = self._requester.graphql_url
        self._graphql = self._requester
        if graphql_url and graphql_url.rstrip("/") != derived:
            self._graphql = self._connect(graphql_url.rstrip("/").removesuffix("/graphql"))
        self._left, self._gap = wait_limit, write_gap
        self._clock: Clock = clock or SystemClock()
        self._sleep = sleep
        self._wrote: float | None = None
        self.login = ""  # whose token it is, once GraphQL has said so

    def rename(self, repository: str) -> None:
        """Speak of the repository by this name, OWNER/NAME.

        GitHub redirects from a former name, but PyGithub follows only some redirects, and those without the query. It
        follows none to another host.
        """
        self.repository = repository
        self.owner, _, self.name = repository.partition("/")

    def _connect(self, base_url: str) -> Any:
        import github

        with forgiving_connections():
            return github.Github(
                auth=github.Auth.Token(self._token),
                base_url=base_url,
                timeout=self._timeout,
                per_page=PER_PAGE,
                retry=None,
                lazy=True,
                api_version=API_VERSION,
                user_agent="reviewer",
                seconds_between_requests=None,
                seconds_between_writes=None,
            ).requester

    def get(self, path: str, what: str, params: Mapping[str, Any] | None = None) -> Any:
        """One GET below the repository (`/pulls/1`), tried again while that may help."""
        return self._patiently(lambda: self._exchange(self._requester, "GET", path, what, params=params))[1]

    def user(self) -> Any:
        """Whose token it is by REST, which refuses to tell Actions tokens."""
        url = f"{self._requester.base_url}/user"
        return self._patiently(lambda: self._exchange(self._requester, "GET", url, "Asking whose token it is"))[1]

    def pages(self, path: str, what: str, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Every element of a list, page after page of 100; a page may have fewer, since GitHub hides some elements."""
        before: Any = None
        for number in range(1, MOST_PAGES + 1):
            asked = {**(params or {}), "per_page": PER_PAGE, "page": number}
            headers, rows = self._patiently(partial(self._exchange, self._requester, "GET", path, what, params=asked))
            if not isinstance(rows, list):
                raise broken(what, "a list was promised")
            if rows and rows == before:
                raise broken(what, "one page comes again and again; the repository may have another name now")
            yield from rows
            if 'rel="next"' not in headers.get("link", ""):
                return
            before = rows
        raise broken(what, f"the list has no end within {MOST_PAGES * PER_PAGE:,} elements")

    def send(self, method: str, path: str, what: str, body: Any = None, *, idempotent: bool) -> Any:
        """One write below the repository. What is not idempotent is sent once and its failure raised."""

        def once() -> Any:
            return self._write(lambda: self._exchange(self._requester, method, path, what, body=body)[1])

        return self._patiently(once) if idempotent else once()

    def create(self, path: str, what: str, body: Any, find: Callable[[], Any]) -> Any:
        """One POST below the repository. Where it fails, `find` looks whether it was carried out all the same, or
        another run was first: its answer is then returned, else (None) the POST is sent again while that may help.
        """
        attempt = 0
        while True:
            try:
                return self.send("POST", path, what, body, idempotent=False)
            except GitHubError as failure:
                attempt += 1
                self.pause(failure, attempt)
            found = find()
            if found is not None:
                return found

    def delete(self, path: str, what: str) -> None:
        """One DELETE below the repository; what is gone already is fine."""
        try:
            self.send("DELETE", path, what, idempotent=True)
        except GitHubError as failure:
            if failure.kind is not Kind.MISSING:
                raise

    def query(self, document: str, variables: Mapping[str, Any], what: str) -> Any:
        """The `data` of one GraphQL query, which changes nothing and may be sent again."""
        return self._patiently(lambda: self._graph(document, variables, what))

    def mutate(self, document: str, variables: Mapping[str, Any], what: str) -> Any:
        """The `data` of one idempotent GraphQL mutation."""
        return self._patiently(lambda: self._write(lambda: self._graph(document, variables, what)))

    def pause(self, failure: GitHubError, attempt: int) -> None:
        """Wait before a failed request is tried for the `attempt`-th further time, or raise the failure."""
        if attempt >= TRIES.get(failure.kind, 1):
            raise failure
        wait = self._wait(failure, attempt)
        if wait > self._left:
            raise GitHubError(
                failure.kind,
                failure.what,
                f"{failure.cause} A new try is {wait:.0f} s away, and {self._left:.0f} s are left for waiting.",
                failure.step,
                status=failure.status,
            ) from failure
        self._left -= wait
        self._sleep(wait)

    def _wait(self, failure: GitHubError, attempt: int) -> float:
        if failure.wait is not None:
            return failure.wait
        if failure.kind is not Kind.LIMITED:
            return float(2 ** (attempt - 1))
        if failure.reset is not None:
            return max(failure.reset - self._clock.now().timestamp(), 0.0) + 1.0
        return float(min(SECONDARY_WAIT * 2 ** (attempt - 1), _MAX_WAIT))

    def _patiently(self, once: Callable[[], Any]) -> Any:
        attempt = 0
        while True:
            try:
                return once()
            except GitHubError as failure:
                attempt += 1
                self.pause(failure, attempt)

    def _write(self, once: Callable[[], Any]) -> Any:
        if self._wrote is not None:
            early = self._wrote + self._gap - self._clock.monotonic()
            if early > 0:
                self._sleep(early)
        try:
            return once()
        finally:
            self._wrote = self._clock.monotonic()

    def _graph(self, document: str, variables: Mapping[str, Any], what: str) -> Any:
        body = {"query": document, "variables": dict(variables)}
        headers, answer = self._exchange(self._graphql, "POST", self._graphql.graphql_url, what, body=body)
        if errors := at(answer, "errors"):
            raise failed_graphql(what, errors if isinstance(errors, list) else [errors], headers, at(answer, "data"))
        if not isinstance(at(answer, "data"), dict):
            raise broken(what, "no data")
        return answer["data"]

    def _exchange(
        self, requester: Any, method: str, url: str, what: str, *, params: Any = None, body: Any = None
    ) -> tuple[Mapping[str, str], Any]:
        """One request and its answer: lower-case headers and the JSON. The only place where requests leave.

        `url` is a path below the repository, or GraphQL's whole address.
        """
        url = url if url.startswith("http") else f"/repos/{self.repository}{url}"
        try:
            status, headers, answer = requester.requestJson(method, url, parameters=params, input=clean_tree(body))
        except Exception as error:
            # PyGithub lets assertions and errors of two libraries through; whatever it is, the request has failed.
            raise failed_request(what, error) from error
        if status >= 300:
            raise failed_answer(what, status, headers, answer)
        if not answer:
            return headers, None
        try:
            return headers, json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise broken(what, "no JSON") from error
