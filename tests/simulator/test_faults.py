"""Every fault, as a client of the real SDK meets it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import anthropic
import httpx2
import pytest

from reviewer.simulator import Answer, Behaviour, Fault, Simulator
from reviewer.simulator.behaviour import (
    AnswerFault,
    AnyEndpointFault,
    ItemFault,
    ResultsFault,
    StreamFault,
)

MODEL = "claude-sonnet-5-5"
HELLO = [{"role": "user", "content": "Hello"}]
TEXT = '{"severity":"low","notes":["low"],"deep":{"kind":"bug"}}'
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["severity", "notes", "deep"],
    "properties": {
        "severity": {"enum": ["low", "high"]},
        "notes": {"type": "array", "items": {"type": "string"}},
        "deep": {"$ref": "#/$defs/deep"},
    },
    "$defs": {
        "deep": {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": ["bug"]}},
        }
    },
}


@contextmanager
def faulty(*faults: Fault | None, endpoint: str = "messages") -> Iterator[tuple[Simulator, anthropic.Anthropic]]:
    """The first calls of an endpoint meet these faults, later ones none."""

    def choose(number: int, name: str, body: dict[str, Any]) -> Fault | None:
        return faults[number] if name == endpoint and number < len(faults) else None

    behaviour = Behaviour(brain=lambda body: Answer(TEXT, thinking_tokens=10), faults=choose)
    with (
        Simulator(behaviour) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0, timeout=5) as sdk,
    ):
        yield running, sdk


def ask(sdk: anthropic.Anthropic, **more: Any) -> anthropic.types.Message:
    return sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO, **more)


def answer_under(fault: Fault) -> anthropic.types.Message:
    with faulty(fault) as (_, sdk):
        return ask(sdk, output_config={"format": {"type": "json_schema", "schema": SCHEMA}})


@pytest.mark.parametrize(
    ("details", "error", "kind"),
    [
        ({"status": 529}, anthropic.OverloadedError, "overloaded_error"),
        ({"status": 500}, anthropic.InternalServerError, "api_error"),
        ({"status": 504}, anthropic.GatewayTimeoutError, "timeout_error"),
        ({"status": 402}, anthropic.PaymentRequiredError, "billing_error"),
        ({"status": 429, "retry_after": 12}, anthropic.RateLimitError, "rate_limit_error"),
        (
            {"status": 429, "error_code": "enforced_spend_limit_reached"},
            anthropic.EnforcedSpendLimitReachedError,
            "rate_limit_error",
        ),
    ],
)
def test_status(details, error, kind):
    with faulty(Fault("status", **details)) as (running, sdk):
        with pytest.raises(error) as caught:
            ask(sdk)
        assert caught.value.type == kind
        assert caught.value.error_code == details.get("error_code")
        wait = details.get("retry_after")
        assert caught.value.response.headers.get("retry-after") == (str(wait) if wait else None)
        assert running.billed == {}
        assert ask(sdk).stop_reason == "end_turn"
        assert [call.fault for call in running.calls] == ["status", None]


def test_html():
    with faulty(Fault("html")) as (_, sdk), pytest.raises(anthropic.InternalServerError, match="Bad Gateway") as caught:
        ask(sdk)
    assert caught.value.status_code == 502


@pytest.mark.parametrize(("kind", "billed"), [("reset_before", 0), ("reset_after", 1)])
def test_reset(kind, billed):
    with faulty(Fault(kind)) as (running, sdk):
        with pytest.raises(anthropic.APIConnectionError):
            ask(sdk)
        assert sum(totals.requests for lanes in running.billed.values() for totals in lanes.values()) == billed
        assert [call.status for call in running.calls] == [0]


def test_reset_after_batch_create_leaves_the_batch_behind():
    item = {"custom_id": "a", "params": {"model": MODEL, "max_tokens": 9, "messages": HELLO}}
    with faulty(Fault("reset_after"), endpoint="batches.create") as (_, sdk):
        with pytest.raises(anthropic.APIConnectionError):
            sdk.messages.batches.create(requests=[item])
        assert len(sdk.messages.batches.list().data) == 1


@pytest.mark.parametrize(("acted", "billed"), [(False, 0), (True, 1)])
def test_timeout_lasts_until_the_client_gives_up(acted, billed):
    with faulty(Fault("timeout", acted=acted)) as (running, sdk):
        started = time.monotonic()
        with pytest.raises(anthropic.APITimeoutError):
            ask(sdk, timeout=0.1)
        assert time.monotonic() - started < 10
        assert len(running.billed) == billed


def test_timeout_ends_as_a_504():
    with faulty(Fault("timeout", seconds=0.05)) as (_, sdk), pytest.raises(anthropic.GatewayTimeoutError):
        ask(sdk)


@pytest.mark.parametrize("chunk", [16, 64, 100_000])
def test_drip_is_slow_and_whole(chunk):
    with faulty(Fault("drip", chunk=chunk, interval=0.001)) as (_, sdk):
        assert ask(sdk).content[-1].text == TEXT


def test_drip_can_outlast_the_read_timeout():
    with faulty(Fault("drip", chunk=10, interval=0.5)) as (_, sdk), pytest.raises(anthropic.APITimeoutError):
        ask(sdk, timeout=0.1)


@pytest.mark.parametrize(
    ("fault", "reason", "text"),
    [
        (Fault("invalid_json"), "end_turn", TEXT[: len(TEXT) // 2]),
        (Fault("invalid_json", text="Sure! Here it is:"), "end_turn", "Sure! Here it is:"),
        (Fault("truncated"), "max_tokens", TEXT[: len(TEXT) // 2]),
        (Fault("enum_drift"), "end_turn", '{"severity":"LOW","notes":["low"],"deep":{"kind":"BUG"}}'),
    ],
)
def test_disturbed_text(fault, reason, text):
    message = answer_under(fault)
    assert (message.stop_reason, message.content[-1].text) == (reason, text)


def test_refusal():
    message = answer_under(Fault("refusal", category="bio"))
    assert (message.stop_reason, message.content, message.stop_details.category) == ("refusal", [], "bio")


def test_thinking_only():
    message = answer_under(Fault("thinking_only"))
    assert (message.stop_reason, [block.type for block in message.content]) == ("end_turn", ["thinking"])


def test_extra_keys():
    message = answer_under(Fault("extra_keys"))
    assert message.to_dict()["billing_hint"] == {"tier": "unknown"}
    assert message.usage.to_dict()["iterations"][0]["type"] == "message"


def test_stream_error():
    with faulty(Fault("stream_error")) as (running, sdk):
        with (
            pytest.raises(anthropic.APIStatusError) as caught,
            sdk.messages.stream(model=MODEL, max_tokens=1000, messages=HELLO) as stream,
        ):
            stream.until_done()
        assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
        assert running.billed == {}


def test_stream_error_without_a_stream_is_a_529():
    with faulty(Fault("stream_error")) as (_, sdk), pytest.raises(anthropic.OverloadedError):
        ask(sdk)


@pytest.mark.parametrize("stream", [True, False])
def test_stream_cut(stream):
    with faulty(Fault("stream_cut")) as (running, sdk):
        body = {"model": MODEL, "max_tokens": 1000, "messages": HELLO, "stream": stream}
        headers = {"authorization": "Bearer key", "anthropic-version": "2026-10-21"}
        with pytest.raises(httpx2.RemoteProtocolError), httpx2.Client() as raw:
            raw.post(f"{running.base_url}/v1/messages", json=body, headers=headers)
        assert running.billed[MODEL]["sync"].requests == 1
        assert sdk is not None


def test_injected_faults_go_first_and_run_out():
    with faulty() as (running, sdk):
        running.inject(Fault("status", status=529), times=2)
        for _ in range(2):
            with pytest.raises(anthropic.OverloadedError):
                ask(sdk)
        assert ask(sdk).stop_reason == "end_turn"


def test_unknown_fault_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"There is no fault 'explode'. Known kinds: blank_line, canceled"):
        Fault("explode")


def test_fault_at_the_wrong_endpoint_is_refused():
    with Simulator() as running, pytest.raises(ValueError, match="'blank_line' cannot happen at messages"):
        running.inject(Fault("blank_line"))


def test_every_fault_fits_somewhere():
    kinds = {kind for each in (AnyEndpointFault, AnswerFault, StreamFault, ResultsFault) for kind in get_args(each)}
    endpoints = ("messages", "batches.results", "batches.create")
    assert {kind for kind in kinds if any(Fault(kind).fits(each) for each in endpoints)} == kinds
    assert not any(Fault(kind).fits(each) for kind in get_args(ItemFault) for each in endpoints)


def test_faults_see_number_endpoint_and_body():
    seen = []
    behaviour = Behaviour(
        brain=lambda body: Answer("{}"),
        faults=lambda number, endpoint, body: seen.append((number, endpoint, json.dumps(body)[:14])),
    )
    with Simulator(behaviour) as running, anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk:
        ask(sdk)
        ask(sdk)
        sdk.models.retrieve(MODEL)
    assert seen == [
        (0, "messages", '{"max_tokens":'),
        (1, "messages", '{"max_tokens":'),
        (0, "models.retrieve", '{"model_id": "'),
    ]
