"""Requests checked against GitHub's own description of its API: path, query and body."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError, best_match  # type: ignore[import-untyped]
from openapi_schema_validator import OAS30WriteValidator, oas30_format_checker

from tests.fakes.github.errors import invalid_request

DESCRIPTION = Path(__file__).parents[2] / "data" / "github-openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with its compiled pattern and validators."""

    name: str
    method: str
    pattern: re.Pattern[str]
    integers: frozenset[str]
    query: dict[str, Any]
    body: Any | None
    body_required: bool
    literals: int

    def path_values(self, found: re.Match[str]) -> dict[str, Any]:
        """The path's parameters by name, integers as such."""
        return {key: int(text) if key in self.integers else text for key, text in found.groupdict().items()}

    def check_query(self, query: dict[str, str]) -> None:
        """Refuse unknown query keys and wrong values."""
        for key, text in query.items():
            if key not in self.query:
                raise invalid_request(f'"{key}" is not a permitted key.')
            validator = self.query[key]
            value = int(text) if validator.schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else text
            if error := best_match(validator.iter_errors(value)):
                raise invalid_request(f"For 'query/{key}', {error.message}.")

    def check_body(self, body: Any) -> None:
        """Refuse a body that the description does not allow: unknown keys, missing keys, wrong types, limits."""
        if self.body is None:
            return
        if body is None:
            if self.body_required:
                raise invalid_request("nil is not an object.")
            body = {}
        reasons = [_reason(error) for error in self.body.iter_errors(body) if not _answered_later(error)]
        if reasons:
            raise invalid_request(*reasons)


def _answered_later(error: ValidationError) -> bool:
    # GitHub has an error of its own for long bodies, which the handlers raise.
    return error.validator == "maxLength" and list(error.absolute_path) == ["body"]


def _reason(error: ValidationError) -> str:
    where = "/".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return "\n".join(f'"{key}" is not a permitted key.' for key in extra)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return "\n".join(f'"{key}" wasn\'t supplied.' for key in missing)
    return f"For 'properties/{where}', {error.message}."


@cache
def operations() -> tuple[Operation, ...]:
    """All described operations, the most literal paths first."""
    description = json.loads(DESCRIPTION.read_text())
    found = [
        _operation(description["components"], path, method, item[method])
        for path, item in description["paths"].items()
        for method in METHODS
        if method in item
    ]
    return tuple(sorted(found, key=lambda operation: -operation.literals))


def match(method: str, path: str) -> tuple[Operation, dict[str, Any]] | None:
    """The operation that a request means and its path parameters, None for anything not described."""
    for operation in operations():
        if operation.method == method and (found := operation.pattern.fullmatch(path)):
            return operation, operation.path_values(found)
    return None


def _operation(components: dict[str, Any], path: str, method: str, item: dict[str, Any]) -> Operation:
    parameters = [_parameter(components, parameter) for parameter in item.get("parameters", [])]
    in_path = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "path"}
    body = item.get("requestBody")
    schema = body["content"]["application/json"]["schema"] if body else None
    segments = [_segment(part, in_path) for part in path.split("/")]
    return Operation(
        name=item["operationId"],
        method=method.upper(),
        pattern=re.compile("/".join(segments), re.DOTALL),
        integers=frozenset(name for name, parameter in in_path.items() if parameter["schema"]["type"] == "integer"),
        query={p["name"]: _validator(p["schema"], components) for p in parameters if p["in"] == "query"},
        body=None if schema is None else _validator(schema, components),
        body_required=bool(body and body.get("required")),
        literals=sum("{" not in part for part in path.split("/")),
    )


def _parameter(components: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    reference: str | None = parameter.get("$ref")
    resolved: dict[str, Any] = components["parameters"][reference.rsplit("/", 1)[1]] if reference else parameter
    return resolved


def _segment(part: str, in_path: dict[str, dict[str, Any]]) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    parameter = in_path[name]
    if parameter["schema"]["type"] == "integer":
        return rf"(?P<{name}>\d+)"
    # The contents of the root folder have an empty path.
    return f"(?P<{name}>.*)" if parameter.get("x-multi-segment") else f"(?P<{name}>[^/]+)"


def _validator(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    whole = {**schema, "components": components} if "$ref" in json.dumps(schema) else schema
    return OAS30WriteValidator(whole, format_checker=oas30_format_checker)
