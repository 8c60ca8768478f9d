"""The budget of an audit is never passed, whatever the answers cost, and nearly all of it is used."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.budgeting import spent
from reviewer.config.settings import Settings
from reviewer.core.pricing import PRICES
from reviewer.simulator import Answer, Fault
from tests.audit.whole_night import Auditor, Night, blocks, module, night
from tests.forge.local_repository import Repository

QUIET = Auditor()


def full(body: dict[str, Any]) -> Answer:
    """Every answer takes all the tokens that it is given."""
    return Answer(QUIET(body).text, output_tokens=body["max_tokens"])


def usual(body: dict[str, Any]) -> Answer:
    """Answers as long as they are expected to be, one in seven three times as long."""
    path = next((value["path"] for name, value in blocks(body) if name == "item"), "")
    return Answer(QUIET(body).text, output_tokens=1_300 * (3 if sum(path.encode()) % 7 == 0 else 1))


def truncate_half(custom_id: str, _: dict[str, Any]) -> Fault | None:
    short, attempt = custom_id.split("-")[2:]
    return Fault("truncated") if attempt == "1" and int(short[:4], 16) % 2 else None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """40 files in folders of their own, without findings; one in four is a payment."""
    made = Repository(tmp_path_factory.mktemp("budget") / "shop")
    names = [f"{'payment' if n % 4 == 0 else 'docs'}{n}/m.py" for n in range(40)]
    made.commit({name: module(f"n{n}", bug=False, lines=20 + n) for n, name in enumerate(names)})
    return made


def audited(folder: Path, shop: Repository, cap: str, then: Callable[[Night, Any], None], **more: Any) -> None:
    with night(folder, Settings.model_validate({"budget-usd": cap}), **more) as made:
        made.repositories = [("octo/shop", shop)]
        [each] = made.finish(made.audit())
        then(made, each.report)


@pytest.mark.parametrize("cap", ["0.60", "1.50", "4"])
@pytest.mark.parametrize(
    "more",
    [{"brain": full}, {"brain": usual}, {"brain": usual, "item_outcome": truncate_half}],
    ids=["longest", "usual", "truncated"],
)
def test_the_cap_is_never_passed_and_nearly_all_of_it_used(
    tmp_path: Path, shop: Repository, cap: str, more: dict[str, Any]
) -> None:
    def then(made: Night, report: Any) -> None:
        assert made.billed <= Decimal(cap)
        left_out = [file for file in report.files if not file.reviewed]
        if left_out:
            assert made.billed >= Decimal(cap) * Decimal("0.85")
            assert report.verdict.state == "incomplete"
            assert any(
                f"left out by the budget of ${Decimal(cap):.2f}" in why for why in report.verdict.incomplete_because
            )
        assert report.cost.usd == made.billed

    audited(tmp_path, shop, cap, then, **more)


@pytest.mark.parametrize("cap", ["0.01", "0.15", "0.30"])
@pytest.mark.parametrize("brain", [full, usual], ids=["longest", "usual"])
def test_a_cap_of_a_few_requests_is_not_passed_either(tmp_path: Path, shop: Repository, cap: str, brain: Any) -> None:
    def then(made: Night, report: Any) -> None:
        assert made.billed <= Decimal(cap)
        assert report.verdict.state == "incomplete"

    audited(tmp_path, shop, cap, then, brain=brain)


def test_a_cap_that_holds_no_sample_spends_nothing_and_says_so(tmp_path: Path, shop: Repository) -> None:
    def then(made: Night, report: Any) -> None:
        assert (made.billed, made.calls("messages"), made.calls("batches.create")) == (0, 0, 0)
        assert sum(not file.reviewed for file in report.files) == 40
        assert "40 requests left out: the budget of $0.10 has no room for the sample." in made.notes

    audited(tmp_path, shop, "0.10", then)


def test_a_cap_above_the_worst_price_costs_no_time(tmp_path: Path, shop: Repository) -> None:
    def then(made: Night, report: Any) -> None:
        assert made.calls("batches.create") == 2  # files, integration
        assert report.verdict.state == "pass"

    audited(tmp_path, shop, "20", then, brain=usual)


def test_the_least_risky_are_left_out_by_name(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit({"auth/login.py": module("login"), "docs/notes.py": module("notes"), "src/a.py": module("a", lines=8)})

    def then(made: Night, report: Any) -> None:
        left_out = {file.path: file.reason for file in report.files if not file.reviewed}
        assert list(left_out) == ["docs/notes.py"]
        assert (
            "left out by the budget of $0.24, which the riskiest get first (this: tests, examples"
            in left_out["docs/notes.py"]
        )
        assert (report.verdict.state, made.billed <= Decimal("0.24")) == ("incomplete", True)

    audited(tmp_path, shop, "0.24", then, brain=full)


def test_many_short_prompts_do_not_cost_the_price_of_a_long_one(tmp_path: Path, shop: Repository) -> None:
    """`claude-haiku-5-5` has a second price for prompts above 100,000 tokens; it is none for sums of them."""
    models = dict.fromkeys(("audit", "integration", "verify"), "claude-haiku-5-5")
    with night(tmp_path, Settings.model_validate({"models": models}), brain=usual) as made:
        made.repositories = [("octo/shop", shop)]
        audit = made.audit()
        assert sum(row.usage.total_input for row in made.state.figures.spent(audit.id)) > 100_000
        assert spent(made.state, audit.id, PRICES) == made.billed
