"""What a plan will cost, before the first call: likely tokens and dollars (rule 10)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reviewer.core.plan import Plan
from reviewer.core.pricing import Price, cost, price_of
from reviewer.core.report import Estimate, PassReport
from reviewer.core.request import Kind, Usage

_INSTRUCTIONS = 2_400
"""Tokens of the static prompt with its answer form."""
_OUTPUT: Mapping[str, int] = {"single": 4_000, "file": 2_000, "chunk": 2_000, "integration": 5_000, "verify": 900}
"""Tokens that a pass answers with, thinking included."""
_NOTES = 250
"""Tokens of interface notes that one file contributes to the integration pass."""
_VERIFIED = 0.6
"""Share of files that turn out to have a finding to verify."""


@dataclass(frozen=True, slots=True)
class _Pass:
    kind: Kind
    model: str
    files: tuple[str, ...]
    tokens: int


def planned_passes(
    plan: Plan, shared: int, models: tuple[str, str, str], prices: Mapping[str, Price] | None = None
) -> tuple[tuple[PassReport, ...], Estimate]:
    """The passes that a run will likely make, and what they will cost together.

    `shared` is the tokens of overview and guidelines, which all but the first request of a kind read from the cache;
    `models` are the ones for review, integration and verify.
    """
    made: list[PassReport] = []
    warmed: set[tuple[str, str]] = set()
    for step in _passes(plan, *models):
        family = (step.model, "verify" if step.kind == "verify" else step.kind.replace("chunk", "file"))
        prefix = _INSTRUCTIONS + shared
        cached = family in warmed
        warmed.add(family)
        usage = Usage(step.tokens, _OUTPUT[step.kind], prefix if cached else 0, 0 if cached else prefix)
        usd = cost(usage, price_of(step.model, prices))
        made.append(PassReport(step.kind, step.files, step.model, "planned", usage, usd))
    usage = sum((step.usage for step in made), Usage())
    total = sum((step.usd for step in made), Decimal(0))
    return tuple(made), Estimate(len(made), usage.total_input, usage.output_tokens, total)


def _passes(plan: Plan, review: str, integration: str, verify: str) -> Iterator[_Pass]:
    for unit in plan.units:
        yield _Pass(unit.kind, review, unit.paths, unit.tokens)
    paths = tuple(dict.fromkeys(path for unit in plan.units for path in unit.paths))
    code = sum(unit.tokens for unit in plan.units)
    if plan.strategy == "multi" and len(paths) > 1:
        tokens = len(paths) * _NOTES + code // 3
        contexts = -(-tokens // plan.budget.integration)
        for _ in range(contexts):
            yield _Pass("integration", integration, paths if contexts == 1 else (), tokens // contexts)
    checks = min(len(paths), int(len(paths) * _VERIFIED) + 1) if paths else 0
    for _ in range(checks):
        yield _Pass("verify", verify, (), min(code // len(paths), plan.budget.verify))
