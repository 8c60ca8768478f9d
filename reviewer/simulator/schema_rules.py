"""Structured outputs: the subset of JSON Schema that the API compiles, and how much of it one request may hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reviewer.simulator.api_error import invalid

MAX_OPTIONAL = 24
MAX_UNIONS = 16
MAX_STRICT_TOOLS = 20

_ANYWHERE = frozenset({"type", "enum", "const", "anyOf", "allOf", "$ref", "default", "description", "title"})
_ROOT = frozenset({"$defs", "definitions", "$schema"})
_BY_TYPE = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems"}),
    "string": frozenset({"format", "pattern"}),
    "integer": frozenset[str](),
    "number": frozenset[str](),
    "boolean": frozenset[str](),
    "null": frozenset[str](),
}
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_HARD_PATTERNS = ("\\b", "\\B", "(?=", "(?!", "(?<", "\\1", "\\2", "\\3")


@dataclass(slots=True)
class _Census:
    """Counts over all strict schemas of one request."""

    optional: int = 0
    unions: int = 0


def check_formats(body: dict[str, Any], *, compiled: bool = True) -> None:
    """Refuse schemas that the API would not compile; without `compiled`, complexity is not judged."""
    census = _Census()
    answer_format = body.get("output_config", {}).get("format")
    if answer_format:
        _check_schema(answer_format["schema"], "output_config.format.schema", census)
    strict = [(index, tool) for index, tool in enumerate(body.get("tools", ())) if tool.get("strict")]
    if len(strict) > MAX_STRICT_TOOLS:
        raise invalid(f"tools: at most {MAX_STRICT_TOOLS} strict tools are allowed, found {len(strict)}")
    for index, tool in strict:
        _check_schema(tool["input_schema"], f"tools.{index}.input_schema", census)
    if compiled and (census.optional > MAX_OPTIONAL or census.unions > MAX_UNIONS):
        raise invalid("Schema is too complex for compilation.")


def _check_schema(schema: dict[str, Any], path: str, census: _Census) -> None:
    try:
        definitions = schema.get("$defs", {}) | schema.get("definitions", {})
        _refuse_cycles(definitions, path)
        _check_node(schema, path, definitions, census, root=True)
        for node in definitions.values():
            _check_node(node, path, definitions, census)
    except (AttributeError, TypeError):
        # A keyword whose value has the wrong JSON type, such as a list of properties.
        raise invalid(f"{path}: Invalid schema: a keyword has a value of the wrong type") from None


def _check_node(node: Any, path: str, definitions: dict[str, Any], census: _Census, *, root: bool = False) -> None:
    if not isinstance(node, dict):
        raise invalid(f"{path}: Invalid schema: a schema must be an object")
    kinds = _kinds(node, path)
    _check_keywords(node, kinds, path, root=root)
    census.unions += "anyOf" in node or isinstance(node.get("type"), list)
    _check_reference(node, path, definitions)
    if "object" in kinds:
        _check_object(node, path, census)
    _check_values(node, path)
    for child in _children(node):
        _check_node(child, path, definitions, census)


def _kinds(node: dict[str, Any], path: str) -> list[str]:
    given = node.get("type", [])
    kinds = given if isinstance(given, list) else [given]
    for kind in kinds:
        if kind not in _BY_TYPE:
            raise invalid(f"{path}: Invalid schema: {kind!r} is not a type")
    if not kinds and not {"enum", "const", "anyOf", "allOf", "$ref"} & node.keys():
        raise invalid(f"{path}: Invalid schema: 'type' is missing")
    return kinds


def _check_keywords(node: dict[str, Any], kinds: list[str], path: str, *, root: bool) -> None:
    allowed = _ANYWHERE.union(*(_BY_TYPE[kind] for kind in kinds), _ROOT if root else ())
    if unknown := sorted(node.keys() - allowed):
        names = ", ".join(unknown)
        where = f"For '{kinds[0]}' type, " if kinds else ""
        plural = "properties" if len(unknown) > 1 else "property"
        raise invalid(f"{path}: {where}{plural} {names} {'are' if len(unknown) > 1 else 'is'} not supported")
    if node.get("minItems", 0) not in (0, 1):
        raise invalid(f"{path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")


def _check_object(node: dict[str, Any], path: str, census: _Census) -> None:
    if node.get("additionalProperties") is not False:
        raise invalid(f"{path}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    properties, required = node.get("properties", {}), node.get("required", [])
    if missing := [name for name in required if name not in properties]:
        raise invalid(f"{path}: Invalid schema: required property {missing[0]!r} is not defined")
    census.optional += len(properties.keys() - set(required))


def _check_values(node: dict[str, Any], path: str) -> None:
    if any(isinstance(value, dict | list) for value in node.get("enum", ())):
        raise invalid(f"{path}: enum values must be strings, numbers, booleans or null")
    if (name := node.get("format")) is not None and name not in _FORMATS:
        raise invalid(f"{path}: For 'string' type, format {name!r} is not supported")
    if any(part in node.get("pattern", "") for part in _HARD_PATTERNS):
        raise invalid(f"{path}: pattern uses a construct that is not supported")


def _check_reference(node: dict[str, Any], path: str, definitions: dict[str, Any]) -> None:
    if "allOf" in node and any("$ref" in part for part in node["allOf"] if isinstance(part, dict)):
        raise invalid(f"{path}: allOf with $ref is not supported")
    if (target := node.get("$ref")) is None:
        return
    if not target.startswith(("#/$defs/", "#/definitions/")):
        raise invalid(f"{path}: external $ref {target!r} is not supported")
    if target.rsplit("/", 1)[1] not in definitions:
        raise invalid(f"{path}: Invalid schema: {target!r} is not defined")


def _children(node: dict[str, Any]) -> Iterator[Any]:
    yield from node.get("properties", {}).values()
    yield from node.get("anyOf", ())
    yield from node.get("allOf", ())
    if "items" in node:
        yield node["items"]


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[-1]
        for child in _children(node):
            yield from _targets(child)


def _refuse_cycles(definitions: dict[str, Any], path: str) -> None:
    for start in definitions:
        reached, frontier = set[str](), [start]
        while frontier:
            for target in _targets(definitions.get(frontier.pop())):
                if target == start:
                    raise invalid(f"{path}: recursive schemas are not supported ({start!r} refers to itself)")
                if target not in reached:
                    reached.add(target)
                    frontier.append(target)
