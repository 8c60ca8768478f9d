"""kill -9 in the synchronous sample: what was answered is kept, what was under way is asked in a batch, and told."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.audit.sampling import Book
from reviewer.config.settings import Settings
from reviewer.core.request import Answered, Call, Usage
from reviewer.store.audit_values import Pending
from tests.audit.test_driver_crash import kill_at, next_run
from tests.audit.whole_night import found, module, night, on
from tests.forge.local_repository import Repository
from tests.simulator.test_wire_cache import Clock

SIX = Settings.model_validate({"audit": {"sample": 6}})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("sample") / "shop")
    made.commit({f"area{n}/m.py": module(f"n{n}") for n in range(8)})
    return made


@pytest.mark.parametrize(
    ("point", "again", "lost", "twice"),
    [
        ("requests.send_sync:after:1", 1, 1, False),  # the call is written down, not made
        ("results.keep:before:1", 1, 1, True),  # its answer is not kept
        ("results.keep:after:1", 0, 0, False),
    ],
)
def test_calls_under_way_at_a_kill_are_asked_in_a_batch(
    tmp_path: Path, shop: Repository, point: str, again: int, lost: int, twice: bool
) -> None:
    clock = Clock()
    with night(tmp_path, clock=clock) as made:
        kill_at(point, made, tmp_path / "killed.db", shop)
        clock.seconds += 3600
        before = made.calls("messages")
        with on(made.simulator, tmp_path / "killed.db", clock=clock) as after:
            [each] = after.finish(next_run(after, shop))
        # A sample all of which is lost is drawn anew, of others.
        assert made.calls("messages") - before == again

    assert len(found(each.report)) == 8
    sampled = [one.files for one in each.report.passes if one.kind == "sample" and one.outcome == "answered"]
    asked = [paths for kind, paths in made.asked if kind == "files"]
    assert sorted([*sampled, *asked]) == sorted((f"area{n}/m.py",) for n in range(8))
    told = [
        note for note in each.report.notes if note.startswith("Possibly paid twice: 1 call of the sample, at most $0.")
    ]
    assert len(told) == lost
    assert (made.billed > each.report.cost.usd) == twice


class Cut:
    """A lane that answers some and is killed with the others under way."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def run(self, pending: Sequence[Pending], book: Book, cap: Decimal | None) -> Decimal:
        """See `Sampler`."""
        for number, each in enumerate(pending):
            book.goes(each)
            self.asked.append(each.identity)
            if number < self.answers:
                call = Call(each.request.model, usage=Usage(1000, 100), attempts=1)
                book.came(each, Answered('{"summary": "", "interface_notes": ["I1: x"], "findings": []}', call))
        if self.answers < len(pending):
            raise KeyboardInterrupt
        return Decimal(0)


def test_what_was_answered_is_not_asked_again_and_what_was_not_is_not_asked_synchronously(
    tmp_path: Path, shop: Repository
) -> None:
    with night(tmp_path, SIX) as made:
        made.repositories = [("octo/shop", shop)]
        started = made.driver.start(made.document())
        made.driver._sampler = cut = Cut(4)
        with pytest.raises(KeyboardInterrupt):
            made.driver.go_on(started.id)
        [each] = made.finish(made.to_the_end(started.id))

    assert (len(cut.asked), made.calls("messages")) == (6, 0)
    assert "2 calls of the sample cut off with the last run: asked in a batch instead." in made.notes
    assert "4 of 4 answers of the sample were usable." in made.notes
    assert sum(kind == "files" for kind, _ in made.asked) == 4
    assert any(note.startswith("Possibly paid twice: 2 calls of the sample, at most $") for note in each.report.notes)


def test_the_only_request_of_an_audit_is_not_asked_synchronously_twice(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit({"only.py": module("only")})
    clock = Clock()
    with night(tmp_path, clock=clock) as made:
        kill_at("requests.send_sync:after:1", made, tmp_path / "killed.db", shop)
        with on(made.simulator, tmp_path / "killed.db", clock=clock) as after:
            [each] = after.finish(next_run(after, shop))

    assert ([path for path, _, _ in found(each.report)], made.calls("messages")) == (["only.py"], 0)
