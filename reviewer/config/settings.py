"""Every setting, with its type, bounds and default: the file, the environment and the flags all end here."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PositiveInt,
    WithJsonSchema,
    field_validator,
)

from reviewer.config.durations import format_duration, parse_duration

MULTI_PASS_CEILING = 14
MULTI_PASS_FLOOR = 1
CAUSES = ("no-key", "api", "answer", "budget", "deadline", "posting", "diff")

Cause = Literal["no-key", "api", "answer", "budget", "deadline", "posting", "diff"]
Policy = Literal["fail", "neutral"]


def _pattern(text: str) -> str:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([text])
    except (ValueError, re.error) as error:
        raise ValueError(f"{text!r} is no gitignore pattern") from error
    return text


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\s*[0-9]{1,6}\s*[smhd]\s*$", "examples": ["20s", "15m", "24h", "7d"]}
    ),
]
Dollars = Annotated[
    Decimal,
    Field(gt=0, le=1_000_000),
    PlainSerializer(str),
    WithJsonSchema({"type": ["number", "string"], "exclusiveMinimum": 0}),
]
Pattern = Annotated[str, AfterValidator(_pattern)]
"""A gitignore pattern."""
Model = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$")]


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_kebab, use_attribute_docstrings=True)


class Models(_Section):
    """Which model does what."""

    review: Model = "claude-sonnet-5-5"
    """Reads the change: the single pass, and each file's pass."""
    integration: Model = "claude-opus-5-5"
    """Looks across files, where it takes the most thought."""
    verify: Model = "claude-sonnet-5-5"
    """Checks every finding in a fresh context."""
    audit: Model = "claude-opus-5-5"
    """Audits whole repositories: the discount is worth most where tokens are dear."""


class Limits(_Section):
    """The organisation's rate limits, where they are to be kept from the first request on."""

    requests_per_minute: PositiveInt | None = None
    """Requests a minute, for each model."""
    input_tokens_per_minute: PositiveInt | None = None
    """Input tokens a minute, for each model; cache reads do not count."""
    output_tokens_per_minute: PositiveInt | None = None
    """Output tokens a minute, for each model."""


class PriceOverride(_Section):
    """US dollars per million tokens, where they differ from the list prices."""

    input: Dollars
    """Fresh input tokens."""
    output: Dollars
    """Output tokens, thinking included."""
    cache_write_5m: Dollars | None = None
    """Writes to the 5-minute cache; 1.25 times the input price unless given."""
    cache_write_1h: Dollars | None = None
    """Writes to the 1-hour cache; twice the input price unless given."""
    cache_read: Dollars | None = None
    """Cache reads; a tenth of the input price unless given."""


class Audit(_Section):
    """The nightly audit."""

    sla: Duration = timedelta(hours=30)
    """Within what time of a change its findings are published; must be longer than 24h."""
    paths: tuple[Pattern, ...] = ()
    """gitignore patterns of what to audit; all of the repository unless given."""
    full_every: Duration = timedelta(days=7)
    """How often unchanged files are audited again, too."""
    sample: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Requests of the sample; min(100, 5 %) unless given."""
    issue: bool = True
    """Whether a GitHub issue is kept up to date with the findings."""
    state: str = ".reviewer/audit.db"
    """Where the audit's state is kept: a file, or a database URL."""

    @field_validator("sla")
    @classmethod
    def _above_24h(cls, value: timedelta) -> timedelta:
        if value <= timedelta(hours=24):
            raise ValueError(f"{format_duration(value)} is too short: a batch may take 24h, and then comes the rest")
        return value


class Settings(_Section):
    """The configuration of a run. Keys are written in kebab case."""

    models: Models = Models()
    """Which model does what."""
    multi_pass_at: Annotated[
        int,
        WithJsonSchema({"type": "integer", "minimum": MULTI_PASS_FLOOR, "maximum": MULTI_PASS_CEILING}),
    ] = MULTI_PASS_CEILING
    """Changed files from which a review takes several passes; may be lowered, never raised above 14."""
    fail_on: Literal["critical", "high", "medium", "low", "never"] = "high"
    """The least severity that fails the check."""
    on_incomplete: Policy | Mapping[Cause, Policy] = "fail"
    """What an incomplete review does to the check, for all causes or for each."""
    budget_usd: Dollars | None = None
    """A hard cap in US dollars for one run."""
    deadline: Duration = timedelta(minutes=20)
    """When a review ends with what it has, as incomplete."""
    ignore: tuple[Pattern, ...] = ()
    """gitignore patterns of files that are not reviewed."""
    instructions: Mapping[Pattern, str] = {}
    """What to mind in files that match a gitignore pattern: pattern to text."""
    max_inline_comments: Annotated[int, Field(ge=0, le=60)] = 20
    """Inline comments in one review, worst first; the rest stands in the review's body."""
    review_drafts: bool = False
    """Whether draft pull requests are reviewed."""
    limits: Limits = Limits()
    """The organisation's rate limits."""
    prices: Mapping[str, PriceOverride] = {}
    """Prices that differ from the list: model to prices."""
    cache_dir: str | None = None
    """A folder for answers already paid for, so that a rerun does not pay for them again."""
    audit: Audit = Audit()
    """The nightly audit."""

    @field_validator("multi_pass_at")
    @classmethod
    def _not_above_14(cls, value: int) -> int:
        if value > MULTI_PASS_CEILING:
            raise ValueError(
                f"{value} is above {MULTI_PASS_CEILING}: from {MULTI_PASS_CEILING} changed files on, one context no "
                "longer gives each file its due, however large it is; the threshold may only be lowered"
            )
        if value < MULTI_PASS_FLOOR:
            raise ValueError(f"{value} is below {MULTI_PASS_FLOOR}, which reviews every pull request in several passes")
        return value

    @field_validator("on_incomplete", mode="before")
    @classmethod
    def _known_causes(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            unknown = [str(cause) for cause in value if cause not in CAUSES]
            if unknown:
                raise ValueError(f"unknown cause {unknown[0]!r}; known are {', '.join(CAUSES)}")
        policies = value.values() if isinstance(value, Mapping) else [value]
        if any(policy not in ("fail", "neutral") for policy in policies):
            raise ValueError(f"{value!r} is neither fail, nor neutral, nor a mapping of causes to these two")
        return value
