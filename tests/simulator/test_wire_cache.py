"""The prompt cache: who writes, who reads, for how long, and what usage says of it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest

from reviewer.simulator import Answer, Behaviour, Simulator

MODEL = "claude-sonnet-5-5"
RULES = "r" * 3200
HELLO = [{"role": "user", "content": "Hello"}]


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    seconds: float = 0.0
    start: datetime = field(default=datetime(2026, 11, 21, tzinfo=UTC))

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sdk(clock: Clock) -> Iterator[anthropic.Anthropic]:
    behaviour = Behaviour(brain=lambda body: Answer("fine"), clock=clock)
    with (
        Simulator(behaviour) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0) as client,
    ):
        yield client


def rules(text: str = RULES, ttl: str = "5m") -> list[dict[str, Any]]:
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": ttl}}]


def ask(sdk: anthropic.Anthropic, **changes: Any) -> tuple[int, int, int, int]:
    """Tokens of one request: uncached input, read, written for 5 minutes, written for an hour."""
    request = {"model": MODEL, "max_tokens": 100, "messages": HELLO, "system": rules()} | changes
    usage = sdk.messages.create(**request).usage
    split = usage.cache_creation
    assert usage.cache_creation_input_tokens == split.ephemeral_5m_input_tokens + split.ephemeral_1h_input_tokens
    return (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        split.ephemeral_5m_input_tokens,
        split.ephemeral_1h_input_tokens,
    )


def test_first_request_writes_and_the_next_reads(sdk):
    assert ask(sdk) == (6, 0, 1000, 0)
    assert ask(sdk, messages=[{"role": "user", "content": "Other"}]) == (6, 1000, 0, 0)


def test_hour_entries_are_written_as_such(sdk):
    assert ask(sdk, system=rules(ttl="1h")) == (6, 0, 0, 1000)


def test_prefix_below_the_minimum_is_silently_not_cached(sdk):
    short = rules("r" * 1600)
    assert ask(sdk, system=short) == (506, 0, 0, 0)
    assert ask(sdk, system=short) == (506, 0, 0, 0)


def test_unmarked_prompt_is_not_cached(sdk):
    assert ask(sdk, system=RULES) == (1006, 0, 0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "claude-opus-5-5"},
        {"system": rules(RULES[:-1] + "x")},
        {"tools": [{"name": "t", "input_schema": {"type": "object"}}]},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "string"}}}},
    ],
)
def test_anything_before_the_breakpoint_must_be_the_same(sdk, changes):
    ask(sdk)
    assert ask(sdk, **changes)[1] == 0


def test_effort_changes_the_messages_but_not_the_system_prompt(sdk):
    turn = [{"role": "user", "content": rules("d" * 3200)}]
    assert ask(sdk, messages=turn) == (0, 0, 2004, 0)
    assert ask(sdk, messages=turn, output_config={"effort": "high"}) == (0, 2004, 0, 0)
    assert ask(sdk, messages=turn, output_config={"effort": "low"}) == (0, 1000, 1004, 0)


@pytest.mark.parametrize(("ttl", "life"), [("5m", 300), ("1h", 3600)])
def test_entry_lives_from_the_start_of_its_last_use(sdk, clock, ttl, life):
    assert ask(sdk, system=rules(ttl=ttl))[1] == 0
    clock.seconds += life - 1
    assert ask(sdk, system=rules(ttl=ttl))[1] == 1000
    clock.seconds += life - 1
    assert ask(sdk, system=rules(ttl=ttl))[1] == 1000
    clock.seconds += life + 1
    assert ask(sdk, system=rules(ttl=ttl))[1] == 0


@pytest.mark.parametrize(("between", "read"), [(19, 1004), (20, 0)])
def test_lookup_goes_back_twenty_blocks(sdk, between, read):
    head = rules()
    ask(sdk, system="", messages=[{"role": "user", "content": head}])
    tail = [{"type": "text", "text": "x"} for _ in range(between)]
    tail[-1] = rules("y")[0]
    turn = [{"role": "user", "content": [{"type": "text", "text": RULES}, *tail]}]
    assert ask(sdk, system="", messages=turn)[1] == read


def test_growing_conversation_reads_what_it_wrote(sdk):
    automatic = {"cache_control": {"type": "ephemeral"}, "system": RULES}
    assert ask(sdk, **automatic) == (0, 0, 1006, 0)
    turns = [*HELLO, {"role": "assistant", "content": "fine"}, {"role": "user", "content": "More"}]
    assert ask(sdk, messages=turns, **automatic) == (0, 1006, 12, 0)


def test_mixed_lifetimes_are_split(sdk):
    turn = [{"role": "user", "content": rules("d" * 3200)}]
    assert ask(sdk, system=rules(ttl="1h"), messages=turn) == (0, 0, 1004, 1000)
    other = [{"role": "user", "content": rules("e" * 3200)}]
    assert ask(sdk, system=rules(ttl="1h"), messages=other) == (0, 1000, 1004, 0)


def test_pre_warming_writes_without_an_answer(sdk):
    warm = sdk.messages.create(model=MODEL, max_tokens=0, messages=HELLO, system=rules())
    assert (warm.content, warm.stop_reason, warm.usage.output_tokens) == ([], "max_tokens", 0)
    assert ask(sdk) == (6, 1000, 0, 0)


def test_requests_that_start_together_all_write():
    with (
        Simulator(Behaviour(brain=lambda body: Answer("fine"), latency=0.1)) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk,
    ):
        seen: list[tuple[int, ...]] = []
        threads = [threading.Thread(target=lambda: seen.append(ask(sdk))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [(6, 0, 1000, 0)] * 3
        assert ask(sdk) == (6, 1000, 0, 0)


def test_streamed_answer_makes_its_entry_readable_when_it_begins():
    behaviour = Behaviour(brain=lambda body: Answer("fine"), latency=lambda body: 5.0 if body.get("stream") else 0.0)
    with (
        Simulator(behaviour) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk,
        sdk.messages.stream(model=MODEL, max_tokens=100, messages=HELLO, system=rules()) as stream,
    ):
        assert next(iter(stream)).type == "message_start"
        assert ask(sdk) == (6, 1000, 0, 0)


def test_first_byte_delays_the_beginning_of_a_stream():
    behaviour = Behaviour(brain=lambda body: Answer("fine"), first_byte=0.06, latency=0.12)
    with Simulator(behaviour) as running, anthropic.Anthropic(api_key="key", base_url=running.base_url) as sdk:
        started = time.monotonic()
        with sdk.messages.stream(model=MODEL, max_tokens=100, messages=HELLO) as stream:
            next(iter(stream))
            began = time.monotonic() - started
            stream.until_done()
        assert 0.06 <= began < time.monotonic() - started
        assert time.monotonic() - started >= 0.11
