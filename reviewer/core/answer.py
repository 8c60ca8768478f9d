"""The model's answer, checked against the contract: claims or verdicts, or why it is unusable."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from reviewer.core.finding import Category, Claim, Confidence, Severity

_FENCE = re.compile(r"```\w*\s(.*)```", re.DOTALL)
_SEPARATOR = re.compile(r"[\s_]+")
# A surrogate pair, a lone surrogate (group 1), or any other escape, so that an escaped backslash stays one.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)


def _lower(value: Any) -> Any:
    """The API does not guarantee the case of enum values."""
    return _SEPARATOR.sub("-", value.strip().lower()) if isinstance(value, str) else value


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


_T = TypeVar("_T", bound=_Model)


class _Finding(_Model):
    path: str
    start_line: int
    end_line: int
    quote: str
    severity: Annotated[Severity, BeforeValidator(_lower)]
    confidence: Annotated[Confidence, BeforeValidator(_lower)]
    category: Annotated[Category, BeforeValidator(_lower)]
    title: str
    explanation: str
    suggestion: str


class _Review(_Model):
    summary: str
    interface_notes: list[str]
    findings: list[_Finding]


class _Judgement(_Model):
    id: str
    holds: bool
    severity: Annotated[Severity, BeforeValidator(_lower)]
    explanation: str


class _Verdicts(_Model):
    verdicts: list[_Judgement]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A usable review answer."""

    summary: str
    notes: tuple[str, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the verify pass says of one candidate."""

    holds: bool
    severity: Severity
    explanation: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Not what the contract asks for; `reason` names the first fault, for the repair try and the report."""

    reason: str


def parse_review(text: str) -> Reviewed | Unusable:
    """Read a review answer."""
    parsed = _parse(_Review, text)
    if isinstance(parsed, Unusable):
        return parsed
    claims = tuple(Claim(**{name: getattr(found, name) for name in _Finding.model_fields}) for found in parsed.findings)
    return Reviewed(parsed.summary, tuple(parsed.interface_notes), claims)


def parse_verdicts(text: str) -> dict[str, Judgement] | Unusable:
    """Read a verify answer: judgements by candidate id, upper-cased."""
    parsed = _parse(_Verdicts, text)
    if isinstance(parsed, Unusable):
        return parsed
    return {
        found.id.strip().upper(): Judgement(found.holds, found.severity, found.explanation) for found in parsed.verdicts
    }


def _parse(model: type[_T], text: str) -> _T | Unusable:
    if not text.strip():
        return Unusable("the answer was empty")
    try:
        return model.model_validate_json(_whole(_unfenced(text)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return Unusable(f"{place + ': ' if place else ''}{first['msg']}")


def _unfenced(text: str) -> str:
    """Without a Markdown fence around it, which some models add by habit."""
    fenced = _FENCE.fullmatch(text.strip())
    return fenced[1] if fenced else text


def _whole(text: str) -> str:
    """JSON in which lone surrogates are replaced: a quote may be cut there, and it is no reason to lose an answer."""
    return _ESCAPE.sub(lambda escape: "\\ufffd" if escape[1] else escape[0], text) if "\\u" in text else text
