"""Servers that are not quite the API: without streaming, with half a stream, with bodies that are no Message."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reviewer.core.pricing import cost_of
from reviewer.core.request import Answered, Errored, Usage
from reviewer.model.client import make_client
from reviewer.model.exchange import Exchange
from reviewer.model.lane import Retry
from tests.model.lanes import MODEL, OTHER, QUICK, RULES, TEXT, ask, call, on_lane

USAGE = {"input_tokens": 5, "output_tokens": 7}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": USAGE,
}
START = {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None, "usage": USAGE}}
TEXT_EVENTS = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}},
    {"type": "content_block_stop", "index": 0},
]
END = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
UNKNOWN = [
    {"type": "content_block_start", "index": 1, "content_block": {"type": "block_from_the_future", "data": [1]}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "delta_from_the_future", "data": None}},
    {"type": "content_block_stop", "index": 1},
    {"type": "event_from_the_future", "index": "x"},
]


@dataclass
class Server:
    """A server on loopback: `answer` makes its every answer of the body; `bodies` are what it was sent."""

    url: str = ""
    answer: Callable[[dict], Response] = lambda body: Response()
    bodies: list[dict] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        return self.answer(self.bodies[-1])


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    made = Server()
    app = Starlette(routes=[Route("/v1/messages", made.__call__, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    listener = socket.create_server(("127.0.0.1", 0))
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield made
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def server(running: Server) -> Server:
    running.bodies.clear()
    return running


def events(*given: dict) -> Response:
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in given)
    return Response(text, media_type="text/event-stream; charset=utf-8", headers={"request-id": "req_1"})


def error(status: int, message: str) -> Response:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return JSONResponse(body, status)


def no_streaming(body):
    if body.get("stream"):
        return error(400, "stream: streaming is not supported")
    return JSONResponse(MESSAGE)


@pytest.mark.parametrize(
    ("answer", "streams"),
    [
        (lambda body: JSONResponse(MESSAGE), [True, True, None]),
        (no_streaming, [True, None, None, None]),
        (lambda body: events(START, *TEXT_EVENTS, *END), [True, True]),
    ],
    ids=["JSON to a streaming request", "refuses stream", "streams"],
)
def test_servers_that_know_no_streaming(server, answer, streams):
    server.answer = answer
    first = call(server.url, ask(prefix=RULES))
    assert isinstance(first[0], Answered)
    assert (first[0].text, first[0].call.usage, first[0].call.message_id) == (TEXT, Usage(5, 7), "msg_1")
    assert [body.get("stream") for body in server.bodies] == streams[: len(server.bodies)]


BELOW_ZERO = {"input_tokens": -400, "output_tokens": -7}


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse(MESSAGE | {"usage": BELOW_ZERO}),
        events(START, *TEXT_EVENTS, {**END[0], "usage": BELOW_ZERO}, END[1]),
    ],
    ids=["whole", "streamed"],
)
def test_usage_below_zero_lifts_no_cap(server, answer):
    async def one(lane):
        reply = await lane.call(ask(prefix=RULES))
        return reply.call.usage, lane.budget.spent

    server.answer = lambda body: answer
    assert on_lane(server.url, one) == (Usage(), 0)


def test_refused_stream_is_not_asked_for_again(server):
    server.answer = no_streaming
    replies = call(server.url, *(ask(number, prefix=letter * 3200) for number, letter in enumerate("aaabbb")))
    assert {type(reply) for reply in replies} == {Answered}
    # One for each prefix that was under way when it was found out.
    assert 1 <= len([body for body in server.bodies if body.get("stream")]) <= 2
    assert len([body for body in server.bodies if not body.get("stream")]) == 6


@pytest.mark.parametrize(("most", "streamed"), [(21_333, False), (21_334, True)])
def test_what_may_take_more_than_ten_minutes_is_streamed(server, most, streamed):
    server.answer = lambda body: events(START, *TEXT_EVENTS, *END) if body.get("stream") else JSONResponse(MESSAGE)

    async def send() -> None:
        async with make_client({"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}, 1) as client:
            await Exchange(client).send(replace(ask(), max_tokens=most), stream=False, begun=lambda *_: None)

    asyncio.run(send())
    assert [bool(body.get("stream")) for body in server.bodies] == [streamed]


def test_other_refusals_are_not_taken_for_it(server):
    server.answer = lambda body: error(400, "messages: too many")
    (reply,) = call(server.url, ask(prefix=RULES))
    assert isinstance(reply, Errored)
    assert len(server.bodies) == 1


def test_events_that_are_not_known_are_passed_over(server):
    server.answer = lambda body: events(START, *UNKNOWN, *TEXT_EVENTS, *END)
    (reply,) = call(server.url, ask(prefix=RULES))
    assert isinstance(reply, Answered)
    assert (reply.text, reply.call.request_id) == (TEXT, "req_1")


@pytest.mark.parametrize(
    "answer",
    [
        lambda body: Response("no JSON", media_type="application/json"),
        lambda body: Response("", media_type="application/json"),
        lambda body: JSONResponse(["a", "list"]),
        lambda body: JSONResponse({"type": "error", "error": {"type": "api_error", "message": "Oops"}}),
        lambda body: events(),
        lambda body: events({"type": "message_stop"}, START),
        lambda body: Response("event: message_start\ndata: {\n\n", media_type="text/event-stream"),
    ],
    ids=["text", "empty", "list", "error as 200", "no events", "wrong order", "broken event"],
)
def test_answers_that_cannot_be_read_are_asked_for_again(server, answer):
    server.answer = answer
    (reply,) = call(server.url, ask(prefix=RULES), retry=Retry(attempts=2, base=0.001))
    assert isinstance(reply, Errored)
    assert (reply.message, len(server.bodies)) == ("The model's API sent an answer that cannot be read.", 2)


def test_two_attempts_are_not_priced_as_one_long_prompt(server):
    used = {"usage": {"input_tokens": 60_000, "output_tokens": 500}, "model": OTHER}
    answers = [events(START | {"message": START["message"] | used}), JSONResponse(MESSAGE | used)]
    server.answer = lambda body: answers.pop(0)

    async def one(lane):
        reply = await lane.call(ask(prefix=RULES, model=OTHER))
        return reply.call.usage, cost_of(reply.call), lane.budget.spent

    assert on_lane(server.url, one) == (Usage(120_000, 1_000), Decimal("0.0125"), Decimal("0.0125"))


def test_stream_that_ends_too_soon_is_asked_for_again(server):
    answers = [events(START, *TEXT_EVENTS), JSONResponse(MESSAGE)]
    server.answer = lambda body: answers.pop(0)
    (reply,) = call(server.url, ask(prefix=RULES), retry=QUICK)
    assert isinstance(reply, Answered)
    assert (reply.text, reply.call.attempts, reply.call.usage) == (TEXT, 2, Usage(10, 14))
