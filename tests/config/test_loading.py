import time
from datetime import timedelta
from decimal import Decimal

import pytest

from reviewer.config.loading import SECTIONS, known_keys, load, section_keys, show, unknown_variables, variable
from reviewer.config.settings import Settings
from reviewer.errors import ConfigError, ExitCode

NAME = ".github/reviewer.yml"

VALUES = {
    "models": ("review=claude-a,verify=claude-b", {"review": "claude-a", "verify": "claude-b"}),
    "models.review": ("claude-a", "claude-a"),
    "models.integration": ("claude-a", "claude-a"),
    "models.verify": ("claude-a", "claude-a"),
    "models.audit": ("claude-a", "claude-a"),
    "multi-pass-at": ("7", 7),
    "fail-on": ("never", "never"),
    "on-incomplete": ("api=neutral, deadline=fail", {"api": "neutral", "deadline": "fail"}),
    "budget-usd": ("1.50", "1.50"),
    "deadline": ("90s", "90s"),
    "ignore": ("docs/,*.md\n!README.md", ["docs/", "*.md", "!README.md"]),
    "instructions": ("*.sql=Mind indexes, and locks.\n*.py=a=b", {"*.sql": "Mind indexes, and locks.", "*.py": "a=b"}),
    "max-inline-comments": ("0", 0),
    "review-drafts": ("true", True),
    "limits": ("requests-per-minute=50", {"requests-per-minute": 50}),
    "limits.requests-per-minute": ("50", 50),
    "limits.input-tokens-per-minute": ("50", 50),
    "limits.output-tokens-per-minute": ("50", 50),
    "prices": (
        '{"m": {"input": 1, "output": "2.5"}}',
        {"m": {"input": "1", "output": "2.5", "cache-write-5m": None, "cache-write-1h": None, "cache-read": None}},
    ),
    "cache-dir": (".cache/reviewer", ".cache/reviewer"),
    "audit": ("sla=2d,paths=src/", {"sla": "2d", "paths": ["src/"]}),
    "audit.sla": ("36h", "36h"),
    "audit.paths": ("src/,lib/", ["src/", "lib/"]),
    "audit.full-every": ("14d", "14d"),
    "audit.sample": ("3", 3),
    "audit.issue": ("false", False),
    "audit.state": ("sqlite:///x.db", "sqlite:///x.db"),
}
ALL_KEYS = [*known_keys(), *(f"{key}.{inner}" for key in SECTIONS for inner in section_keys(key))]


def from_file(text: str) -> Settings:
    return load(text, NAME, {}, {}).settings


def refused(text: str | None, env: dict[str, str] | None = None, **flags: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, NAME, env or {}, flags)
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value)


def test_the_defaults():
    loaded = load(None, NAME, {}, {})
    assert loaded.settings.model_dump(mode="json", by_alias=True) == {
        "models": {
            "review": "claude-sonnet-5-5",
            "integration": "claude-opus-5-5",
            "verify": "claude-sonnet-5-5",
            "audit": "claude-opus-5-5",
        },
        "multi-pass-at": 14,
        "fail-on": "high",
        "on-incomplete": "fail",
        "budget-usd": None,
        "deadline": "20m",
        "ignore": [],
        "instructions": {},
        "max-inline-comments": 20,
        "review-drafts": False,
        "limits": {
            "requests-per-minute": None,
            "input-tokens-per-minute": None,
            "output-tokens-per-minute": None,
        },
        "prices": {},
        "cache-dir": None,
        "audit": {
            "sla": "30h",
            "paths": [],
            "full-every": "7d",
            "sample": None,
            "issue": True,
            "state": ".reviewer/audit.db",
        },
    }
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.origins) == {key for key in ALL_KEYS if key not in SECTIONS}


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "{}", "budget-usd:\nmodels:\n"])
def test_an_empty_file_changes_nothing(text):
    assert load(text, NAME, {}, {}).settings == Settings()


def test_the_last_layer_wins_and_every_value_knows_where_it_came_from():
    file = "fail-on: low\ndeadline: 5m\nmax-inline-comments: 3\nmodels: {review: claude-f, verify: claude-f}\n"
    env = {
        "REVIEWER_DEADLINE": "6m",
        "REVIEWER_MAX_INLINE_COMMENTS": "4",
        "REVIEWER_MODELS": "verify=claude-e,audit=claude-e",
        "REVIEWER_MODELS_AUDIT": "claude-own",
        "REVIEWER_FAIL_ON": "",
    }
    loaded = load(file, NAME, env, {"max-inline-comments": 5, "fail-on": None})
    found = loaded.settings
    assert (found.fail_on, found.deadline, found.max_inline_comments) == ("low", timedelta(minutes=6), 5)
    models = found.models
    assert (models.review, models.integration, models.verify, models.audit) == (
        *("claude-f", "claude-opus-5-5", "claude-e", "claude-own"),
    )
    assert {key: origin for key, origin in loaded.origins.items() if origin != "default"} == {
        "fail-on": NAME,
        "deadline": "REVIEWER_DEADLINE",
        "max-inline-comments": "--max-inline-comments",
        "models.review": NAME,
        "models.verify": "REVIEWER_MODELS",
        "models.audit": "REVIEWER_MODELS_AUDIT",
    }


def test_every_key_has_an_example_here():
    assert set(VALUES) == set(ALL_KEYS)


@pytest.mark.parametrize("key", VALUES)
def test_every_key_has_its_variable(key):
    text, wanted = VALUES[key]
    loaded = load(None, NAME, {variable(key): text}, {})
    found = loaded.settings.model_dump(mode="json", by_alias=True)
    for part in key.split("."):
        found = found[part]
    assert (found | wanted if key in SECTIONS else found) == (found if key in SECTIONS else wanted)
    assert variable(key) in loaded.origins.values()
    if key in SECTIONS:
        assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("multi-pass-at", "REVIEWER_MULTI_PASS_AT"),
        ("limits.requests-per-minute", "REVIEWER_LIMITS_REQUESTS_PER_MINUTE"),
    ],
)
def test_a_variable_is_named_after_its_key(key, name):
    assert variable(key) == name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("failon: low", "unknown key failon. Did you mean fail-on?"),
        ("fail_on: low", "unknown key fail_on. Did you mean fail-on?"),
        ("Fail-On: low", "Did you mean fail-on?"),
        ("multipass: 3", "Did you mean multi-pass-at?"),
        ("models: {reveiw: x}", "unknown key models.reveiw. Did you mean models.review?"),
        ("limits: {rpm: 3}", "Known keys are limits.requests-per-minute, limits.input-tokens"),
        ("zzz: 1", "Known keys are models, multi-pass-at"),
        ("on: fail", "unknown key True"),
        ("12: x", "unknown key 12"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one(text, hint):
    message = refused(text)
    assert message.startswith(f"{NAME}: unknown key ")
    assert hint in message


@pytest.mark.parametrize("value", [1, 2, 13, 14])
def test_the_multi_pass_threshold_may_be_lowered(value):
    assert from_file(f"multi-pass-at: {value}").multi_pass_at == value


@pytest.mark.parametrize("value", [15, 10_000])
def test_the_multi_pass_threshold_is_never_raised_and_the_refusal_says_why(value):
    message = refused(None, {"REVIEWER_MULTI_PASS_AT": str(value)})
    assert f"multi-pass-at (from REVIEWER_MULTI_PASS_AT): {value} is above 14: from 14 changed files on" in message
    assert "may only be lowered" in message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fail", "fail"),
        ("neutral", "neutral"),
        ("{api: neutral}", {"api": "neutral"}),
        ("{no-key: neutral, posting: fail}", {"no-key": "neutral", "posting": "fail"}),
        ("{}", {}),
    ],
)
def test_what_an_incomplete_review_does(text, wanted):
    assert from_file(f"on-incomplete: {text}").on_incomplete == wanted


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("on-incomplete: pass", "on-incomplete (from .github/reviewer.yml): 'pass' is neither fail, nor neutral"),
        ("on-incomplete: {api: pass}", "nor a mapping of causes to these two"),
        ("on-incomplete: {apis: fail}", "unknown cause 'apis'; known are no-key, api, answer, budget"),
        ("on-incomplete: [fail]", "neither fail, nor neutral"),
        ("multi-pass-at: 0", "0 is below 1, which reviews every pull request in several passes"),
        ("multi-pass-at: many", "valid integer"),
        ("fail-on: blocker", "Input should be 'critical', 'high', 'medium', 'low' or 'never'"),
        ("budget-usd: 0", "greater than 0"),
        ("budget-usd: .nan", "finite number"),
        ("deadline: 20", "20 is no duration; write a number and a unit, such as 20s, 15m, 24h or 7d"),
        ("audit: {sla: 24h}", "audit.sla (from .github/reviewer.yml): 1d is too short"),
        ("audit: {sample: 0}", "audit.sample"),
        ("models: {review: 'a b'}", "models.review (from .github/reviewer.yml)"),
        ("models: claude-x", "models (from .github/reviewer.yml): it must hold keys and values"),
        ("max-inline-comments: 61", "less than or equal to 60"),
        ("ignore: docs/", "ignore (from"),
        ("ignore: ['[z-a]']", "'[z-a]' is no gitignore pattern"),
        ("instructions: {'!': x}", "'!' is no gitignore pattern"),
        ("audit: {paths: ['!']}", "'!' is no gitignore pattern"),
        ("prices: {m: {input: 1}}", "prices.m.output (from .github/reviewer.yml): Field required"),
        ("limits: {requests-per-minute: -1}", "limits.requests-per-minute"),
    ],
)
def test_a_value_is_refused_with_its_key_and_origin(text, what):
    assert what in refused(text)


def test_all_that_is_wrong_is_told_at_once():
    message = refused("fail-on: x\ndeadline: y", {"REVIEWER_BUDGET_USD": "-1"})
    for place in (f"fail-on (from {NAME})", f"deadline (from {NAME})", "budget-usd (from REVIEWER_BUDGET_USD)"):
        assert place in message


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("REVIEWER_MODELS", "claude-x", "REVIEWER_MODELS: 'claude-x' is not of the form key=value"),
        ("REVIEWER_MODELS", "reveiw=x", "REVIEWER_MODELS: unknown key models.reveiw. Did you mean models.review?"),
        ("REVIEWER_ON_INCOMPLETE", "api=", "not of the form key=value"),
        ("REVIEWER_ON_INCOMPLETE", "perhaps", "'perhaps' is neither fail, nor neutral"),
        ("REVIEWER_INSTRUCTIONS", "Mind the locks", "not of the form key=value"),
        ("REVIEWER_PRICES", "{m: ", "REVIEWER_PRICES is not valid YAML at line 1"),
        ("REVIEWER_REVIEW_DRAFTS", "perhaps", "review-drafts (from REVIEWER_REVIEW_DRAFTS)"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(name, text, what):
    assert what in refused(None, {name: text})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("fail-on: low\n\tdeadline: 5m\n", "not valid YAML at line 2, column 1"),
        ("fail-on: [low\n", "not valid YAML at line 2"),
        ("a: b: c\n", "not valid YAML at line 1, column 5"),
        ("fail-on: low\nmodels: {}\nfail-on: high\n", "line 3, column 1: the key 'fail-on' stands there twice"),
        ("models: {review: a, review: b}", "the key 'review' stands there twice"),
        ("ignore: &all ['*']\naudit: {paths: *all}\n", "line 2, column 16: an alias (*name) is not taken here"),
        ("models: &m {review: a}\naudit: {<<: *m}\n", "an alias (*name) is not taken here"),
        ("ignore: !!python/object:os.system x\n", "line 1, column 9: could not determine a constructor"),
        ("? [a, b]\n: c\n", "line 1"),
        ("[" * 100_000, "is not valid YAML"),
        ("- fail-on\n", "must hold keys and values, not list"),
        ("fail-on\n", "must hold keys and values, not str"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("\x00", "is not valid YAML"),
        ("# " + "x" * 262_144, "is larger than 256 KiB"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_with_the_line(text, place):
    message = refused(text)
    assert message.startswith(NAME)
    assert place in message
    assert len(message) < 600


def test_a_file_that_would_expand_without_bound_is_refused_at_once():
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30)]
    start = time.process_time()
    assert "an alias" in refused("\n".join(["l0: &l0 [x]", *levels]))
    assert time.process_time() - start < 1


def test_amounts_are_exact():
    assert from_file("budget-usd: 0.1").budget_usd == Decimal("0.1")
    assert from_file("budget-usd: '12.345678'").budget_usd == Decimal("12.345678")


def test_show_prints_each_value_with_its_origin():
    file = "on-incomplete: {api: neutral}\nignore: [docs/, '*.md']\n"
    rows = show(load(file, NAME, {"REVIEWER_AUDIT_SLA": "48h"}, {"budget-usd": "2.50"})).splitlines()
    assert len(rows) == len([key for key in ALL_KEYS if key not in SECTIONS])
    found = {row.split("  ")[0]: (row.split()[0], row) for row in rows}
    for key, value, origin in [
        ("models.review", "claude-sonnet-5-5", "default"),
        ("on-incomplete", "{api: neutral}", NAME),
        ("ignore", "[docs/, '*.md']", NAME),
        ("budget-usd", "'2.50'", "--budget-usd"),
        ("audit.sla", "2d", "REVIEWER_AUDIT_SLA"),
        ("deadline", "20m", "default"),
        ("cache-dir", "null", "default"),
    ]:
        row = found[key][1]
        assert row.split("  ", 1)[1].strip().startswith(value)
        assert row.endswith(f"  {origin}")


def test_variables_that_set_nothing_are_known_with_the_nearest_that_does():
    env = {variable(key): "x" for key in ALL_KEYS} | {
        "REVIEWER_FAIL_ONN": "low",
        "REVIEWER_AUDIT_STATES": "x",
        "REVIEWER_SLACK_CHANNEL": "#dev",
        "REVIEWER_DEADLIN": " ",
        "FAIL_ON": "low",
    }
    assert unknown_variables(env) == {
        "REVIEWER_AUDIT_STATES": "REVIEWER_AUDIT_STATE",
        "REVIEWER_FAIL_ONN": "REVIEWER_FAIL_ON",
        "REVIEWER_SLACK_CHANNEL": "",
    }
