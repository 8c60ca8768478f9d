"""The way of a request: fault, token, rate limit, route, permission, description, handler, record."""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github import checks, comments, contents, graphql, issues, pulls, reviews, validation
from tests.fakes.github.calls import Call, Reply
from tests.fakes.github.errors import ApiError, forbidden, not_found
from tests.fakes.github.faults import Fault

if TYPE_CHECKING:
    from tests.fakes.github.hub import FakeGitHub

HANDLERS = (
    pulls.HANDLERS
    | reviews.HANDLERS
    | comments.HANDLERS
    | issues.HANDLERS
    | checks.HANDLERS
    | contents.HANDLERS
    | {"graphql": graphql.answer}
)
VERSIONS = ("2022-11-28", "2026-03-10")
EXHAUSTED = (
    "API rate limit exceeded for installation ID 1001. If you reach out to GitHub Support for help, please include "
    "the request ID."
)


@dataclass(frozen=True, slots=True)
class Record:
    """One request and what became of it. `status` is None if the connection was broken instead of an answer."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None
    content_type: str
    accept: str
    version: str | None
    time: float


class App:
    """The ASGI application of one fake."""

    def __init__(self, hub: "FakeGitHub") -> None:
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or break its connection."""
        request = Request(scope, receive)
        raw = await request.body()
        with self.hub.lock:
            path = self._path(scope["path"])
            fault = self.hub.faults.take(request.method, path, raw.decode(errors="replace"))
            reply = None if fault and not fault.acts else self._answer(request, path, raw)
            reply = _faulty(fault, reply)
            self._record(request, path, raw, reply)
        if fault and fault.seconds:
            await asyncio.sleep(fault.seconds)
        if reply is None:
            self.hub.server.reset(scope["client"])
            await asyncio.sleep(0.01)  # lets the server notice the broken connection
            return
        response = _response(reply, self.hub.rate_headers(path))
        if fault and (fault.cut or fault.drip):
            await self._in_pieces(response, fault, scope, send)
            return
        await response(scope, receive, send)

    async def _in_pieces(self, response: Response, fault: Fault, scope: Scope, send: Send) -> None:
        """The answer slowly, or only its first half."""
        body = bytes(response.body)
        size, end = (len(body) // 2, len(body) // 2) if fault.cut else (len(body) // 4 + 1, len(body))
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        for start in range(0, end, max(1, size)):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(fault.drip or 0.01)
        if fault.cut:
            self.hub.server.reset(scope["client"])
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _path(self, path: str) -> str:
        if not self.hub.ghes:
            return path
        return "/graphql" if path == "/api/graphql" else path.removeprefix("/api/v3")

    def _answer(self, request: Request, path: str, raw: bytes) -> Reply:
        try:
            if self.hub.ghes and not request.scope["path"].startswith("/api/"):
                raise not_found()
            return self._carry_out(request, path, raw)
        except ApiError as error:
            return Reply(error.status, error.body())

    def _carry_out(self, request: Request, path: str, raw: bytes) -> Reply:
        self._check_headers(request)
        if path == "/rate_limit":
            return self._rate_limit(request)
        self.hub.spend(path)
        found = validation.match(request.method, path)
        if found is None:
            raise not_found()
        operation, params = found
        writes = operation.method != "GET" and operation.name != "graphql"
        if writes:
            self.hub.count_write()
            if not self.hub.rights.writable:
                raise forbidden()
        query, body = dict(request.query_params), _json(raw)
        call = Call(
            api=self.hub.api_url,
            path=path,
            rights=self.hub.rights,
            limits=self.hub.limits,
            repositories=self.hub.repositories,
            params=params,
            query=query,
            body=body,
            accept=request.headers.get("accept", ""),
            version=request.headers.get("x-github-api-version", VERSIONS[0]),
        )
        if "owner" in params:
            _ = call.repo  # an unknown repository is a 404 before anything else is looked at
        operation.check_query(query)
        operation.check_body(body)
        if operation.name == "graphql" and re.search(r"\bmutation\b", body["query"]):
            self.hub.count_write()
        return HANDLERS[operation.name](call)

    def _check_headers(self, request: Request) -> None:
        if not request.headers.get("user-agent"):
            message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            raise ApiError(403, message)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise ApiError(401, "Requires authentication")
        if scheme.lower() not in ("token", "bearer") or token != self.hub.token:
            raise ApiError(401, "Bad credentials")
        version = request.headers.get("x-github-api-version", VERSIONS[0])
        if version not in VERSIONS:
            raise ApiError(400, f"Version {version} is not a supported API version.")

    def _rate_limit(self, request: Request) -> Reply:
        resources = {name: self.hub.rate(name) for name in ("core", "graphql")}
        # The later version of the API no longer repeats `core` as `rate`.
        old = request.headers.get("x-github-api-version", VERSIONS[0]) == VERSIONS[0]
        return Reply(200, {"resources": resources} | ({"rate": resources["core"]} if old else {}))

    def _record(self, request: Request, path: str, raw: bytes, reply: Reply | None) -> None:
        try:
            body = _json(raw)
        except ApiError:
            body = raw
        self.hub.requests.append(
            Record(
                method=request.method,
                path=path,
                query=dict(request.query_params),
                body=body,
                status=reply.status if reply else None,
                content_type=reply.content_type if reply else "",
                accept=request.headers.get("accept", ""),
                version=request.headers.get("x-github-api-version"),
                time=time.time(),
            )
        )


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error


def _faulty(fault: Fault | None, reply: Reply | None) -> Reply | None:
    if fault is None:
        return reply
    if fault.drop or fault.seconds:
        return None
    if fault.cut or fault.drip:
        return reply
    html = isinstance(fault.body, str)
    kind = "text/html" if html else "application/json; charset=utf-8"
    return Reply(fault.status, fault.body, fault.headers, kind)


def _response(reply: Reply, rate: dict[str, str]) -> Response:
    data = reply.data
    if reply.status == 204:
        content = b""
    elif isinstance(data, bytes):
        content = data
    else:
        content = (data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)).encode()
    headers = {**rate, "x-github-request-id": "FAKE:1:2:3", **reply.headers, "content-type": reply.content_type}
    return Response(content, reply.status, headers)
