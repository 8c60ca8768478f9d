"""The life of a batch: created, listed, told by the clock when it ends, read row by row."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse

from reviewer.simulator import Answer, Behaviour, Fault, Simulator
from tests.simulator.test_wire_cache import Clock, rules

MODEL = "claude-sonnet-5-5"
HELLO = [{"role": "user", "content": "Hello"}]
PARAMS = {"model": MODEL, "max_tokens": 1000, "messages": HELLO}
DAY = 24 * 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def batching(clock: Clock | None = None, **more: Any) -> Iterator[tuple[Simulator, anthropic.Anthropic]]:
    settings = {"brain": lambda body: Answer('{"findings":[]}'), "clock": clock or Clock(), **more}
    with (
        Simulator(Behaviour(**settings)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0) as sdk,
    ):
        yield running, sdk


def items(count: int, **changes: Any) -> list[Any]:
    return [{"custom_id": f"item-{n}", "params": PARAMS | changes} for n in range(count)]


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 5
    while not (found := condition()):
        assert time.monotonic() < deadline, "the batch did not get there"
        time.sleep(0.002)
    return found


def ended(sdk: anthropic.Anthropic, batch_id: str) -> MessageBatch:
    def look() -> MessageBatch | None:
        batch = sdk.messages.batches.retrieve(batch_id)
        return batch if batch.processing_status == "ended" else None

    return until(look)


def rows(sdk: anthropic.Anthropic, requests: list[Any]) -> dict[str, Any]:
    batch = sdk.messages.batches.create(requests=requests)
    ended(sdk, batch.id)
    return {row.custom_id: row.to_dict(warnings=False)["result"] for row in sdk.messages.batches.results(batch.id)}


def counts(batch: MessageBatch) -> tuple[int, int, int, int, int]:
    found = batch.request_counts
    return found.processing, found.succeeded, found.errored, found.canceled, found.expired


def test_new_batch_is_in_progress_with_nothing_counted(clock):
    with batching(clock, batch_delay=600) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(3))
        assert batch.to_dict(mode="json") == {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "in_progress",
            "request_counts": {"processing": 3, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
            "ended_at": None,
            "created_at": "2026-11-21T00:00:00Z",
            "expires_at": "2026-11-22T00:00:00Z",
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": None,
        }
        clock.seconds += 599
        response = sdk.messages.batches.with_raw_response.retrieve(batch.id)
        assert response.headers["retry-after"] == "10"
        assert counts(response.parse()) == (3, 0, 0, 0, 0)
        with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
            sdk.messages.batches.results(batch.id)
        assert running.billed == {}


def test_ended_batch_has_results_at_its_own_origin(clock):
    with batching(clock, batch_delay=600) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(3))
        clock.seconds += 600
        batch = ended(sdk, batch.id)
        assert counts(batch) == (0, 3, 0, 0, 0)
        assert batch.results_url == f"{running.base_url}/v1/messages/batches/{batch.id}/results"
        assert (batch.ended_at - batch.created_at).total_seconds() == 600
        assert running.billed[MODEL]["batch"].requests == 3
        assert running.billed[MODEL]["batch"].usd == Decimal(3) * (6 * 2 + 5 * 10) / 2 / 1_000_000


def test_results_are_rows_of_messages_in_an_order_of_their_own():
    with batching() as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(40))
        ended(sdk, batch.id)
        response = sdk.messages.batches.with_raw_response.results(batch.id)
        assert response.headers["content-type"] == "application/x-jsonl"
        found = list(response.parse())
    sent = [f"item-{n}" for n in range(40)]
    assert sorted(row.custom_id for row in found) == sorted(sent)
    assert [row.custom_id for row in found] != sent
    for row in found:
        checked = MessageBatchIndividualResponse.model_validate(row.to_dict(), strict=False)
        assert checked.result.message.content[-1].text == '{"findings":[]}'
        assert checked.result.message.usage.service_tier == "batch"


EXTRA = "Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"requests": []}, "requests: List should have at least 1 item after validation, not 0"),
        ({}, "requests: Field required"),
        ({"requests": items(1), "metadata": {}}, f"metadata: {EXTRA}"),
        ({"requests": [{"params": PARAMS}]}, "requests.0.custom_id: Field required"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
        ({"requests": [{"custom_id": "a", "params": PARAMS, "x": 1}]}, f"requests.0.x: {EXTRA}"),
        ({"requests": [{"custom_id": "a" * 65, "params": PARAMS}]},
         "requests.0.custom_id: String should have at most 64 characters"),
        ({"requests": [{"custom_id": "pr:12:a.py", "params": PARAMS}]},
         "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        ({"requests": [*items(2), *items(1)]},
         "requests: custom_id's must be unique within a batch. Duplicate custom_id found: item-0"),
    ],
)  # fmt: skip
def test_shape_and_custom_ids_are_checked_at_once(body, message):
    with batching() as (_, sdk):
        with pytest.raises(anthropic.BadRequestError) as caught:
            sdk.post("/v1/messages/batches", cast_to=object, body=body)
        assert caught.value.api_message == message
        assert sdk.messages.batches.list().data == []


def test_more_than_100_000_requests_are_too_large():
    body = {"requests": [{"custom_id": "a", "params": {}}] * 100_001}
    with batching() as (_, sdk), pytest.raises(anthropic.ContentTooLargeError):
        sdk.post("/v1/messages/batches", cast_to=object, body=body)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"temperature": 1}, "invalid_request_error", f"temperature: {EXTRA}"),
        ({"stream": True}, "invalid_request_error", '"stream=True" is not supported in the Message Batches API'),
        ({"max_tokens": 0}, "invalid_request_error", "max_tokens: must be greater than or equal to 1"),
        ({"max_tokens": 9_999_999}, "invalid_request_error",
         "max_tokens: 9999999 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5-5"),
        ({"speed": "standard"}, "invalid_request_error", f"speed: {EXTRA}"),
        ({"fallbacks": []}, "invalid_request_error", f"fallbacks: {EXTRA}"),
        ({"model": "claude-does-not-exist-9"}, "not_found_error", "model: claude-does-not-exist-9"),
        ({"messages": []}, "invalid_request_error", "messages: at least one message is required"),
    ],
)  # fmt: skip
def test_wrong_params_become_an_errored_row(changes, kind, message):
    with batching() as (running, sdk):
        found = rows(sdk, [*items(1, **changes), {"custom_id": "good", "params": PARAMS}])
        assert found["item-0"] == {
            "type": "errored",
            "error": {
                "type": "error",
                "error": {"details": {"error_visibility": "user_facing"}, "type": kind, "message": message},
                "request_id": None,
            },
        }
        assert found["good"]["type"] == "succeeded"
        assert running.billed[MODEL]["batch"].requests == 1


def test_every_outcome_an_item_can_have():
    outcomes = {
        "errored": Fault("errored", type="overloaded_error", message="Overloaded"),
        "expired": Fault("expired"),
        "canceled": Fault("canceled"),
        "truncated": Fault("truncated"),
        "refused": Fault("refusal"),
        "silent": Fault("thinking_only"),
        "broken": Fault("invalid_json", text="{"),
        "novel": Fault("unknown_result", type="paused"),
        "extra": Fault("extra_keys"),
        "fine": None,
    }
    with batching(item_outcome=lambda custom_id, params: outcomes[custom_id]) as (running, sdk):
        found = rows(sdk, [{"custom_id": name, "params": PARAMS} for name in outcomes])
        batch = sdk.messages.batches.list().data[0]
        billed = running.billed[MODEL]["batch"].requests
    assert {name: result["type"] for name, result in found.items()} == {
        **dict.fromkeys(("truncated", "refused", "silent", "broken", "extra", "fine"), "succeeded"),
        **{"errored": "errored", "expired": "expired", "canceled": "canceled", "novel": "paused"},
    }
    assert found["errored"]["error"]["error"]["type"] == "overloaded_error"
    assert found["errored"]["error"]["request_id"].startswith("workerreq_01")
    assert found["truncated"]["message"]["stop_reason"] == "max_tokens"
    assert found["refused"]["message"]["content"] == []
    assert [block["type"] for block in found["silent"]["message"]["content"]] == ["thinking"]
    assert found["broken"]["message"]["content"][-1]["text"] == "{"
    assert "billing_hint" in found["extra"]["message"]
    assert counts(batch) == (0, 6, 2, 1, 1)
    assert billed == 5


def test_failing_brain_is_an_errored_row():
    def brain(body: dict) -> Answer:
        raise LookupError("no rule")

    with batching(brain=brain) as (running, sdk):
        assert rows(sdk, items(1))["item-0"]["error"]["error"]["type"] == "api_error"
        assert len(running.failures) == 1


def test_canceled_batch_keeps_what_was_ready(clock):
    with batching(clock, batch_delay=100, cancel_delay=5) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(10))
        clock.seconds += 30
        canceled = sdk.messages.batches.cancel(batch.id)
        assert (canceled.processing_status, canceled.results_url, canceled.ended_at) == ("canceling", None, None)
        assert (canceled.cancel_initiated_at - canceled.created_at).total_seconds() == 30
        clock.seconds += 5
        assert counts(ended(sdk, batch.id)) == (0, 3, 0, 7, 0)
        assert running.billed[MODEL]["batch"].requests == 3
        with pytest.raises(anthropic.BadRequestError, match="already ended"):
            sdk.messages.batches.cancel(batch.id)


def test_batch_expires_after_24_hours(clock):
    with batching(clock, batch_delay=2 * DAY) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(10))
        clock.seconds += DAY - 1
        assert sdk.messages.batches.retrieve(batch.id).processing_status == "in_progress"
        clock.seconds += 1
        batch = ended(sdk, batch.id)
        assert counts(batch) == (0, 5, 0, 0, 5)
        assert batch.ended_at == batch.expires_at
        assert running.billed[MODEL]["batch"].requests == 5


def test_stuck_batch_expires_whole(clock):
    with batching(clock, batch_delay=float("inf")) as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(2))
        clock.seconds += DAY
        assert counts(ended(sdk, batch.id)) == (0, 0, 0, 0, 2)


def test_results_are_gone_after_29_days(clock):
    with batching(clock) as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(1))
        url = ended(sdk, batch.id).results_url
        clock.seconds += 29 * DAY
        archived = sdk.messages.batches.retrieve(batch.id)
        assert archived.results_url is None
        assert archived.archived_at is not None
        with pytest.raises(anthropic.NotFoundError, match="has no available results"):
            sdk.get(url, cast_to=httpx2.Response)


def test_batches_are_listed_newest_first_and_paged(clock):
    with batching(clock) as (_, sdk):
        ids = [sdk.messages.batches.create(requests=items(1)).id for _ in range(5)][::-1]
        page = sdk.messages.batches.list(limit=2)
        assert ([batch.id for batch in page.data], page.has_more) == (ids[:2], True)
        assert [batch.id for batch in page] == ids
        assert [batch.id for batch in sdk.messages.batches.list(after_id=ids[2]).data] == ids[3:]
        before = sdk.messages.batches.list(before_id=ids[3], limit=2)
        assert ([batch.id for batch in before.data], before.has_more) == (ids[1:3], True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": 1001}, "limit: Input should be less than or equal to 1000"),
        ({"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ({"after_id": "a", "before_id": "b"}, "after_id and before_id cannot be given together"),
    ],
)
def test_listing_checks_its_query(query, message):
    with batching() as (_, sdk), pytest.raises(anthropic.BadRequestError) as caught:
        sdk.messages.batches.list(**query)
    assert caught.value.api_message == message


def test_new_batch_can_be_missing_for_a_while(clock):
    with batching(clock, list_lag=3) as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(1))
        assert sdk.messages.batches.list().data == []
        with pytest.raises(anthropic.NotFoundError):
            sdk.messages.batches.retrieve(batch.id)
        clock.seconds += 3
        assert sdk.messages.batches.list().data[0].id == batch.id


def test_only_ended_batches_can_be_deleted(clock):
    with batching(clock, batch_delay=60) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(1))
        with pytest.raises(anthropic.BadRequestError, match="In progress batches cannot be deleted"):
            sdk.messages.batches.delete(batch.id)
        clock.seconds += 60
        ended(sdk, batch.id)
        assert sdk.messages.batches.delete(batch.id).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError, match=f"Message Batch {batch.id} not found."):
            sdk.messages.batches.retrieve(batch.id)
        assert running.billed[MODEL]["batch"].requests == 1


def test_results_before_the_end_are_not_found(clock):
    with batching(clock, batch_delay=60) as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(1))
        with pytest.raises(anthropic.NotFoundError, match=f"Message Batch {batch.id} has no available results."):
            sdk.get(f"/v1/messages/batches/{batch.id}/results", cast_to=httpx2.Response)


@pytest.mark.parametrize(("kind", "read"), [("blank_line", 3), ("partial_line", 2)])
def test_damaged_tail_of_the_results(kind, read):
    faults = {"batches.results": Fault(kind)}
    with batching(faults=lambda number, endpoint, body: faults.get(endpoint)) as (_, sdk):
        batch = sdk.messages.batches.create(requests=items(3))
        ended(sdk, batch.id)
        results, found = sdk.messages.batches.results(batch.id), []
        with pytest.raises(json.JSONDecodeError):
            found.extend(iter(lambda: next(results).custom_id, None))
        assert len(found) == read


def test_batch_cache_is_read_from_the_second_wave_on_and_not_shared(clock):
    with batching(clock, batch_wave=2) as (_, sdk):
        sdk.messages.create(**PARAMS, system=rules())
        found = rows(sdk, items(6, system=rules()))
        usages = [found[f"item-{n}"]["message"]["usage"] for n in range(6)]
        assert [usage["cache_creation_input_tokens"] for usage in usages] == [1000, 1000, 0, 0, 0, 0]
        assert [usage["cache_read_input_tokens"] for usage in usages] == [0, 0, 1000, 1000, 1000, 1000]
        again = rows(sdk, items(1, system=rules()))["item-0"]["message"]["usage"]
        assert again["cache_read_input_tokens"] == 1000


def test_large_batch_is_taken_and_answered():
    with batching(keep_bodies=False) as (running, sdk):
        batch = sdk.messages.batches.create(requests=items(3000))
        ended(sdk, batch.id)
        assert sum(1 for _ in sdk.messages.batches.results(batch.id)) == 3000
        assert running.calls[0].body is None
