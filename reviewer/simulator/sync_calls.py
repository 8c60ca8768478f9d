"""The Messages, count_tokens and Models endpoints."""

from typing import Any

from starlette.responses import JSONResponse, Response

from reviewer.simulator.answer import Answer
from reviewer.simulator.api_error import ApiError, invalid
from reviewer.simulator.behaviour import Fault
from reviewer.simulator.cache import CachePlan
from reviewer.simulator.catalogue import CATALOGUE, Model, find
from reviewer.simulator.faults import Cut, disturb_answer, disturb_message, status_error
from reviewer.simulator.message import build_message
from reviewer.simulator.records import is_billed
from reviewer.simulator.service import Exchange, Service, seconds
from reviewer.simulator.streaming import EventStream, error_event, to_events
from reviewer.simulator.tokens import lay_out
from reviewer.simulator.validation import check_count, check_create, check_fits

_PAGE = 1000


async def create_message(service: Service, exchange: Exchange) -> Response:
    """`POST /v1/messages`. What is written to the cache can be read from the first byte of the answer on."""
    body = exchange.body or {}
    model = check_create(body)
    blocks = lay_out(body, model)
    check_fits(sum(block.tokens for block in blocks), model)
    plan = service.cache.plan(blocks, model, exchange.started)
    service.limiter.admit(model, plan.uncached)
    exchange.extra_headers = service.limiter.headers(model)
    _refuse_early(exchange.fault, stream=bool(body.get("stream")))
    answer = await service.think(body) if body["max_tokens"] else Answer(stop_reason="max_tokens")
    message = build_message(disturb_answer(answer, exchange.fault, body), body, model, plan, "standard")
    _account(service, exchange, message, model)
    disturb_message(message, exchange.fault)
    if body.get("stream"):
        return await _stream(service, exchange, message, plan)
    return await _whole(service, exchange, message, plan)


def _refuse_early(fault: Fault | None, *, stream: bool) -> None:
    if fault and fault.kind == "stream_error" and not stream:
        raise status_error(Fault("status", **{"status": 529, **fault.details}))


def _account(service: Service, exchange: Exchange, message: dict[str, Any], model: Model) -> None:
    exchange.usage = message["usage"]
    service.limiter.charge_output(model, message["usage"]["output_tokens"])
    failed = exchange.fault and exchange.fault.kind == "stream_error"
    if is_billed(message) and not failed:
        service.ledger.bill(message["usage"], model)


async def _whole(service: Service, exchange: Exchange, message: dict[str, Any], plan: CachePlan) -> Response:
    latency = seconds(service.behaviour.latency, exchange.body or {}) - _elapsed(service, exchange)
    if latency > 0:
        await service.clock.sleep(latency)
    # A client that does not stream learns of the answer's beginning only here.
    service.cache.commit(plan)
    response = JSONResponse(message)
    if exchange.fault and exchange.fault.kind == "stream_cut":
        return Cut(response)
    return response


async def _stream(service: Service, exchange: Exchange, message: dict[str, Any], plan: CachePlan) -> Response:
    body, elapsed = exchange.body or {}, _elapsed(service, exchange)
    events = to_events(message)
    half = events[: max(2, len(events) // 2)]
    first_byte = seconds(service.behaviour.first_byte, body) - elapsed
    if exchange.fault and exchange.fault.kind == "stream_cut":
        await service.clock.sleep(max(0.0, first_byte))
        service.cache.commit(plan)
        return Cut(Response(b"".join(events), 200, media_type="text/event-stream"))
    if exchange.fault and exchange.fault.kind == "stream_error":
        error = status_error(Fault("status", **{"status": 529, **exchange.fault.details}))
        events = [*half, error_event(error, exchange.request_id)]
    return EventStream(
        events,
        first_byte=max(0.0, first_byte),
        latency=max(0.0, seconds(service.behaviour.latency, body) - elapsed),
        clock=service.clock,
        begin=lambda: service.cache.commit(plan),
    )


def _elapsed(service: Service, exchange: Exchange) -> float:
    return service.clock.monotonic() - exchange.started


async def count_tokens(service: Service, exchange: Exchange) -> Response:  # noqa: ARG001
    """`POST /v1/messages/count_tokens`: the estimate that usage is made of."""
    body = exchange.body or {}
    model = check_count(body)
    return JSONResponse({"input_tokens": sum(block.tokens for block in lay_out(body, model))})


async def list_models(service: Service, exchange: Exchange) -> Response:  # noqa: ARG001
    """`GET /v1/models`, newest generation first."""
    infos = [model.info() for model in CATALOGUE.values()]
    return JSONResponse(page(infos, exchange.parameters))


async def retrieve_model(service: Service, exchange: Exchange) -> Response:  # noqa: ARG001
    """`GET /v1/models/{model_id}`, by id or alias."""
    return JSONResponse(find(exchange.parameters["model_id"]).info())


def page(items: list[dict[str, Any]], parameters: dict[str, str]) -> dict[str, Any]:
    """One page of a listing, cut by `after_id` or `before_id`, and `limit` (1 to 1,000, by default 20)."""
    limit = _limit(parameters.get("limit", "20"))
    ids = [item["id"] for item in items]
    after, before = parameters.get("after_id"), parameters.get("before_id")
    if after and before:
        raise invalid("after_id and before_id cannot be given together")
    for cursor in (after, before):
        if cursor and cursor not in ids:
            raise ApiError(404, f"{cursor} not found.")
    if before:
        rest = items[: ids.index(before)]
        chosen, more = rest[-limit:], len(rest) > limit
    else:
        rest = items[ids.index(after) + 1 :] if after else items
        chosen, more = rest[:limit], len(rest) > limit
    return {
        "data": chosen,
        "has_more": more,
        "first_id": chosen[0]["id"] if chosen else None,
        "last_id": chosen[-1]["id"] if chosen else None,
    }


def _limit(text: str) -> int:
    if not text.isdecimal() or not text.isascii():
        raise invalid("limit: Input should be a valid integer, unable to parse string as an integer")
    if int(text) < 1:
        raise invalid("limit: Input should be greater than or equal to 1")
    if int(text) > _PAGE:
        raise invalid(f"limit: Input should be less than or equal to {_PAGE}")
    return int(text)
