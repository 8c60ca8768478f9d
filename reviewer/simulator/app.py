"""The HTTP side: routes, headers, bodies and their size limits, and the record of every call."""

import hashlib
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reviewer.simulator import sync_calls
from reviewer.simulator.api_error import ApiError, invalid
from reviewer.simulator.batches import Batches
from reviewer.simulator.faults import Reset, response_after, response_instead
from reviewer.simulator.limits import ORGANIZATION
from reviewer.simulator.message import new_id
from reviewer.simulator.service import Exchange, Service
from reviewer.simulator.shapes import parse_json
from reviewer.simulator.validation import check_headers

MEGABYTE = 1024 * 1024
MAX_BODY = {"batches.create": 256 * MEGABYTE}
Handler = Callable[[Service, Exchange], Awaitable[Response]]


def build_app(service: Service, batches: Batches) -> Starlette:
    """The API as an ASGI application."""
    one = "/v1/messages/batches/{message_batch_id}"
    table: tuple[tuple[str, str, str, Handler], ...] = (
        ("POST", "/v1/messages", "messages", sync_calls.create_message),
        ("POST", "/v1/messages/count_tokens", "count_tokens", sync_calls.count_tokens),
        ("GET", "/v1/models", "models.list", sync_calls.list_models),
        ("GET", "/v1/models/{model_id}", "models.retrieve", sync_calls.retrieve_model),
        ("POST", "/v1/messages/batches", "batches.create", batches.create),
        ("GET", "/v1/messages/batches", "batches.list", batches.list_all),
        ("GET", one, "batches.retrieve", batches.retrieve),
        ("POST", one + "/cancel", "batches.cancel", batches.cancel),
        ("DELETE", one, "batches.delete", batches.delete),
        ("GET", one + "/results", "batches.results", batches.results),
    )
    routes = [Route(path, Door(service, name, handler), methods=[method]) for method, path, name, handler in table]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_such_route})


def _no_such_route(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = "Method Not Allowed" if status == 405 else "Not Found"
    return JSONResponse(ApiError(status, message).body(new_id("req")), status)


class Door:
    """One endpoint: lets a call in, carries out its fault, sends its answer, puts it on record."""

    def __init__(self, service: Service, endpoint: str, handler: Handler) -> None:
        self._service, self._endpoint, self._handler = service, endpoint, handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, as an ASGI application."""
        request = Request(scope, receive)
        parameters = dict(request.query_params) | {key: str(value) for key, value in request.path_params.items()}
        origin = str(request.base_url).rstrip("/")
        exchange = self._service.open(self._endpoint, origin, dict(request.headers), parameters)
        order = self._service.next_order()
        try:
            response = await self._respond(request, exchange)
            response.headers["request-id"] = exchange.request_id
            response.headers["anthropic-organization-id"] = ORGANIZATION
            exchange.status = response.status_code
            await response(scope, receive, send)
            exchange.status = response.status_code
        finally:
            self._service.close(exchange, order)

    async def _respond(self, request: Request, exchange: Exchange) -> Response:
        try:
            check_headers(request.headers, self._service.behaviour.api_keys)
            await self._read(request, exchange)
            self._service.choose_fault(exchange)
            instead = response_instead(exchange.fault)
            if instead is not None:
                return instead
            response = await self._handler(self._service, exchange)
            response.headers.update(exchange.extra_headers)
            return response_after(response, exchange.fault)
        except ApiError as error:
            return _refusal(error, exchange)
        except ClientDisconnect:
            return Reset()
        except Exception as error:
            self._service.failures.append(error)
            return _refusal(ApiError(500, f"Internal server error ({error!r})"), exchange)

    async def _read(self, request: Request, exchange: Exchange) -> None:
        if request.method != "POST" or self._endpoint == "batches.cancel":
            exchange.body = dict(exchange.parameters)
            return
        limit, raw = MAX_BODY.get(self._endpoint, 32 * MEGABYTE), bytearray()
        async for part in request.stream():
            exchange.size += len(part)
            # Too large a body is still read to its end: closing early would hide the answer from the client.
            if exchange.size <= limit:
                raw += part
        if exchange.size > limit:
            raise ApiError(413, "Request exceeds the maximum size")
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise invalid("content-type: must be application/json")
        exchange.sha256 = hashlib.sha256(raw).hexdigest()
        exchange.body = parse_json(raw)


def _refusal(error: ApiError, exchange: Exchange) -> Response:
    return JSONResponse(error.body(exchange.request_id), error.status, headers=error.headers | exchange.extra_headers)
