"""Every remote call of `reviewer pr`, failing in every way: what becomes of the run is what the matrix promises."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.model.client import load_sdk
from tests.commands.runner import Ran, Runner
from tests.faults.matrix import ACTED, PULLS, Failure, Outcome, Row, Word, runs
from tests.faults.pulls import SCENES, Case, Pulls, pulls
from tests.faults.weather import FOR_EVER

CELLS = [
    pytest.param(row, failure, times, id=f"{row.name}-{failure}-{'once' if times == 1 else 'for ever'}")
    for row in PULLS
    for failure, cell in row.cells.items()
    for times in runs(cell, FOR_EVER)
]
_OTHER = "no-key=neutral,answer=neutral,budget=neutral,deadline=neutral,diff=neutral"
_NEUTRAL = {Word.API: f"{_OTHER},posting=neutral", Word.POSTING: f"{_OTHER},api=neutral"}
"""With all other causes neutral, exit code 3 says that the promised one is there."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulls]:
    load_sdk()
    with pulls(tmp_path_factory.mktemp("pulls")) as made:
        yield made


@pytest.fixture
def reviewer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    for name in ("run", "job"):
        (tmp_path / name).mkdir()
    return Runner(tmp_path / "run", capsys)


@pytest.mark.parametrize(("row", "failure", "times"), CELLS)
def test_cell(world: Pulls, reviewer: Runner, tmp_path: Path, row: Row, failure: Failure, times: int) -> None:
    outcome = row.cells[failure][times > 1]
    case = world.open(SCENES[row.name], tmp_path / "job", reviewer)
    billed = world.billed
    with case.weather(failure, times):
        policy = {"REVIEWER_ON_INCOMPLETE": _NEUTRAL[outcome.word]} if outcome.word in _NEUTRAL else {}
        ran = case.run(**policy)

    assert 1 <= world.weather.hits <= times
    as_promised(outcome, ran, case)
    all_is_told(ran, world.billed - billed, failure)
    nothing_is_lost(outcome, ran, case)


def as_promised(outcome: Outcome, ran: Ran, case: Case) -> None:
    """Exit code, verdict and reason, and that nothing stands twice."""
    fair, stands = case.fair
    assert "Traceback" not in ran.out + ran.err
    assert all(count <= most for count, most in zip(case.stands, stands, strict=True))
    match outcome.word:
        case Word.RECOVERED:
            assert (ran.code, ran.report["incomplete_because"], case.stands) == (fair, [], stands)
        case Word.AS_TEXT:
            assert (ran.code, ran.report["incomplete_because"], case.stands) == (fair, [], (1, 0, 1))
        case Word.SKIPPED | Word.TOLD:
            assert (ran.code, ran.report["incomplete_because"]) == (fair, [])
            assert outcome.says in ran.err
        case Word.STOPS:
            assert (ran.code, ran.report, ran.outputs["verdict"]) == (3, {}, "incomplete")
            assert outcome.says in ran.err
        case _:
            assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (3, "incomplete", "incomplete")
            assert outcome.says in ran.because


def all_is_told(ran: Ran, billed: Decimal, failure: Failure) -> None:
    """Every answer that arrived is in the report's cost; where one did not, the report says so."""
    told = Decimal(ran.report["cost"]["usd"]) if ran.report else Decimal(0)
    gap = billed - told
    if failure is Failure.MID_STREAM:
        assert gap <= 0  # what a stream had reported is counted, whether it is billed or not
    elif failure in ACTED and gap > Decimal("0.000002"):
        assert any("may have cost up to" in note for note in ran.report["notes"])
    else:
        assert abs(gap) < Decimal("0.000002")


def nothing_is_lost(outcome: Outcome, ran: Ran, case: Case) -> None:
    """The weather over, the next run ends as it should: posted once, and nothing that was paid for asked again."""
    fair, stands = case.fair
    asked = len(case.world.api.calls)
    if outcome.word is Word.POSTING:
        saved = case.folder / "saved.json"
        saved.write_text(json.dumps(ran.report))
        assert case.run("--post-only", str(saved)).code == fair
        assert len(case.world.api.calls) == asked
    elif outcome.word is Word.API:
        paid = sum(made["outcome"] == "answered" for made in ran.report["passes"])
        again = case.run()
        assert (again.code, sum(made["outcome"] == "memo" for made in again.report["passes"])) == (fair, paid)
    else:
        return
    assert case.stands == stands


def test_each_row_has_its_scene() -> None:
    assert {row.name for row in PULLS} == set(SCENES)
