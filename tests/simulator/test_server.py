"""The simulator through the real SDK: what a client sees, and what is on record afterwards."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal

import anthropic
import jsonschema
import pytest

from reviewer.simulator import Answer, Behaviour, Simulator, ToolUse

MODEL = "claude-sonnet-5-5"
HELLO = [{"role": "user", "content": "Hello"}]
SCHEMA = {
    "type": "object",
    "properties": {"severity": {"type": "string", "enum": ["low", "high"]}},
    "required": ["severity"],
    "additionalProperties": False,
}
READ_FILE = {
    "name": "read_file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


def answer_low(body: dict) -> Answer:
    return Answer('{"severity":"low"}', thinking_tokens=40)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Behaviour(brain=answer_low)) as running:
        yield running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[anthropic.Anthropic]:
    # The strict mode makes the SDK check every answer against its own types.
    with anthropic.Anthropic(
        api_key="key", base_url=simulator.base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        yield sdk


def test_create_answers_with_a_thinking_block_then_text(client, simulator):
    message = client.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[0].thinking == ""
    assert message.content[1].text == '{"severity":"low"}'
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (6, 46)
    assert message.usage.output_tokens_details.thinking_tokens == 40
    assert message._request_id == simulator.calls[0].request_id


def test_structured_output_follows_the_schema(client):
    config = {"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "low"}
    message = client.messages.create(model=MODEL, max_tokens=1000, messages=HELLO, output_config=config)
    jsonschema.validate(json.loads(message.content[-1].text), SCHEMA)


def test_stream_adds_up_to_the_same_message(client):
    with client.messages.stream(model=MODEL, max_tokens=1000, messages=HELLO) as stream:
        kinds = [event.type for event in stream]
        message = stream.get_final_message()
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert message.content[-1].text == '{"severity":"low"}'
    assert (message.usage.input_tokens, message.usage.output_tokens) == (6, 46)


def test_stream_has_the_events_of_the_api_in_order(client):
    with client.messages.with_streaming_response.create(
        model=MODEL, max_tokens=1000, messages=HELLO, stream=True
    ) as response:
        lines = [line for line in response.iter_lines() if line.startswith("event: ")]
    block = ["content_block_delta", "content_block_stop"]
    assert [line.removeprefix("event: ") for line in lines] == [
        *("message_start", "content_block_start", "ping", *block),
        *("content_block_start", *block),
        *("message_delta", "message_stop"),
    ]


def test_async_client_is_served_concurrently():
    behaviour = Behaviour(brain=answer_low, latency=0.05)

    async def five(url: str) -> list[str]:
        async with anthropic.AsyncAnthropic(api_key="key", base_url=url, max_retries=0) as sdk:
            calls = [sdk.messages.create(model=MODEL, max_tokens=10_000, messages=HELLO) for _ in range(5)]
            return [message.content[-1].text for message in await asyncio.gather(*calls)]

    with Simulator(behaviour) as running:
        assert asyncio.run(five(running.base_url)) == ['{"severity":"low"}'] * 5
        assert max(call.concurrency for call in running.calls) == 5
        assert all(call.ended - call.started >= 0.05 for call in running.calls)


def test_count_tokens_agrees_with_usage(client):
    prompt = {"model": MODEL, "system": "Be brief.", "messages": HELLO, "tools": [READ_FILE]}
    counted = client.messages.count_tokens(**prompt).input_tokens
    assert counted == client.messages.create(**prompt, max_tokens=100).usage.input_tokens
    assert counted > 286


def test_models_are_listed_with_capabilities(client):
    models = {model.id: model for model in client.models.list(limit=3)}
    assert len(models) == 14
    assert models["claude-haiku-5-5"].max_tokens == 128_000
    assert models[MODEL].capabilities.thinking.types.between_tools.supported
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    with pytest.raises(anthropic.NotFoundError, match="model: gpt"):
        client.models.retrieve("gpt")


def test_tool_conversation_goes_back_and_forth():
    def brain(body: dict) -> Answer:
        if len(body["messages"]) == 1:
            return Answer(tool_uses=(ToolUse("read_file", {"path": "a.py"}),))
        return Answer(text=body["messages"][-1]["content"][0]["content"])

    with (
        Simulator(Behaviour(brain=brain)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0) as sdk,
    ):
        first = sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO, tools=[READ_FILE])
        assert first.stop_reason == "tool_use"
        use = first.content[-1]
        assert (use.name, use.input) == ("read_file", {"path": "a.py"})
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "x = 1"}
        turns = [*HELLO, first.to_param(), {"role": "user", "content": [result]}]
        second = sdk.messages.create(model=MODEL, max_tokens=1000, messages=turns, tools=[READ_FILE])
        assert second.content[-1].text == "x = 1"


def test_tool_input_is_streamed_as_json():
    brain = Answer(tool_uses=(ToolUse("read_file", {"path": "a" * 100}),))
    with (
        Simulator(Behaviour(brain=lambda body: brain)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk,
        sdk.messages.stream(model=MODEL, max_tokens=1000, messages=HELLO, tools=[READ_FILE]) as stream,
    ):
        assert stream.get_final_message().content[-1].input == {"path": "a" * 100}


def test_answer_is_cut_at_max_tokens(client):
    message = client.messages.create(model=MODEL, max_tokens=43, messages=HELLO)
    assert message.stop_reason == "max_tokens"
    assert message.content[-1].text == '{"severit'
    assert message.usage.output_tokens == 43


def test_thinking_alone_can_use_up_max_tokens(client):
    message = client.messages.create(model=MODEL, max_tokens=30, messages=HELLO)
    assert message.stop_reason == "max_tokens"
    assert [block.type for block in message.content] == ["thinking"]


def test_answer_ends_at_a_stop_sequence(client):
    message = client.messages.create(model=MODEL, max_tokens=1000, messages=HELLO, stop_sequences=['":'])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", '":')
    assert message.content[-1].text == '{"severity'


@pytest.mark.parametrize(
    ("model", "more", "kinds"),
    [
        ("claude-opus-5-5", {}, ["thinking", "text"]),
        ("claude-opus-4-8", {}, ["text"]),
        ("claude-opus-4-8", {"thinking": {"type": "adaptive"}}, ["thinking", "text"]),
        (MODEL, {"thinking": {"type": "between_tools"}}, ["text"]),
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}, ["text"]),
        ("claude-haiku-5-5", {"tools": [READ_FILE], "tool_choice": {"type": "any"}}, ["text"]),
    ],
)
def test_thinking_block_depends_on_model_and_settings(client, model, more, kinds):
    message = client.messages.create(model=model, max_tokens=1000, messages=HELLO, **more)
    assert [block.type for block in message.content] == kinds


def test_refusal_before_output_is_not_billed():
    refusal = Answer(stop_reason="refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": "No."})
    with (
        Simulator(Behaviour(brain=lambda body: refusal)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk,
    ):
        message = sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
        assert (message.content, message.stop_reason, message.stop_details.category) == ([], "refusal", "cyber")
        assert running.billed == {}


def test_bill_is_kept_by_model_and_lane_at_list_prices(client, simulator):
    for model in (MODEL, MODEL, "claude-haiku-5-5"):
        client.messages.create(model=model, max_tokens=1000, messages=HELLO)
    billed = simulator.billed
    assert billed[MODEL]["sync"].requests == 2
    assert billed[MODEL]["sync"].input_tokens == 12
    assert billed[MODEL]["sync"].usd == Decimal("12") * 2 / 1_000_000 + Decimal("92") * 10 / 1_000_000
    assert billed["claude-haiku-5-5"]["sync"].usd == Decimal("0.0000236")


def test_long_haiku_prompt_costs_the_higher_card(client, simulator):
    long = [{"role": "user", "content": "x" * 400_000}]
    client.messages.create(model="claude-haiku-5-5", max_tokens=1000, messages=long)
    assert (
        simulator.billed["claude-haiku-5-5"]["sync"].usd
        == (Decimal(125_004) * Decimal("0.50") + 46 * Decimal("2.50")) / 1_000_000
    )


def test_call_is_on_record(client, simulator):
    client.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
    (call,) = simulator.calls
    assert (call.endpoint, call.number, call.status, call.concurrency) == ("messages", 0, 200, 1)
    assert call.body == {"max_tokens": 1000, "messages": HELLO, "model": MODEL}
    assert call.headers["authorization"] == "Bearer key"
    assert call.headers["anthropic-version"] == "2026-10-21"
    assert call.usage["input_tokens"] == 6
    assert call.ended >= call.started


def test_bodies_need_not_be_kept():
    with (
        Simulator(Behaviour(brain=answer_low, keep_bodies=False)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk,
    ):
        sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
        (call,) = running.calls
    assert (call.body, call.headers) == (None, {})
    assert len(call.body_sha256) == 64
    assert call.body_bytes == 94
    assert call.usage["output_tokens"] == 46


def test_failing_brain_is_a_500_and_is_kept():
    def brain(body: dict) -> Answer:
        raise LookupError("no rule")

    with (
        Simulator(Behaviour(brain=brain)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0) as sdk,
    ):
        with pytest.raises(anthropic.InternalServerError, match="no rule"):
            sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
        assert repr(running.failures) == "[LookupError('no rule')]"
        assert running.billed == {}


def test_stopping_does_not_wait_for_calls_in_flight():
    begun = threading.Event()
    behaviour = Behaviour(brain=answer_low, latency=60, faults=lambda number, endpoint, body: begun.set())
    with Simulator(behaviour) as running:
        sdk = anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0)
        failed = []

        def call() -> None:
            try:
                sdk.messages.create(model=MODEL, max_tokens=1000, messages=HELLO)
            except anthropic.APIConnectionError as error:
                failed.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        assert begun.wait(timeout=2)
    thread.join(timeout=2)
    sdk.close()
    assert len(failed) == 1


def test_runs_as_a_process_of_its_own():
    command = [sys.executable, "-m", "reviewer.simulator", "--requests-per-minute", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with anthropic.Anthropic(api_key="key", base_url=url, max_retries=0) as sdk:
            sdk.messages.create(model=MODEL, max_tokens=0, messages=HELLO)
            with pytest.raises(anthropic.RateLimitError):
                sdk.messages.create(model=MODEL, max_tokens=0, messages=HELLO)
        os.kill(process.pid, signal.SIGTERM)
        summary = json.loads(process.stdout.readline())
    assert summary["calls"] == {"messages 200": 1, "messages 429": 1}
    assert summary["rejected"] == 1
    assert summary["billed"][MODEL]["sync"]["usd"] == "0.000012"
