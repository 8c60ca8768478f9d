"""The models that the simulated API offers, with what each accepts and costs (the vendor's tables of October 2026).

Models whose limits or prices are not published, and retired ones, are not offered: asking for them is a 404.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from reviewer.simulator.api_error import ApiError

Thinking = Literal["adaptive", "enabled", "between_tools", "disabled"]
EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Card:
    """Prices in USD per million tokens; batches cost half of each."""

    input: Decimal
    output: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. `half_hearted` thinking types are refused at effort xhigh and max; `bucket` shares rate limits."""

    id: str
    name: str
    card: Card
    min_cacheable: int
    context: int = 1_000_000
    max_output: int = 128_000
    bucket: str = ""
    long_card: Card | None = None
    long_above: int = 100_000
    thinking: frozenset[Thinking] = frozenset({"adaptive"})
    half_hearted: frozenset[Thinking] = frozenset()
    thinks_by_default: bool = True
    efforts: tuple[str, ...] = EFFORTS
    default_effort: str = "high"
    forced_tools: bool = True
    prefill: bool = False
    system_role: bool = True
    geo: bool = True
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    retires: datetime | None = None

    def price_card(self, prompt_tokens: int) -> Card:
        """The prices that apply to a prompt of this size."""
        return self.long_card if self.long_card and prompt_tokens > self.long_above else self.card

    def info(self) -> dict[str, Any]:
        """The model as the Models API shows it."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.name,
            "created_at": _rfc3339(self.created),
            "line": self.id.split("-")[1],
            "lifecycle": "deprecated" if self.retires else "active",
            "deprecated_at": _rfc3339(datetime(2026, 9, 29, tzinfo=UTC)) if self.retires else None,
            "retires_at": _rfc3339(self.retires) if self.retires else None,
            "max_input_tokens": self.context,
            "max_tokens": self.max_output,
            "capabilities": self._capabilities(),
        }

    def _capabilities(self) -> dict[str, Any]:
        thinking: tuple[Thinking, ...] = ("adaptive", "between_tools", "disabled", "enabled")
        effort = {level: _support(level in self.efforts) for level in EFFORTS}
        return {
            "batch": _support(True),
            "citations": _support(True),
            "code_execution": _support(False),
            "context_management": _support(False),
            "effort": {**effort, "supported": bool(self.efforts)},
            "image_input": _support(True),
            "pdf_input": _support(True),
            "server_tools": {"supported": False, "code_execution": _support(False), "web_search": _support(False)},
            "structured_outputs": _support(True),
            "thinking": {"supported": True, "types": {kind: _support(kind in self.thinking) for kind in thinking}},
        }


def _support(value: bool) -> dict[str, Any]:
    return {"supported": value}


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _card(*prices: str) -> Card:
    return Card(*(Decimal(price) for price in prices))


_ADAPTIVE_OR_OFF = frozenset[Thinking]({"adaptive", "disabled"})
_OPUS_4 = _card("5", "25", "6.25", "10", "0.50")
_GEN_4_5: dict[str, Any] = {
    "context": 200_000,
    "max_output": 64_000,
    "thinking": frozenset({"enabled", "disabled"}),
    "thinks_by_default": False,
    "prefill": True,
    "system_role": False,
    "geo": False,
}
_GEN_4_6: dict[str, Any] = {
    "thinking": frozenset({"adaptive", "enabled", "disabled"}),
    "thinks_by_default": False,
    "efforts": ("low", "medium", "high", "max"),
    "system_role": False,
}
_GEN_4_7: dict[str, Any] = {"thinking": _ADAPTIVE_OR_OFF, "thinks_by_default": False}

_MODELS = (
    Model(
        id="claude-fable-5-2",
        name="Claude Fable 5.2",
        card=_card("8", "40", "10", "16", "0.20"),
        min_cacheable=512,
        bucket="claude-fable-5",
        forced_tools=False,
        created=datetime(2026, 11, 9, tzinfo=UTC),
    ),
    Model(
        id="claude-fable-5-1",
        name="Claude Fable 5.1",
        card=_card("10", "50", "12.50", "20", "0.25"),
        min_cacheable=512,
        bucket="claude-fable-5",
        forced_tools=False,
    ),
    Model(
        id="claude-opus-5-5",
        name="Claude Opus 5.5",
        card=_card("4", "20", "5", "8", "0.20"),
        min_cacheable=512,
        default_effort="medium",
        forced_tools=False,
        created=datetime(2026, 9, 22, tzinfo=UTC),
    ),
    Model(
        id="claude-sonnet-5-5",
        name="Claude Sonnet 5.5",
        card=_card("2", "10", "2.50", "4", "0.10"),
        min_cacheable=512,
        thinking=frozenset({"adaptive", "between_tools"}),
        half_hearted=frozenset({"between_tools"}),
        forced_tools=False,
        created=datetime(2026, 9, 28, tzinfo=UTC),
    ),
    Model(
        id="claude-haiku-5-5",
        name="Claude Haiku 5.5",
        card=_card("0.10", "0.50", "0.125", "0.20", "0.01"),
        long_card=_card("0.50", "2.50", "0.625", "1", "0.05"),
        min_cacheable=512,
        default_effort="medium",
        thinking=_ADAPTIVE_OR_OFF,
        half_hearted=frozenset({"disabled"}),
        created=datetime(2026, 10, 7, tzinfo=UTC),
    ),
    Model(
        id="claude-opus-5",
        name="Claude Opus 5",
        card=_OPUS_4,
        min_cacheable=512,
        thinking=_ADAPTIVE_OR_OFF,
        half_hearted=frozenset({"disabled"}),
    ),
    Model(
        id="claude-sonnet-5",
        name="Claude Sonnet 5",
        card=_card("2", "10", "2.50", "4", "0.20"),
        min_cacheable=1_024,
        thinking=_ADAPTIVE_OR_OFF,
        system_role=False,
    ),
    Model(
        id="claude-opus-4-8",
        name="Claude Opus 4.8",
        card=_OPUS_4,
        min_cacheable=1_024,
        bucket="claude-opus-4",
        **_GEN_4_7,
    ),
    Model(
        id="claude-opus-4-7",
        name="Claude Opus 4.7",
        card=_OPUS_4,
        min_cacheable=2_048,
        bucket="claude-opus-4",
        **_GEN_4_7 | {"system_role": False},
    ),
    Model(
        id="claude-opus-4-6",
        name="Claude Opus 4.6",
        card=_OPUS_4,
        min_cacheable=4_096,
        bucket="claude-opus-4",
        **_GEN_4_6,
    ),
    Model(
        id="claude-sonnet-4-6",
        name="Claude Sonnet 4.6",
        card=_card("3", "15", "3.75", "6", "0.30"),
        min_cacheable=1_024,
        max_output=64_000,
        bucket="claude-sonnet-4",
        **_GEN_4_6,
    ),
    Model(
        id="claude-opus-4-5-20251101",
        name="Claude Opus 4.5",
        card=_OPUS_4,
        min_cacheable=4_096,
        bucket="claude-opus-4",
        efforts=("low", "medium", "high"),
        **_GEN_4_5,
    ),
    Model(
        id="claude-sonnet-4-5-20250929",
        name="Claude Sonnet 4.5",
        card=_card("3", "15", "3.75", "6", "0.30"),
        min_cacheable=1_024,
        bucket="claude-sonnet-4",
        efforts=(),
        retires=datetime(2026, 11, 30, tzinfo=UTC),
        **_GEN_4_5,
    ),
    Model(
        id="claude-haiku-4-5-20251001",
        name="Claude Haiku 4.5",
        card=_card("1", "5", "1.25", "2", "0.10"),
        min_cacheable=4_096,
        efforts=(),
        **_GEN_4_5,
    ),
)
CATALOGUE = {model.id: model for model in _MODELS}
ALIASES = {
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
}


def find(name: str) -> Model:
    """The model with this id or alias; a 404 for any other."""
    model = CATALOGUE.get(ALIASES.get(name, name))
    if model is None:
        raise ApiError(404, f"model: {name}")
    return model
