"""Which JSON Schemas the simulated API takes for formats and strict tools."""

import pytest

from tests.simulator.wire import STRICT, formatted, record, refusal, sdk, send, text, url, user

__all__ = ["sdk", "url"]

AT = "output_config.format.schema: "


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "properties": {}},
         AT + "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (record(a={"type": "array", "items": {"type": "object", "properties": {}}}),
         AT + "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (record(n={"type": "integer", "minimum": 1, "maximum": 2}),
         AT + "For 'integer' type, properties maximum, minimum are not supported"),
        (record(s={"type": "string", "maxLength": 2}), AT + "For 'string' type, property maxLength is not supported"),
        (record(a={"type": "array", "items": {"type": "string"}, "minItems": 2}),
         AT + "For 'array' type, 'minItems' values other than 0 or 1 are not supported"),
        (record(a={"oneOf": [{"type": "string"}]}), AT + "Invalid schema: 'type' is missing"),
        (record(a={"enum": [["x"]]}), AT + "enum values must be strings, numbers, booleans or null"),
        (record(a={"$ref": "https://example.com/x.json"}),
         AT + "external $ref 'https://example.com/x.json' is not supported"),
        (record(a={"$ref": "#/$defs/node"}) | {"$defs": {"node": record(next={"$ref": "#/$defs/node"})}},
         AT + "recursive schemas are not supported ('node' refers to itself)"),
        (record(a={"allOf": [{"$ref": "#/$defs/x"}]}) | {"$defs": {"x": record()}},
         AT + "allOf with $ref is not supported"),
        (record(s={"type": "string", "format": "iso-8601"}),
         AT + "For 'string' type, format 'iso-8601' is not supported"),
        (record(s={"type": "string", "pattern": r"\bx"}), AT + "pattern uses a construct that is not supported"),
        (record(**{f"u{n}": {"type": ["string", "null"]} for n in range(17)}),
         "Schema is too complex for compilation."),
        (record(**{f"o{n}": {"type": "string"} for n in range(25)}) | {"required": []},
         "Schema is too complex for compilation."),
        ({"type": "object", "additionalProperties": False, "properties": ["a"]},
         AT + "Invalid schema: a keyword has a value of the wrong type"),
    ],
)  # fmt: skip
def test_schema_outside_the_subset_is_refused(sdk, schema, message):
    assert refusal(sdk, **formatted(schema)) == message


@pytest.mark.parametrize(
    "schema",
    [
        record(**{f"u{n}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for n in range(16)}),
        record(**{f"o{n}": {"type": "string"} for n in range(24)}) | {"required": []},
        record(a={"$ref": "#/$defs/x"}, b={"$ref": "#/$defs/x"}) | {"$defs": {"x": record(e={"enum": ["p", 1, None]})}},
        record(a={"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1}),
    ],
)
def test_schema_within_the_subset_is_taken(sdk, schema):
    assert send(sdk, **formatted(schema))["type"] == "message"


def test_strict_tools_follow_the_same_subset(sdk):
    message = "tools.0.input_schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
    assert refusal(sdk, tools=[STRICT]) == message


def test_citations_do_not_go_with_a_format(sdk):
    source = {"type": "text", "media_type": "text/plain", "data": "x"}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}
    message = "output_config.format: citations cannot be combined with structured outputs"
    assert refusal(sdk, messages=[user(document, text("cite"))], **formatted(record())) == message
