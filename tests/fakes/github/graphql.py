"""GitHub's GraphQL API as far as a review bot uses it: blobs by expression, threads, and their mutations."""

import base64
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, execute, parse, validate
from graphql.error import GraphQLSyntaxError

from tests.fakes.github import mutations, objects
from tests.fakes.github.calls import Call, Reply
from tests.fakes.github.objects import GraphError

SCHEMA = Path(__file__).with_name("schema.graphql")
Json = dict[str, Any]


@cache
def schema() -> GraphQLSchema:
    """The schema with its resolvers, built once per process."""
    built = build_schema(SCHEMA.read_text())
    resolvers: dict[str, dict[str, Any]] = {
        "Query": {"repository": _repository, "node": _node, "viewer": _viewer, "rateLimit": _rate_limit},
        "Repository": {"object": _object, "pullRequest": _pull_request},
        "PullRequest": {
            "reviewThreads": _connection("threads"),
            "files": _connection("files"),
            "commits": _commits,
        },
        "PullRequestReviewThread": {"comments": _connection("comments")},
        "Mutation": mutations.RESOLVERS,
    }
    for type_name, fields in resolvers.items():
        kind: Any = built.type_map[type_name]
        for name, resolver in fields.items():
            kind.fields[name].resolve = resolver
    return built


def answer(call: Call) -> Reply:
    """Validate and execute one document; errors come with status 200, as GitHub sends them."""
    document, wrong = _read(call.body["query"])
    if document is None or wrong:
        return Reply(200, {"errors": [_shown(error) for error in wrong]})
    done: Any = execute(schema(), document, context_value=call, variable_values=call.body.get("variables") or {})
    errors = {"errors": [_shown(error) for error in done.errors]} if done.errors else {}
    return Reply(200, ({"data": done.data} if done.data is not None or not errors else {"data": None}) | errors)


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """The document, and what is wrong with it; clients send the same few ones all the time."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return None, [error]
    return document, validate(schema(), document)


def _shown(error: GraphQLError) -> Json:
    shown = dict(error.formatted)
    shown.pop("extensions", None)
    kind = getattr(error.original_error, "kind", None)
    return {"type": kind, **shown} if kind else shown


def _repository(_: Any, info: Any, owner: str, name: str, **__: Any) -> Json:
    call: Call = info.context
    found = call.repositories.get(f"{owner}/{name}".lower())
    if found is None:
        raise GraphError("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return objects.repository(found)


def _node(_: Any, info: Any, id: str) -> Json:
    return objects.node(info.context, id)


def _viewer(_: Any, info: Any) -> Json:
    login = info.context.rights.login
    return objects.actor(login) | {"login": login}


def _rate_limit(_: Any, info: Any, **__: Any) -> Json:
    return {"limit": 1000, "remaining": 999, "used": 1, "cost": 1, "resetAt": "2030-01-01T00:00:00Z"}


def _pull_request(parent: Json, info: Any, number: int) -> Json:
    pull = parent["state"].pulls.get(number)
    if pull is None:
        raise GraphError("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    return objects.pull_request(pull, info.context)


def _object(parent: Json, info: Any, oid: str | None = None, expression: str | None = None) -> Json | None:
    if oid is None and expression is None:
        return None
    return objects.git_object(parent["state"], oid or expression or "", info.context.limits)


def _commits(parent: Json, info: Any, **page: Any) -> Json:
    """Read only when asked for: each reading is a git process."""
    return _connection("commits")({"commits": parent["read_commits"]()}, info, **page)


def _connection(key: str) -> Callable[..., Json]:
    def resolve(
        parent: Json,
        info: Any,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Json:
        _check_size(info.field_name, first, last)
        items = parent[key]
        start, stop = _at(after, -1) + 1, _at(before, len(items))
        if first is not None:
            stop = min(stop, start + first)
        if last is not None:
            start = max(start, stop - last)
        shown = items[start:stop]
        info_page = {"hasNextPage": stop < len(items), "hasPreviousPage": start > 0, "startCursor": None}
        ends = {"startCursor": _cursor(start), "endCursor": _cursor(stop - 1)} if shown else {"endCursor": None}
        return {"nodes": shown, "pageInfo": info_page | ends, "totalCount": len(items)}

    return resolve


def _check_size(name: str, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise GraphError("MISSING_PAGINATION_BOUNDARIES", text)
    for argument, size in (("first", first), ("last", last)):
        if size is not None and size > 100:
            most = f"exceeds the `{argument}` limit of 100 records."
            raise GraphError("EXCESSIVE_PAGINATION", f"Requesting {size} records on the `{name}` connection {most}")
        if size is not None and size < 0:
            raise GraphError("INVALID_PAGINATION", f"`{argument}` on the `{name}` connection cannot be negative.")


def _cursor(at: int) -> str:
    return base64.b64encode(f"cursor:v2:{at}".encode()).decode()


def _at(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:v2:"))
    except ValueError as error:
        raise GraphError("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from error
