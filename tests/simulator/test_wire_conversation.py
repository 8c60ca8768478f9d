"""What the simulated API refuses of a conversation: turns, tools, cache marks."""

import pytest

from tests.simulator.wire import HELLO, HOUR, MARK, RESULT, TOOL, USE, refusal, sdk, send, text, url, user

__all__ = ["sdk", "url"]

UNANSWERED = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. "
    "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)


UNASKED = (
    "messages.0.content: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. "
    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
)


FORGED = {"type": "thinking", "thinking": "", "signature": "EqQB"}


ASKED = [HELLO[0], {"role": "assistant", "content": [USE]}]


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([user(text(""))], "messages: text content blocks must be non-empty"),
        ([{"role": "user", "content": ""}], "messages: text content blocks must be non-empty"),
        ([user(text(" \n"))], "messages: text content blocks must contain non-whitespace text"),
        ([user(text("", cache_control=MARK))],
         "messages.0.content.0.text: cache_control cannot be set for empty text blocks"),
        ([user()], "messages.0: all messages must have non-empty content"),
        ([{"role": "assistant", "content": "a"}, *HELLO], 'messages: first message must use the "user" role'),
        (ASKED, UNANSWERED),
        ([*ASKED, *HELLO], UNANSWERED),
        ([user(RESULT)], UNASKED),
        ([*ASKED, user(RESULT, RESULT)], UNASKED.replace("messages.0", "messages.2")),
        ([*ASKED, user(text("first"), RESULT)],
         "messages.2.content: `tool_result` blocks must come first in the message"),
        ([user(USE)], "messages.0.content.0: `tool_use` blocks cannot be in `user` messages"),
        ([*HELLO, {"role": "assistant", "content": [FORGED]}, *HELLO],
         "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ],
)  # fmt: skip
def test_conversation_must_be_well_formed(sdk, messages, message):
    assert refusal(sdk, messages=messages, tools=[TOOL]) == message


def test_tool_blocks_need_tools(sdk):
    message = "Requests which include `tool_use` or `tool_result` blocks must define tools."
    assert refusal(sdk, messages=[*ASKED, user(RESULT)]) == message


def test_fabricated_first_tool_call_is_taken(sdk):
    assert send(sdk, messages=[*ASKED, user(RESULT)], tools=[TOOL])["content"][-1]["text"] == "fine"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"messages": [user(*(text(str(n), cache_control=MARK) for n in range(5)))]},
         "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ({"messages": [user(*(text(str(n), cache_control=MARK) for n in range(4)), text("x"))], "cache_control": MARK},
         "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ({"messages": [user(text("a", cache_control=HOUR))], "cache_control": MARK},
         "cache_control: the last block already has a cache_control with a different ttl"),
        ({"system": [text("a", cache_control=MARK)], "messages": [user(text("b", cache_control=HOUR))]},
         "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
         "cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."),
    ],
)  # fmt: skip
def test_cache_markers_are_counted_and_ordered(sdk, changes, message):
    assert refusal(sdk, **changes) == message
