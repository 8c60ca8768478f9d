"""Rate limits: what a 429 says, what counts, and when there is room again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest

from reviewer.simulator import Answer, Behaviour, Limits, Simulator
from tests.simulator.test_wire_cache import Clock, rules

MODEL = "claude-sonnet-5-5"
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def limited(clock: Clock, limits: Any, **more: Any) -> Iterator[tuple[Simulator, anthropic.Anthropic]]:
    behaviour = Behaviour(brain=lambda body: Answer("x" * 320), clock=clock, limits=limits, **more)
    with (
        Simulator(behaviour) as running,
        anthropic.Anthropic(api_key="key", base_url=running.base_url, max_retries=0) as sdk,
    ):
        yield running, sdk


def ask(sdk: anthropic.Anthropic, model: str = MODEL, **more: Any) -> Any:
    return sdk.messages.with_raw_response.create(model=model, max_tokens=1000, **{"messages": HELLO} | more)


def refused(sdk: anthropic.Anthropic, **more: Any) -> anthropic.RateLimitError:
    with pytest.raises(anthropic.RateLimitError) as caught:
        ask(sdk, **more)
    return caught.value


def test_headers_say_what_is_left(clock):
    with limited(clock, Limits(60, 600_000, 60_000)) as (_, sdk):
        headers = ask(sdk).headers
    found = {name: value for name, value in headers.items() if name.startswith("anthropic-ratelimit-")}
    assert found == {
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "59",
        "anthropic-ratelimit-requests-reset": "2026-11-21T00:00:01Z",
        "anthropic-ratelimit-input-tokens-limit": "600000",
        "anthropic-ratelimit-input-tokens-remaining": "600000",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-21T00:00:00Z",
        "anthropic-ratelimit-output-tokens-limit": "60000",
        "anthropic-ratelimit-output-tokens-remaining": "60000",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-21T00:00:00Z",
        "anthropic-ratelimit-tokens-limit": "600000",
        "anthropic-ratelimit-tokens-remaining": "600000",
        "anthropic-ratelimit-tokens-reset": "2026-11-21T00:00:00Z",
    }


def test_no_limits_no_headers(clock):
    with limited(clock, None) as (_, sdk):
        assert not [name for name in ask(sdk).headers if name.startswith("anthropic-ratelimit-")]


def test_requests_are_let_in_again_as_the_bucket_refills(clock):
    with limited(clock, Limits(requests_per_minute=2)) as (running, sdk):
        ask(sdk)
        ask(sdk)
        error = refused(sdk)
        assert error.type == "rate_limit_error"
        assert error.response.headers["retry-after"] == "30"
        assert error.response.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert error.api_message.startswith(
            "This request would exceed your organization's rate limit of 2 requests per minute (org: 00000000-0000-"
        )
        clock.seconds += 29
        refused(sdk)
        clock.seconds += 1
        ask(sdk)
        assert running.rejected == 2
        assert [call.status for call in running.calls] == [200, 200, 429, 429, 200]


def test_input_counts_before_the_answer(clock):
    with limited(clock, Limits(input_tokens_per_minute=1500)) as (_, sdk):
        ask(sdk, system="r" * 3200)
        error = refused(sdk, system="r" * 3200)
        assert "1,500 input tokens per minute" in error.api_message
        # 494 are left and 1,006 needed: 512 at 25 a second.
        assert error.response.headers["retry-after"] == "21"
        ask(sdk)


def test_cache_writes_count_and_reads_do_not(clock):
    with limited(clock, Limits(input_tokens_per_minute=1500)) as (_, sdk):
        for _ in range(50):
            ask(sdk, system=rules())
        refused(sdk, system=rules("s" * 3200))


def test_output_counts_what_was_written_not_max_tokens(clock):
    with limited(clock, Limits(output_tokens_per_minute=150)) as (_, sdk):
        ask(sdk)
        ask(sdk)
        assert "150 output tokens per minute" in refused(sdk).api_message
        # 50 over, and at 2.5 a second it takes 20.4 s until one is left.
        clock.seconds += 20.5
        ask(sdk)


def test_models_have_buckets_of_their_own_but_families_share(clock):
    with limited(clock, Limits(requests_per_minute=1)) as (_, sdk):
        ask(sdk)
        ask(sdk, model="claude-haiku-5-5")
        ask(sdk, model="claude-opus-4-8")
        assert "model: claude-opus-4-7" in refused(sdk, model="claude-opus-4-7").api_message


def test_limits_can_be_set_by_model(clock):
    with limited(clock, {MODEL: Limits(requests_per_minute=1)}) as (_, sdk):
        ask(sdk)
        ask(sdk, model="claude-haiku-5-5")
        ask(sdk, model="claude-haiku-5-5")
        refused(sdk)


def test_refused_request_is_neither_billed_nor_cached(clock):
    with limited(clock, Limits(requests_per_minute=1)) as (running, sdk):
        ask(sdk)
        refused(sdk, system=rules())
        clock.seconds += 60
        usage = ask(sdk, system=rules()).parse().usage
        assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (0, 1000)
        assert running.billed[MODEL]["sync"].requests == 2
