"""What a budget leaves out: the units with the least to lose, by name. The measure is simple, to be explained."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SENSITIVE = frozenset(
    "auth authentication authorization login logout password passwd secret token session cookie permission acl role "
    "crypto crypt cipher sign signature key keys oauth saml jwt sso csrf cors sanitize sanitise escape upload parser "
    "payment payments billing invoice checkout order orders money price account accounts ledger sql query migration "
    "migrations admin security sandbox webhook deserialize unpickle exec shell subprocess lock transaction".split()
)
_DELIVERY = re.compile(
    r"(?:^|/)(?:\.github/workflows/|Dockerfile|docker-compose|\.gitlab-ci|Jenkinsfile)|\.(?:tf|hcl)$", re.IGNORECASE
)
_ASIDE = frozenset("test tests testing spec specs __tests__ fixtures testdata examples example demo docs doc".split())
_DATA = frozenset(".md .rst .txt .adoc .json .csv .tsv .svg .html .css .scss .less .po .lock .map .xml .ipynb".split())
_LARGE, _MIDDLING = 4_000, 1_000


@dataclass(frozen=True, slots=True)
class Risk:
    """How much there is to lose by not reviewing a unit: points, and what they are for."""

    points: int
    why: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.why) or "ordinary code"


@dataclass(frozen=True, slots=True)
class Priced:
    """One unit that a budget is to decide on: what it will likely cost, and how much there is to lose by it."""

    unit: str
    paths: tuple[str, ...]
    usd: Decimal
    risk: Risk


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A unit that the budget leaves out, with the sentence that says so."""

    unit: str
    paths: tuple[str, ...]
    reason: str


def risk_of(paths: Sequence[str], tokens: int, *, recent: bool = False) -> Risk:
    """The risk of a unit: the riskiest of its files by path, its size, and whether it changed since the last audit."""
    points, why = max((_by_path(path) for path in paths), default=(0, ""))
    reasons = [why] if why else []
    if tokens >= _MIDDLING:
        points += 2 if tokens >= _LARGE else 1
        reasons.append("large" if tokens >= _LARGE else "of middling size")
    if recent:
        points += 2
        reasons.append("changed since the last audit")
    return Risk(points, tuple(reasons))


def fit_budget(units: Iterable[Priced], budget: Decimal) -> tuple[LeftOut, ...]:
    """The units to leave out, least risky first, so that the rest costs no more than `budget` dollars.

    Of equal risk the dearer go first; the order does not depend on how the units come in.
    """
    ordered = sorted(units, key=lambda unit: (unit.risk.points, -unit.usd, unit.unit))
    total = sum((unit.usd for unit in ordered), Decimal(0))
    left_out = []
    for unit in ordered:
        if total <= budget:
            break
        total -= unit.usd
        left_out.append(LeftOut(unit.unit, unit.paths, _sentence(unit, budget)))
    return tuple(left_out)


def _sentence(unit: Priced, budget: Decimal) -> str:
    return f"left out by the budget of ${budget:.2f}: among the least risky ({unit.risk})"


def _by_path(path: str) -> tuple[int, str]:
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parts[:-1]}
    name = pure.name.lower()
    if folders & _ASIDE or name.startswith("test_") or re.search(r"[._]test\.|\.spec\.|_spec\.", name):
        return 1, "tests, examples or documentation"
    if pure.suffix.lower() in _DATA:
        return 0, "text or data"
    if _DELIVERY.search(path):
        return 5, "builds or deploys"
    words = {word.lower() for part in pure.with_suffix("").parts for word in _WORD.findall(part)}
    found = sorted(words & _SENSITIVE)
    return (6, f"its path says {found[0]!r}") if found else (3, "")
