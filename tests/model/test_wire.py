"""From a request to the API's parameters, and from the API's JSON to a reply."""

from dataclasses import replace

import pytest

from reviewer.core.request import Answered, Block, Call, Errored, Refused, Truncated, Turn, Usage
from reviewer.model.wire import StreamedMessage, to_params, to_reply, to_usage
from tests.model.lanes import MODEL, RULES, ask, billed, call, simulator, total

CALL = Call(MODEL)
TEXT_BLOCK = {"type": "text", "text": "{}"}


def message(**changes):
    made = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [TEXT_BLOCK]}
    return made | {"stop_reason": "end_turn", "usage": {"input_tokens": 5, "output_tokens": 7}} | changes


def test_params():
    params = to_params(ask(1, prefix="rules", text="diff", effort="high"))
    assert params.pop("output_config").keys() == {"format", "effort"}
    assert params == {
        "model": MODEL,
        "max_tokens": 1000,
        "system": [{"type": "text", "text": "rules", "cache_control": {"type": "ephemeral", "ttl": "5m"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "0001 diff"}]}],
    }


@pytest.mark.parametrize(
    "request_",
    [
        ask(),
        ask(prefix=RULES),
        ask(shape="review"),
        ask(effort="high"),
        ask(model="claude-opus-5-5", effort="max"),
        # The SDK refuses this much without streaming, unless it is told how long to wait.
        ask(max_tokens=64_000),
        replace(ask(), system=(Block("a", "1h"), Block("b"))),
        replace(ask(), turns=(*ask().turns, Turn("assistant", (Block("no JSON"),)), Turn("user", (Block("again"),)))),
        ask(text="Zażółć \U0001f600 \x00 \u2028"),
    ],
    ids=["plain", "prefix", "review", "effort", "opus", "long", "1h", "turns", "unicode"],
)
def test_strict_api_takes_them(request_):
    with simulator() as running:
        (reply,) = call(running.base_url, request_)
        assert isinstance(reply, Answered), reply
        assert reply.call.usage == billed(running)


def test_text_that_is_no_unicode_is_an_error_and_not_sent_again():
    with simulator() as running:
        (reply,) = call(running.base_url, ask(text="\ud800"))
        assert isinstance(reply, Errored)
        assert reply.message.startswith("The request cannot be written as UTF-8")
        assert (reply.call.attempts, running.calls) == (1, [])


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        (None, Usage()),
        ({}, Usage()),
        ({"input_tokens": 1, "output_tokens": 2}, Usage(1, 2)),
        ({"input_tokens": None, "output_tokens": None, "cache_read_input_tokens": None}, Usage()),
        ({"input_tokens": 1, "output_tokens": 2, "cache_creation": None, "cache_read_input_tokens": 3}, Usage(1, 2, 3)),
        ({"cache_creation_input_tokens": 4}, Usage(0, 0, 0, 4)),
        (
            {
                "cache_creation_input_tokens": 9,
                "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 5},
            },
            Usage(0, 0, 0, 4, 5),
        ),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 5}}, Usage(0, 0, 0, 4, 5)),
        ({"input_tokens": 1, "iterations": [{"type": "message"}], "speed": "fast"}, Usage(1)),
        ({"input_tokens": -400, "output_tokens": -1, "cache_read_input_tokens": -(10**30)}, Usage()),
        ({"cache_creation": {"ephemeral_5m_input_tokens": -4, "ephemeral_1h_input_tokens": -5}}, Usage()),
        ({"cache_creation_input_tokens": 3, "cache_creation": {"ephemeral_1h_input_tokens": -5}}, Usage(0, 0, 0, 3)),
        ({"input_tokens": 10**30, "output_tokens": float("inf")}, Usage(100_000_000, 100_000_000)),
        ({"input_tokens": 5.0, "output_tokens": "7", "cache_read_input_tokens": float("nan")}, Usage(5)),
        ({"input_tokens": [1], "output_tokens": {}, "cache_creation": [1]}, Usage()),
        ([1], Usage()),
    ],
)
def test_usage(wire, usage):
    assert to_usage(wire) == usage


@pytest.mark.parametrize(
    ("stop_reason", "kind"),
    [
        ("end_turn", Answered),
        ("stop_sequence", Answered),
        ("max_tokens", Truncated),
        ("model_context_window_exceeded", Truncated),
        ("refusal", Refused),
        ("tool_use", Errored),
        ("pause_turn", Errored),
        ("something_new", Errored),
        (None, Errored),
    ],
)
def test_stop_reasons(stop_reason, kind):
    reply = to_reply(message(stop_reason=stop_reason), CALL)
    assert type(reply) is kind
    assert (reply.call.usage, reply.call.message_id) == (Usage(5, 7), "msg_1")


def test_unknown_stop_reason_is_named():
    reply = to_reply(message(stop_reason="pause_turn"), CALL)
    assert isinstance(reply, Errored)
    assert (reply.cause, "pause_turn" in reply.message) == ("answer", True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([], ""),
        (None, ""),
        ([{"type": "thinking", "thinking": "", "signature": "s"}, TEXT_BLOCK], "{}"),
        ([{"type": "redacted_thinking", "data": "x"}, TEXT_BLOCK, TEXT_BLOCK], "{}{}"),
        ([{"type": "new", "text": "not ours"}, "no block", {"type": "text", "text": None}], ""),
    ],
)
def test_content_is_chosen_by_type(content, text):
    reply = to_reply(message(content=content), CALL)
    assert isinstance(reply, Answered)
    assert reply.text == text


@pytest.mark.parametrize(("content", "usage"), [([], Usage()), ([TEXT_BLOCK], Usage(5, 7))])
def test_refusal_costs_nothing_before_any_output(content, usage):
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    reply = to_reply(message(stop_reason="refusal", stop_details=details, content=content), CALL)
    assert reply == Refused("cyber", "No.", replace(CALL, usage=usage, message_id="msg_1"))


@pytest.mark.parametrize("details", [None, {}, {"type": "refusal", "category": None, "explanation": None}])
def test_refusal_without_details(details):
    reply = to_reply(message(stop_reason="refusal", stop_details=details), CALL)
    assert isinstance(reply, Refused)
    assert (reply.category, reply.explanation) == ("", "")


def test_usage_is_added_to_what_was_spent_before():
    assert to_reply(message(), replace(CALL, usage=Usage(1, 1))).call.usage == Usage(6, 8)


EVENTS = [
    {"type": "message_start", "message": message(content=[], stop_reason=None, usage={"input_tokens": 5})},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "{"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "}"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "delta_from_the_future"}},
    {"type": "event_from_the_future"},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 7, "input_tokens": None},
    },
    {"type": "message_stop"},
]


def test_streamed_message_is_the_same_as_a_whole_one():
    streamed = StreamedMessage()
    for event in EVENTS:
        assert not streamed.done
        streamed.feed(event)
    assert streamed.done
    assert to_reply(streamed.whole(), CALL) == to_reply(message(), CALL)


def test_stream_and_whole_give_the_same_reply():
    with simulator() as running:
        # The first with a prefix is streamed, the next is not.
        (first,) = call(running.base_url, ask(prefix=RULES))
        streamed, whole = call(running.base_url, ask(prefix=RULES), ask(1, prefix=RULES))
    assert isinstance(first, Answered)
    assert isinstance(streamed, Answered)
    assert isinstance(whole, Answered)
    assert streamed.text == whole.text == first.text
    assert streamed.call.usage == whole.call.usage == Usage(106, 50, 1231)
    assert total([first]) == Usage(106, 50, 0, 1231)
