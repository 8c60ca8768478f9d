"""The Batches API over the SDK: streamed bodies, careful addresses, rows of any form, and what a failure means."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from reviewer.core.request import Answered, Canceled, Errored, Expired, Refused, Truncated
from reviewer.errors import EngineError
from reviewer.model.batch_body import BatchBody, BatchLimits
from reviewer.model.batch_rows import ResultsCut, read_rows
from reviewer.model.batch_values import read_info, read_row, row_to_reply
from reviewer.model.batches import BatchApi, BatchError, make_batch_client
from reviewer.simulator import Answer, Behaviour, Fault, Simulator
from tests.audit.night import MODEL, until
from tests.simulator.test_wire_cache import Clock

PARAMS = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
SHOWN = {
    "id": "msgbatch_1",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 1, "errored": 1},
    "created_at": "2026-11-21T18:37:24.100435Z",
    "ended_at": "2026-11-21T18:45:01Z",
    "results_url": "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results",
}
MESSAGE = {
    "id": "msg_1",
    "model": MODEL,
    "content": [{"type": "thinking", "thinking": ""}, {"type": "text", "text": "fine"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "output_tokens": 2},
}


def row(custom_id: str, **result: Any) -> bytes:
    return json.dumps({"custom_id": custom_id, "result": result}).encode()


GOOD = [row("a", type="expired"), row("b", type="canceled"), row("c", type="expired")]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Behaviour(brain=lambda body: Answer("fine"))) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(simulator: Simulator, clock: Clock) -> Iterator[BatchApi]:
    with make_batch_client({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": simulator.base_url}) as client:
        yield BatchApi(client, clock)


def body_of(count: int, limits: BatchLimits | None = None) -> BatchBody:
    body = BatchBody(limits)
    for number in range(count):
        body.add(f"item-{number}", PARAMS)
    body.finish()
    return body


def answering(handler: Callable[[httpx2.Request], httpx2.Response]) -> BatchApi:
    client = httpx2.Client(transport=httpx2.MockTransport(handler), follow_redirects=True)
    return BatchApi(anthropic.Anthropic(api_key="secret", http_client=client))


def test_a_body_is_sent_as_it_was_hashed(simulator: Simulator, api: BatchApi) -> None:
    with body_of(3) as body:
        made = api.create(body)
    [call] = simulator.calls
    assert (call.body_sha256, call.body_bytes) == (body.sha256, body.size)
    assert call.headers["content-length"] == str(body.size)
    assert made.counts.total == 3


@pytest.mark.parametrize(("limits", "fits"), [(BatchLimits(requests=2), 2), (BatchLimits(bytes=300), 2)])
def test_a_body_takes_no_more_than_its_limits(limits: BatchLimits, fits: int) -> None:
    with body_of(5, limits) as body:
        whole = b"".join(body.chunks())
        assert len(json.loads(whole)["requests"]) == body.count == fits
        assert len(whole) == body.size <= limits.bytes


def test_a_list_of_several_pages_is_read_to_its_end(api: BatchApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviewer.model.batches._PAGE", 2)
    ids = []
    for _ in range(5):
        with body_of(1) as body:
            ids.append(api.create(body).id)
    assert [batch.id for batch in api.list_all()] == ids[::-1]
    assert api.newest() == ids[-1]


def test_results_come_through_the_sdk_with_its_credentials(simulator: Simulator, api: BatchApi) -> None:
    with body_of(3) as body:
        made = api.create(body)
    shown = until(lambda: (now := api.retrieve(made.id)) and now.ended and now)
    assert sorted(each.custom_id for each in api.results(shown)) == ["item-0", "item-1", "item-2"]
    assert api.retrieve("msgbatch_other") is None
    api.cancel(made.id)  # has ended: nothing to stop


@pytest.mark.parametrize("url", ["https://evil.example/results", "http://api.anthropic.com/x", "//evil.example/x"])
def test_the_key_is_not_sent_to_another_host(url: str) -> None:
    asked: list[str] = []
    api = answering(lambda request: asked.append(str(request.url)) or httpx2.Response(200))  # type: ignore[func-returns-value]
    with pytest.raises(EngineError, match="not the API"):
        next(api.results(read_info(SHOWN | {"results_url": url})))
    assert asked == []


def test_a_redirect_of_the_results_is_not_followed() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(302, headers={"location": "https://evil.example/results"})

    with pytest.raises(BatchError):
        next(answering(handler).results(read_info(SHOWN)))
    assert asked == ["api.anthropic.com"]


def test_results_go_through_the_proxy_that_is_the_base_url() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, content=GOOD[0])

    client = httpx2.Client(transport=httpx2.MockTransport(handler))
    api = BatchApi(anthropic.Anthropic(api_key="k", base_url="https://proxy.example/anthropic", http_client=client))
    assert [each.custom_id for each in api.results(read_info(SHOWN))] == ["a"]
    assert asked == ["https://proxy.example/anthropic/v1/messages/batches/msgbatch_1/results"]


@pytest.mark.parametrize(
    ("fault", "unsure"),
    [
        (Fault("status", status=400), False),
        (Fault("status", status=401), False),
        (Fault("status", status=413), False),
        (Fault("status", status=429), False),
        (Fault("status", status=409), True),
        (Fault("status", status=500), True),
        (Fault("status", status=529), True),
        (Fault("html", status=502), True),
        (Fault("html", status=200), True),
        (Fault("reset_before"), True),
        (Fault("reset_after"), True),
    ],
)
def test_whether_a_failed_create_may_have_made_a_batch(
    simulator: Simulator, api: BatchApi, fault: Fault, unsure: bool
) -> None:
    simulator.inject(fault, "batches.create")
    with body_of(1) as body, pytest.raises(BatchError) as caught:
        api.create(body)
    assert caught.value.unsure is unsure
    assert len(simulator.calls) == 1


def looks(api: BatchApi) -> dict[str, Callable[[], Any]]:
    """The calls that change nothing."""
    with body_of(1) as body:
        made = api.create(body)
    shown = until(lambda: (now := api.retrieve(made.id)) and now.ended and now)
    return {
        "batches.list": api.list_all,
        "batches.retrieve": lambda: api.retrieve(made.id),
        "batches.results": lambda: list(api.results(shown)),
    }


_PASSING = [
    (Fault("status", status=408), 1.0),
    (Fault("status", status=409), 1.0),
    (Fault("status", status=429, retry_after=1), 1.0),
    (Fault("status", status=429, retry_after=30), 30.0),
    (Fault("status", status=500), 1.0),
    (Fault("status", status=529), 1.0),
    (Fault("html", status=502), 1.0),
    (Fault("reset_before"), 1.0),
    (Fault("reset_after"), 1.0),
]


@pytest.mark.parametrize("endpoint", ["batches.list", "batches.retrieve", "batches.results"])
@pytest.mark.parametrize(("fault", "waited"), _PASSING)
def test_a_look_that_fails_for_a_moment_is_repeated(
    simulator: Simulator, api: BatchApi, clock: Clock, endpoint: str, fault: Fault, waited: float
) -> None:
    look = looks(api)[endpoint]
    simulator.inject(fault, endpoint)
    assert look()
    assert clock.seconds == waited


@pytest.mark.parametrize("endpoint", ["batches.list", "batches.retrieve", "batches.results"])
@pytest.mark.parametrize(
    ("fault", "tries", "waited"),
    [
        (Fault("status", status=503), 3, 3.0),
        (Fault("status", status=429, retry_after=9), 3, 18.0),
        (Fault("status", status=429, retry_after=31), 1, 0.0),
        (Fault("status", status=401), 1, 0.0),
        (Fault("status", status=400), 1, 0.0),
    ],
)
def test_a_look_is_given_up_after_three_tries_or_where_no_try_helps(
    simulator: Simulator, api: BatchApi, clock: Clock, endpoint: str, fault: Fault, tries: int, waited: float
) -> None:
    look = looks(api)[endpoint]
    before = len(simulator.calls)
    for _ in range(3):
        simulator.inject(fault, endpoint)
    with pytest.raises(BatchError):
        look()
    assert (len(simulator.calls) - before, clock.seconds) == (tries, waited)


def test_a_try_that_took_minutes_to_fail_is_the_last() -> None:
    clock, asked = Clock(), []

    def slow(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        clock.seconds += 61
        raise httpx2.ReadTimeout("too slow", request=request)

    client = anthropic.Anthropic(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(slow)))
    with pytest.raises(BatchError, match="did not answer in time"):
        BatchApi(client, clock).list_all()
    assert asked == ["/v1/messages/batches"]


def test_a_connection_that_never_stood_made_nothing() -> None:
    env = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    with make_batch_client(env) as client, body_of(1) as body, pytest.raises(BatchError) as caught:
        BatchApi(client).create(body)
    assert not caught.value.unsure


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"])
def test_rows_are_read_from_chunks_of_any_size(size: int, ending: bytes) -> None:
    whole = ending.join(GOOD) + ending
    chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert [each.custom_id for each in read_rows(chunks)] == ["a", "b", "c"]


def test_a_last_line_needs_no_end_and_lines_that_say_nothing_are_passed_over() -> None:
    odd = [b"", b"not json", b"[]", b'{"result":{}}', b'"text"', b'{"custom_id":7}']
    assert [each.custom_id for each in read_rows([b"\n".join([*odd, *GOOD])])] == ["a", "b", "c"]


def test_half_a_line_at_the_end_is_a_cut_stream() -> None:
    seen = []
    with pytest.raises(ResultsCut):
        seen.extend(each.custom_id for each in read_rows([GOOD[0] + b"\n" + GOOD[1][:20]]))
    rows = read_rows([GOOD[0] + b"\n" + GOOD[1][:20]])
    assert next(rows).custom_id == "a"


def error(kind: str, message: str = "why") -> dict[str, Any]:
    """As the API nests it."""
    inner = {"type": kind, "message": message, "details": {"error_visibility": "user_facing"}}
    return {"type": "error", "error": inner, "request_id": None}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"type": "succeeded", "message": MESSAGE}, Answered),
        ({"type": "succeeded", "message": MESSAGE | {"stop_reason": "max_tokens"}}, Truncated),
        ({"type": "succeeded", "message": MESSAGE | {"stop_reason": "refusal", "content": []}}, Refused),
        ({"type": "succeeded", "message": MESSAGE | {"stop_reason": "pause_turn"}}, Errored),
        ({"type": "succeeded"}, Errored),
        ({"type": "expired"}, Expired),
        ({"type": "canceled"}, Canceled),
        ({"type": "errored", "error": error("api_error")}, Errored),
        ({"type": "errored"}, Errored),
        ({"type": "paused", "detail": "none"}, Errored),
        ({}, Errored),
    ],
)
def test_every_kind_of_row_is_a_reply(result: dict[str, Any], expected: type) -> None:
    read = read_row({"custom_id": "a", "result": result, "new": 1})
    assert read is not None
    reply = row_to_reply(read, MODEL, "msgbatch_1")
    assert type(reply) is expected
    assert (reply.call.lane, reply.call.custom_id, reply.call.batch_id) == ("batch", "a", "msgbatch_1")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("invalid_request_error", True),
        ("not_found_error", True),
        ("permission_error", True),
        ("billing_error", True),
        ("request_too_large", True),
        ("api_error", False),
        ("overloaded_error", False),
        ("rate_limit_error", False),
        ("timeout_error", False),
        ("brand_new_error", False),
    ],
)
def test_which_errors_are_the_requests_own(kind: str, expected: bool) -> None:
    read = read_row({"custom_id": "a", "result": {"type": "errored", "error": error(kind)}})
    assert read is not None
    assert read.is_request_error is expected


def test_a_batch_without_an_id_is_no_batch() -> None:
    with pytest.raises(ValueError, match="without id"):
        read_info({"created_at": SHOWN["created_at"]})


@pytest.mark.parametrize("counts", [None, [], {"succeeded": [3]}, {"succeeded": "3"}, {"succeeded": None}])
def test_counts_that_are_none_are_no_reason_to_stop(counts: object) -> None:
    assert read_info(SHOWN | {"request_counts": counts}).counts.succeeded == 0
