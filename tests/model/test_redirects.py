"""The key and the change go to the API's own address and nowhere else, whatever an answer says."""

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest

from reviewer.core.request import Errored
from reviewer.errors import EngineError
from reviewer.model.batch_body import BatchBody
from reviewer.model.batch_values import BatchInfo, read_info
from reviewer.model.batches import BatchApi, BatchError, make_batch_client
from reviewer.model.client import make_client
from tests.model.lanes import ask, call
from tests.model.redirecting import Asked, Server, serving

KEY = "sk-ant-redirects-0123456789"
STATUSES = [301, 302, 303, 307, 308]
SHOWN = {
    "id": "msgbatch_1",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 1, "errored": 0},
    "created_at": "2026-11-21T18:37:24Z",
}


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with serving() as server:
        yield server


def env(server: Server) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}


def to(address: str, status: int = 302):
    return lambda asked: (status, {"location": f"{address}{asked.path}"}, b"")


def batch(results_url: str) -> BatchInfo:
    return read_info(SHOWN | {"results_url": results_url})


@pytest.mark.parametrize("status", STATUSES)
def test_a_review_is_not_redirected(elsewhere: Server, status: int) -> None:
    with serving(to(elsewhere.url, status)) as api:
        (reply,) = call(api.url, ask())
    assert isinstance(reply, Errored)
    assert f"redirects with status {status} to 127.0.0.1:{elsewhere.port}" in reply.message
    assert "ANTHROPIC_BASE_URL" in reply.step
    assert (len(api.asked), elsewhere.asked) == (1, [])


def test_not_even_to_the_same_server(elsewhere: Server) -> None:
    elsewhere.answer = lambda asked: (307, {"location": "/v1/other"}, b"")
    (reply,) = call(elsewhere.url, ask())
    assert isinstance(reply, Errored)
    assert [asked.path for asked in elsewhere.asked] == ["/v1/messages"]


def test_models_and_counts_are_not_redirected(elsewhere: Server) -> None:
    async def look(api: Server) -> None:
        async with make_client(env(api), 1) as client:
            for asking in (
                client.models.retrieve("m"),
                client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "x"}]),
            ):
                with pytest.raises(Exception, match="30"):
                    await asking

    with serving(to(elsewhere.url)) as api:
        asyncio.run(look(api))
    assert (len(api.asked), elsewhere.asked) == (2, [])


CALLS: dict[str, Callable[[BatchApi, Server, BatchBody], object]] = {
    "create": lambda api, server, body: api.create(body),
    "newest": lambda api, server, body: api.newest(),
    "list_all": lambda api, server, body: api.list_all(),
    "retrieve": lambda api, server, body: api.retrieve("msgbatch_1"),
    "cancel": lambda api, server, body: api.cancel("msgbatch_1"),
    "results": lambda api, server, body: next(api.results(batch(f"{server.url}/v1/messages/batches/b/results"))),
}


@pytest.mark.parametrize(
    ("method", "status"), [*((method, 302) for method in CALLS), ("create", 307), ("create", 308), ("results", 307)]
)
def test_no_call_of_the_batches_is_redirected(elsewhere: Server, method: str, status: int) -> None:
    with serving(to(elsewhere.url, status)) as server, make_batch_client(env(server)) as client, BatchBody() as body:
        body.add("one", {})
        body.finish()
        with pytest.raises(BatchError) as caught:
            CALLS[method](BatchApi(client), server, body)
    assert "redirects" in caught.value.what
    assert caught.value.unsure is False
    assert (len(server.asked), elsewhere.asked) == (1, [])
    assert KEY in str(server.asked[0].headers)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{elsewhere}/results",
        "https://127.0.0.1:{api}/results",
        "http://api.anthropic.com/results",
        "https://api.anthropic.com:444/results",
        "https://key@api.anthropic.com/results",
        "https://api.anthropic.com.evil.test/results",
        "http://localhost:{api}/results",
        "//127.0.0.1:{elsewhere}/results",
        "file:///etc/passwd",
        "",
    ],
)
def test_results_from_another_address_are_refused(elsewhere: Server, address: str) -> None:
    with serving() as server, make_batch_client(env(server)) as client:
        told = address.format(elsewhere=elsewhere.port, api=server.port)
        with pytest.raises(EngineError, match="That is not the API"):
            next(BatchApi(client).results(batch(told)))
    assert server.asked + elsewhere.asked == []


@pytest.mark.parametrize("own", ["{url}", "https://api.anthropic.com"])
def test_results_come_from_the_base_url(own: str) -> None:
    row = json.dumps({"custom_id": "a", "result": {"type": "expired"}}).encode()

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {"content-type": "application/binary"}, row

    with serving(answer) as server, make_batch_client(env(server)) as client:
        path = "/v1/messages/batches/msgbatch_1/results"
        rows = list(BatchApi(client).results(batch(own.format(url=server.url) + path)))
    assert [each.custom_id for each in rows] == ["a"]
    assert [asked.path for asked in server.asked] == [path]
