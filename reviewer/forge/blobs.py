"""File contents in few calls: GraphQL blobs by alias, single git blobs where GraphQL does not answer."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from reviewer.forge.client import Client
from reviewer.forge.failure import GitHubError, Kind
from reviewer.forge.payload import at, items, text, whole

PER_QUERY = 60
"""Blobs in one query: GitHub ends queries that take it more than ten seconds."""
SINGLE_CAP = 60
"""Blobs that are fetched one by one where GraphQL does not answer; an hour's limit may be 1,000 requests."""
TOGETHER = 64_000_000
"""Characters of all texts that one reader keeps; what comes later counts as too large."""
_COMMITS = "pullRequest(number: {}) {{ commits(first: 100) {{ nodes {{ commit {{ message }} }} }} }}\n"
_MESSAGE = 5_000
"""Characters of one commit's message that are read."""
_FIELDS = "__typename ... on Blob { byteSize isBinary isTruncated text }"


@dataclass(frozen=True, slots=True)
class Blob:
    """What an expression names. `text` is None for what is binary, larger than the forge shows, or no file at all."""

    text: str | None
    size: int = 0
    binary: bool = False
    submodule: bool = False

    @property
    def large(self) -> bool:
        """Whether there is text of which the forge shows only a part."""
        return self.text is None and not self.binary and not self.submodule


class BlobReader:
    """Reads blobs by expressions (`SHA:path`, or a blob's own id). What is not there is not in the answer.

    Nor is what GitHub refuses to show, unless `strict`: then that is a failure. With the first query, where GraphQL
    answers one, come the messages of the first commits of the pull request `commits_of`.
    """

    def __init__(self, client: Client, *, strict: bool = False, commits_of: int = 0) -> None:
        self._client, self._commits_of = client, commits_of
        self.messages: tuple[str, ...] = ()
        self._absent = (Kind.MISSING,) if strict else (Kind.MISSING, Kind.REFUSED)
        self._singles = 0
        self._room = TOGETHER

    def read(self, expressions: Iterable[str]) -> dict[str, Blob]:
        """All that exist, by expression; texts are complete, never cut."""
        pending = iter(dict.fromkeys(expressions))
        found: dict[str, Blob] = {}
        while batch := list(islice(pending, PER_QUERY)):
            found.update((name, self._roomy(blob)) for name, blob in self._batch(batch).items())
        return found

    def _roomy(self, blob: Blob) -> Blob:
        """The blob, or only its size once all texts together would be too many."""
        self._room -= len(blob.text or "")
        return blob if self._room >= 0 else replace(blob, text=None)

    def _batch(self, batch: Sequence[str]) -> dict[str, Blob]:
        try:
            return self._query(batch)
        except GitHubError as failure:
            if failure.kind in (Kind.LIMITED, Kind.CREDENTIALS):
                raise
            told = _told(batch, failure)
            if told:
                rest = [expression for expression in batch if expression not in told]
                return self._found(told, failure.data) | self._one_by_one(rest)
            if failure.kind is Kind.TRANSIENT and len(batch) > 1:
                # Large blobs together can take GitHub too long; halves may pass.
                middle = len(batch) // 2
                return {**self._batch(batch[:middle]), **self._batch(batch[middle:])}
            return self._one_by_one(batch)

    def _query(self, batch: Sequence[str]) -> dict[str, Blob]:
        declared = ", ".join(f"$e{index}: String" for index in range(len(batch)))
        aliases = "\n".join(f"b{index}: object(expression: $e{index}) {{ {_FIELDS} }}" for index in range(len(batch)))
        commits = _COMMITS.format(self._commits_of) if self._commits_of else ""
        document = (
            f"query($owner: String!, $name: String!, {declared}) {{ repository(owner: $owner, name: $name) {{\n"
            f"{aliases}\n{commits}}} }}"
        )
        variables = {f"e{index}": expression for index, expression in enumerate(batch)}
        variables |= {"owner": self._client.owner, "name": self._client.name}
        return self._found(_aliases(batch), self._client.query(document, variables, "Reading file contents"))

    def _found(self, aliases: Mapping[str, str], data: object) -> dict[str, Blob]:
        if self._commits_of:
            nodes = items(data, "repository", "pullRequest", "commits", "nodes")
            self._commits_of, self.messages = 0, tuple(text(node, "commit", "message")[:_MESSAGE] for node in nodes)
        return _blobs(aliases, data)

    def _one_by_one(self, batch: Sequence[str]) -> dict[str, Blob]:
        found = {}
        for expression in batch:
            if self._singles >= SINGLE_CAP:
                break
            revision, colon, path = expression.partition(":")
            self._singles += 1
            try:
                if colon:
                    data = self._client.get(f"/contents/{_quoted(path)}", f"Reading {path}", {"ref": revision})
                else:
                    data = self._client.get(f"/git/blobs/{revision}", f"Reading the blob {revision}")
            except GitHubError as failure:
                if failure.kind not in self._absent:
                    raise
                continue
            if blob := _single(data):
                found[expression] = blob
        return found


def _aliases(batch: Sequence[str]) -> dict[str, str]:
    return {expression: f"b{index}" for index, expression in enumerate(batch)}


def _told(batch: Sequence[str], failure: GitHubError) -> dict[str, str]:
    """The aliases of which an answer with errors tells all the same; none where an error may be about any of them."""
    if not isinstance(at(failure.data, "repository"), dict) or not all(len(path) > 1 for path in failure.lost):
        return {}
    lost = {path[1] for path in failure.lost}
    return {expression: alias for expression, alias in _aliases(batch).items() if alias not in lost}


def _blobs(aliases: Mapping[str, str], data: object) -> dict[str, Blob]:
    found = {}
    for expression, alias in aliases.items():
        kind = text(data, "repository", alias, "__typename")
        if kind == "Blob":
            found[expression] = _blob(at(data, "repository", alias))
        elif kind == "Commit":
            found[expression] = Blob(None, submodule=True)
    return found


def _blob(data: object) -> Blob:
    size, binary = whole(data, "byteSize"), at(data, "isBinary") is True
    shown = at(data, "text")
    if binary or at(data, "isTruncated") is True or not isinstance(shown, str) or "\0" in shown:
        return Blob(None, size, binary or (isinstance(shown, str) and "\0" in shown))
    return Blob(shown, size)


def _single(data: object) -> Blob | None:
    if not isinstance(data, dict):
        return None  # a folder is a list
    size = whole(data, "size")
    if text(data, "type") == "submodule":
        return Blob(None, submodule=True)
    if text(data, "type") == "symlink":
        return Blob(text(data, "target"), size)  # as GraphQL shows it
    if text(data, "encoding") != "base64":
        return Blob(None, size)
    try:
        raw = base64.b64decode(text(data, "content"))
    except binascii.Error:
        return Blob(None, size)
    if b"\0" in raw:
        return Blob(None, size, binary=True)
    return Blob(raw.decode("utf-8", "replace"), size)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/")
