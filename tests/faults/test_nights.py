"""Every remote call of an audit, failing in every way for as long as it tries; then the weather clears.

Whatever failed, the run after that ends the audit: with its finding, one issue, and nothing bought twice.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer.model.client import load_sdk
from tests.audit.commands import Ran
from tests.faults.matrix import ACTED, NIGHTS, RECOVERED, Failure, Outcome, Row, Word
from tests.faults.nights import LATER, SCENES, Nights, NightScene, nights
from tests.faults.weather import FOR_EVER, no_waiting

CELLS = [pytest.param(row, failure, id=f"{row.name}-{failure}") for row in NIGHTS for failure in row.cells]
_ENDED = ("complete", "incomplete")
_UNLISTED = "asking for a new batch"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    load_sdk()
    with nights(tmp_path_factory.mktemp("nights")) as made:
        yield made


@pytest.fixture
def filed(world: Nights, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An issue as a night in fair weather leaves it."""
    if world.filed is None:
        (tmp_path / "before").mkdir()
        night = world.open(NightScene(), tmp_path / "before", capsys)
        with no_waiting(world.clock):
            assert night.nights(3)[-1].code == 1
        (world.filed,) = night.repository.issues.values()


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(("row", "failure"), CELLS)
def test_cell(world: Nights, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Row, failure: Failure) -> None:
    outcome = row.cells[failure][1]
    night = world.open(SCENES[row.name], tmp_path, capsys)
    bought = world.bought
    with night.weather(failure, FOR_EVER):
        made = night.nights(2)
    assert world.weather.hits >= 1
    as_promised(outcome, made)
    if made[-1].outputs["state"] not in _ENDED:
        world.clock.wait(LATER)
        night.scene = NightScene()
        with no_waiting(world.clock):
            after = night.nights(5)
        assert (after[-1].code, after[-1].outputs["state"]) == (1, "complete")

    lost = row.name == "the sample" and failure in ACTED
    assert world.bought - bought == 2 or lost
    assert len(night.repository.issues) <= 1


_LOOKS = [row for row in NIGHTS if row.call.startswith("GET /v1/messages/batches") and row.name != _UNLISTED]
_PASSING = (
    Failure.REFUSED,
    Failure.TIMEOUT,
    Failure.S429_AFTER,
    Failure.S500,
    Failure.HTML,
    Failure.GARBLED,
    Failure.CUT,
)


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("row", _LOOKS, ids=lambda row: row.name)
@pytest.mark.parametrize("failure", _PASSING)
def test_a_look_that_fails_once_costs_no_run(
    world: Nights, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Row, failure: Failure
) -> None:
    night = world.open(SCENES[row.name], tmp_path, capsys)
    with night.weather(failure, 1):
        made = night.nights(2)
    assert world.weather.hits == 1
    as_promised(RECOVERED, made)


def as_promised(outcome: Outcome, made: list[Ran]) -> None:
    """What the commands say while the call fails."""
    last, said = made[-1], "".join(ran.err for ran in made)
    assert "Traceback" not in said
    assert outcome.says in " ".join(said.split())
    seen = (last.code, last.outputs["state"])
    match outcome.word:
        case Word.RECOVERED | Word.SKIPPED:
            assert seen == (1, "complete")
        case Word.LATER:
            assert seen == (0, "in-progress")
        case Word.HALTS:
            assert seen == (3, "in-progress")
        case Word.SAMPLED:
            assert seen == (3, "sampled-out")
        case _:
            assert (*seen, last.json["verdict"]) == (3, "incomplete", "incomplete")


def test_each_row_has_its_scene() -> None:
    assert {row.name for row in NIGHTS} == set(SCENES)
