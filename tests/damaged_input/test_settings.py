"""Events, configuration and variables that are garbage, bombs or absurd: exit 2, and words that name the fault."""

import json

import pytest

from reviewer.config.loading import load, read_text
from reviewer.core.globs import ignore_spec
from reviewer.errors import ConfigError, EventError
from reviewer.forge.client import Client
from reviewer.forge.event import read_event
from tests.damaged_input.program import reviewer

DEEP = 100_000
EVENT = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "x" * 40}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\0{", "not JSON"),
        (b"[" * DEEP, "not JSON"),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "not JSON"),
        (b'{"number":' + b"9" * 5000 + b"}", "not JSON"),
        (b"[]", "holds no JSON object"),
        (b"null", "holds no JSON object"),
        (b'{"action": "opened", "number": NaN}', "no usable pull_request.number"),
        (b'{"action": "opened", "number": "7"}', "no usable pull_request.head.sha"),
        (b'{"action": "opened", "number": true}', "no usable pull_request.number"),
        (b'{"action": ["opened"]}', "the action ''"),
        (b'{"action": "\\ud800"}', "the action"),
        (b'{"action": "\\u001b[31m::error::"}', r"the action '\\x1b"),
    ],
)
def test_an_event_that_is_none_is_refused(payload, words, tmp_path):
    path = tmp_path / "event.json"
    path.write_bytes(payload)
    with pytest.raises(EventError, match=words):
        read_event(EVENT | {"GITHUB_EVENT_PATH": str(path)})


@pytest.mark.parametrize(
    ("path", "words"), [("/dev/zero", "larger than 32 MiB"), ("/", "Is a directory"), ("", "not set")]
)
def test_an_event_file_that_is_none_ends_the_program_with_a_message(path, words, tmp_path):
    said = reviewer("pr", env=EVENT | {"GITHUB_EVENT_PATH": path}, memory=500, cwd=tmp_path).refused()
    assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [x]\nb: [*a, *a]\n", "an alias"),
        ("ignore: !!python/object/apply:os.system [id]\n", "could not determine a constructor"),
        ("[" * DEEP, "nested too deeply"),
        ("- " * 50_000, "nested too deeply"),
        ("fail-on: high\nfail-on: low\n", "stands there twice"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("ignore: \0\n", "special characters are not allowed"),
        ("deadline: 2020-99-99\n", "month must be in 1..12"),
        ("max-inline-comments: " + "9" * 10_000 + "\n", "Exceeds the limit"),
        ("? [a]\n: 2\n", "unhashable key"),
        ("<<: [1]\n", "expected a mapping"),
        ("[1]\n", "must hold keys and values"),
        ("1: 2\n", "unknown key 1"),
        ("budget-usd: .nan\n", "finite number"),
        ("budget-usd: .inf\n", "finite number"),
        ("budget-usd: -1\n", "greater than 0"),
        ("budget-usd: 1e999999999\n", "less than or equal"),
        ("deadline: 9999999999999d\n", "is no duration"),
        ("deadline: 5\n", "is no duration"),
        ("ignore: 5\nmodels: 3\naudit: x\n", "models.*must hold keys and values"),
        ("ignore: ['[z-a]x']\n", "is no gitignore pattern"),
        ("#" * 300_000, "larger than 256 KiB"),
    ],
)
def test_a_configuration_that_is_none_is_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        load(text, "reviewer.yml", {}, {})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BUDGET_USD", "nan"), ("DEADLINE", "x"), ("PRICES", "{a: *b}"), ("MODELS", "="), ("AUDIT", "sla"),
        ("MAX_INLINE_COMMENTS", "9" * 10_000), ("IGNORE", "\\"), ("LIMITS", "requests-per-minute=-5"),
        ("ON_INCOMPLETE", "api=maybe"), ("REVIEW_DRAFTS", "perhaps"), ("FAIL_ON", "\x1b[31m"),
        ("INSTRUCTIONS", "[z-a]=1"),
    ],
)  # fmt: skip
def test_a_variable_that_is_garbage_is_refused_by_its_name(variable, value):
    with pytest.raises(ConfigError, match=f"REVIEWER_{variable}"):
        load(None, "reviewer.yml", {f"REVIEWER_{variable}": value}, {})


def test_a_file_that_is_no_text_is_no_configuration(tmp_path):
    path = tmp_path / "c.yml"
    path.write_bytes(b"\xff\xfea")
    with pytest.raises(ConfigError, match="no UTF-8 text"):
        read_text(path)


@pytest.mark.parametrize(
    ("name", "words"), [("/dev/zero", "larger than 256 KiB"), ("/", "Is a directory"), ("x", "No such")]
)
def test_a_configuration_file_that_is_none_ends_the_program_with_a_message(name, words, tmp_path):
    said = reviewer("diff", "--diff-file", "-", "--config", name, "--dry-run", memory=500, cwd=tmp_path).refused()
    assert words in said


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 4000),
        ("**/a/" * 30 + "b", "a/" * 2000 + "c"),
        ("a**b" * 10, "ab" * 9 + "a" * 4000),
        ("*?" * 20 + "b", "a" * 4000),
    ],
)
def test_a_pattern_made_to_take_forever_is_matched_at_once(pattern, path):
    assert not ignore_spec([pattern]).match_file(path)


@pytest.mark.parametrize("url", ["x", "file:///etc/passwd", "http://[::1", "http://127.0.0.1:99999", "https://"])
def test_an_address_of_github_that_is_none_is_refused(url):
    with pytest.raises(ConfigError, match="no web address"):
        Client("t" * 40, "o/r", api_url=url)


@pytest.mark.parametrize("token", ["a\nb", "ü€", "a\0b"])
def test_a_token_that_can_be_none_is_refused(token):
    with pytest.raises(ConfigError, match="GITHUB_TOKEN is no token"):
        Client(token, "o/r")


def test_a_refusal_shows_no_control_characters(tmp_path):
    config = tmp_path / "c.yml"
    config.write_text(json.dumps({"\x1b[31m\n::error::x": 1}))
    said = reviewer("diff", "--diff-file", "-", "--config", str(config), cwd=tmp_path).refused()
    assert "\x1b" not in said
    assert not any(line.startswith("::") for line in said.splitlines())
