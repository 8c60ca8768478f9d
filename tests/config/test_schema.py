import json
from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft202012Validator

from reviewer.config.loading import known_keys, load, schema
from reviewer.errors import ConfigError

PUBLISHED = files("reviewer.config").joinpath("schema.json")
SAMPLE = """
models: {review: claude-sonnet-5-5, audit: claude-opus-5-5}
multi-pass-at: 10
fail-on: medium
on-incomplete: {api: neutral, deadline: neutral}
budget-usd: 2.5
deadline: 15m
ignore: ["docs/", "*.snap", "!docs/api.md"]
instructions:
  "db/migrations/": Every migration needs a way back.
max-inline-comments: 10
review-drafts: true
limits: {requests-per-minute: 1000, input-tokens-per-minute: 2000000}
prices:
  house-model: {input: 1, output: "5.25"}
cache-dir: .cache/reviewer
audit: {sla: 30h, paths: [src/], full-every: 7d, sample: 20, issue: false, state: audit.db}
"""


def errors(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(yaml.safe_load(text))]


def test_the_published_schema_is_up_to_date():
    made = json.dumps(schema(), indent=2) + "\n"
    assert PUBLISHED.read_text("utf-8") == made, f"write this into {PUBLISHED}:\n{made}"


def test_the_schema_is_one_and_describes_every_key():
    Draft202012Validator.check_schema(schema())
    assert tuple(schema()["properties"]) == known_keys()
    described = [schema()["$defs"].get(key.capitalize(), value) for key, value in schema()["properties"].items()]
    assert all(value["description"] for value in described)


def test_every_default_is_valid_by_its_own_description():
    sections = [schema(), *(schema()["$defs"][name] for name in ("Models", "Limits", "Audit"))]
    for described in [one for section in sections for one in section["properties"].values()]:
        Draft202012Validator({**described, "$defs": schema()["$defs"]}).validate(described["default"])


def test_a_whole_configuration_is_valid():
    assert errors(SAMPLE) == []
    assert set(yaml.safe_load(SAMPLE)) == set(known_keys())
    load(SAMPLE, "reviewer.yml", {}, {})


@pytest.mark.parametrize(
    "text",
    [
        "failon: low",
        "fail-on: blocker",
        "multi-pass-at: 15",
        "multi-pass-at: 0",
        "on-incomplete: pass",
        "on-incomplete: {apis: fail}",
        "deadline: 20",
        "budget-usd: 0",
        "models: {reveiw: x}",
        "max-inline-comments: 61",
        "prices: {m: {input: 1}}",
        "ignore: docs/",
        "audit: {sample: 0}",
    ],
)
def test_schema_and_loading_refuse_the_same(text):
    assert errors(text)
    with pytest.raises(ConfigError):
        load(text, "reviewer.yml", {}, {})
