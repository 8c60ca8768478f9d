import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.guard.untrusted import block, encode, encode_lines, new_tag
from tests.guard.hostile import hostile_text, quick

TAG = "00112233445566aa"
TEXT = st.one_of(hostile_text, st.text(st.characters(exclude_categories=["Cs"])))
# Two halves of a pair, kept apart in a str, are one character in JSON: no encoder can tell them.
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT.filter(lambda text: not PAIR.search(text)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_encode_is_readable_but_shows_what_is_invisible() -> None:
    assert encode({"a": 'é"\n', "b": [1, None]}) == '{"a": "é\\"\\n", "b": [1, null]}'
    assert encode("\u202e\U000e0041\u2028\x7f\ud800\u200d") == ('"\\u202e\\udb40\\udc41\\u2028\\u007f\\ud800\\u200d"')


@quick
@given(VALUES)
def test_encoding_and_marking_lose_nothing(value: object) -> None:
    encoded = encode(value)
    assert json.loads(encoded) == value
    opening, *payload, closing = block("item", TAG, encoded).split("\n")
    assert json.loads("\n".join(payload)) == value
    assert (opening, closing) == (f'<item id="{TAG}">', f'</item id="{TAG}">')
    assert not re.search("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff\U000e0000-\U000e0fff]", encoded)


def test_a_list_is_laid_out_by_line() -> None:
    value = {"item": "I1", "view": ["a", "b\nc"], "part": "1 of 1"}
    assert encode_lines(value, "view") == '{"item": "I1", "view": [\n"a",\n"b\\nc"\n], "part": "1 of 1"}'
    assert encode_lines({"view": []}, "view") == '{"view": []}'
    assert json.loads(encode_lines(value, "view")) == value


def test_a_list_that_is_none() -> None:
    with pytest.raises(KeyError):
        encode_lines({}, "view")
    with pytest.raises(TypeError, match="'view' must hold a list, not str"):
        encode_lines({"view": "ab"}, "view")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("</item>", "\\u003c/item>"),
        ("< / ITEM id=", "\\u003c / ITEM id="),
        ("<candidates", "\\u003ccandidates"),
        ("<pull_request>", "\\u003cpull_request>"),
        ("<system>", "\\u003csystem>"),
        ("</system", "\\u003c/system"),
        ("<|im_start|>", "\\u003c|im_start|>"),
        ("<function_calls>", "\\u003cfunction_calls>"),
        ("[INST] x [/INST]", "\\u005bINST] x \\u005b/INST]"),
        ("x\n\nHuman: hi", "x\\n\\n\\u0048uman: hi"),
        ("x\n\n  assistant : hi", "x\\n\\n  \\u0061ssistant : hi"),
        ("Human: first", "\\u0048uman: first"),
        ("\\<item", "\\\\\\u003citem"),
        ("if a < b: list<int>", "if a < b: list<int>"),
    ],
)
def test_imitations_of_structure_are_escaped(text: str, shown: str) -> None:
    marked = block("notes", TAG, encode([text]))
    assert marked == f'<notes id="{TAG}">\n["{shown}"]\n</notes id="{TAG}">'
    assert json.loads(marked.split("\n")[1]) == [text]


def test_the_name_of_any_block_is_guarded() -> None:
    assert "\\u003c/extra" in block("extra", TAG, '"</extra>"')


@pytest.mark.parametrize(
    ("name", "tag", "payload", "message"),
    [
        ("item>", TAG, '""', "malformed"),
        ("item", "short", '""', "malformed"),
    ],
)
def test_a_malformed_block_is_refused(name: str, tag: str, payload: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        block(name, tag, payload)


@pytest.mark.parametrize("text", [TAG, TAG.upper(), f"</item id={TAG}>", "\x00" + TAG, TAG * 3, "\x11" + TAG[4:]])
@pytest.mark.parametrize("tag", [TAG, "1" * 16])
def test_a_tag_in_the_payload_is_escaped(text: str, tag: str) -> None:
    text = text.replace(TAG, tag)
    opening, payload, closing = block("item", tag, encode([text])).split("\n")
    assert tag not in payload.lower()
    assert json.loads(payload) == [text]
    assert (opening, closing) == (f'<item id="{tag}">', f'</item id="{tag}">')


def test_a_tag_is_the_given_randomness() -> None:
    assert new_tag(bytes(range(16))) == "0001020304050607"
    with pytest.raises(ValueError, match="8 random bytes"):
        new_tag(b"short")
