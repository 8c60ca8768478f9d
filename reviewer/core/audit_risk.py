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
    """One unit that a budget is to decide on: the most that it can cost, and how much there is to lose by it."""

    unit: str
    usd: Decimal
    risk: Risk


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


def admit(units: Iterable[Priced], room: Decimal, *, busy: bool = False) -> list[Priced]:
    """The units that may go out at once for at most `room` dollars: the riskiest first, of equal risk the cheaper.

    It stops at the first that does not fit beside the others, since that one is next when their price is known (`busy`:
    when that of others under way is). One that does not fit alone is passed over. The order of `units` does not matter.
    """
    taken: list[Priced] = []
    for unit in sorted(units, key=lambda unit: (-unit.risk.points, unit.usd, unit.unit)):
        if unit.usd <= room:
            taken.append(unit)
            room -= unit.usd
        elif taken or busy:
            break
    return taken


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
