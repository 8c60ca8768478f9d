from collections.abc import Iterator
from dataclasses import replace

import pytest

from reviewer.core.finding import Category, Confidence, Severity
from reviewer.core.request import ANSWER_SCHEMAS, Block, Request, Turn, Usage

TAG = "0123456789abcdef"


def request(tag: str = TAG, **changes) -> Request:
    made = Request(
        unit="file-1",
        kind="file",
        files=("x.py",),
        model="claude-x",
        system=(Block("System.", "5m"),),
        turns=(Turn("user", (Block(f"TAG is {tag}.", "5m"), Block(f'<item id="{tag}">\n1\n</item id="{tag}">'))),),
        shape="review",
        max_tokens=1_000,
        effort=None,
        tag=tag,
        estimated_input=10,
        estimated_output=10,
    )
    return replace(made, **changes)


def turns(*blocks: Block) -> tuple[Turn, ...]:
    return (Turn("user", blocks),)


def test_the_same_question_has_the_same_identity_under_another_tag():
    assert request("f" * 16).identity == request().identity
    assert len(request().identity) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "claude-y"},
        {"shape": "verify"},
        {"effort": "high"},
        {"system": (Block("Other.", "5m"),)},
        {"turns": turns(Block("Other."))},
        {"turns": turns(Block(f"TAG is {TAG}.", "5m"), Block("a"), Block("b"))},
        {"turns": (*turns(Block("a")), Turn("assistant", (Block("b"),)))},
    ],
)
def test_another_question_has_another_identity(changes):
    assert request(**changes).identity != request().identity


@pytest.mark.parametrize("mark", [None, "1h"])
def test_cache_marks_change_the_price_of_a_question_not_its_identity(mark):
    marked = request(system=(Block("System.", mark),))
    assert marked.identity == request().identity
    assert request(system=(Block("System."),), turns=turns(Block("x"))).identity == (
        request(turns=turns(Block("x", "5m"))).identity
    )


def test_borders_between_blocks_are_part_of_the_identity():
    one, other = turns(Block("ab"), Block("c")), turns(Block("a"), Block("bc"))
    assert request(turns=one).identity != request(turns=other).identity


@pytest.mark.parametrize(
    "changes", [{"unit": "file-2"}, {"files": ("y.py",)}, {"max_tokens": 9}, {"estimated_input": 9}]
)
def test_what_the_model_does_not_see_plays_no_part(changes):
    assert request(**changes).identity == request().identity


def test_text_that_is_no_unicode_has_an_identity_and_a_prefix():
    odd = request(turns=turns(Block("\udcff", "5m")))
    assert len(odd.identity) == len(odd.prefix) == 64


def test_the_prefix_ends_at_the_last_breakpoint():
    shared = request().turns[0].blocks[0]
    same = request(turns=turns(shared, Block("something else")))
    assert same.prefix == request().prefix
    assert request(turns=turns(replace(shared, text="x"), Block("1"))).prefix != request().prefix
    assert request(turns=turns(shared, Block("1", "5m"))).prefix != request().prefix
    assert request(system=(Block("System."),), turns=turns(Block("1"))).prefix == ""


@pytest.mark.parametrize("changes", [{"model": "claude-y"}, {"shape": "verify"}, {"effort": "high"}])
def test_the_cache_keeps_models_shapes_and_efforts_apart(changes):
    assert request(**changes).prefix != request().prefix


def test_usage_adds_up():
    one = Usage(1, 2, 3, 4, 5)
    assert one + Usage(10, 20, 30, 40, 50) == Usage(11, 22, 33, 44, 55)
    assert (one.total_input, one.limited_input) == (1 + 3 + 4 + 5, 1 + 4 + 5)


def nodes(schema: dict) -> Iterator[dict]:
    yield schema
    for child in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from nodes(child)


@pytest.mark.parametrize("shape", ANSWER_SCHEMAS)
def test_schemas_stay_within_what_the_api_compiles(shape):
    for node in nodes(ANSWER_SCHEMAS[shape]):
        assert isinstance(node["type"], str)
        assert node.keys() <= {"type", "properties", "required", "additionalProperties", "items", "enum"}
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])


def test_schemas_offer_the_values_that_the_code_knows():
    found = ANSWER_SCHEMAS["review"]["properties"]["findings"]["items"]["properties"]
    judged = ANSWER_SCHEMAS["verify"]["properties"]["verdicts"]["items"]["properties"]
    assert found["severity"]["enum"] == judged["severity"]["enum"] == [str(one) for one in Severity]
    assert found["confidence"]["enum"] == [str(one) for one in Confidence]
    assert found["category"]["enum"] == [str(one) for one in Category]
