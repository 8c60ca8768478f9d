"""Answers already paid for: a rerun costs nothing, a push that changes one file of 60 little."""

from pathlib import Path

from reviewer.simulator import Behaviour
from tests.commands.runner import Ran, Runner, diff_arguments, simulated
from tests.fakes.github import git_history
from tests.known_answers import Change, KnownAnswers, path_of


def usd(ran: Ran) -> float:
    return float(ran.report["cost"]["usd"])


def test_rerun_makes_no_call(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    cache = ["--cache-dir", str(tmp_path / "cache")]
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        first = reviewer(*diff_arguments(small), *cache, **env)
        made = len(simulator.calls)
        again = reviewer(*diff_arguments(small), *cache, **env)

    assert (len(simulator.calls), usd(again)) == (made, 0)
    assert (again.code, again.found, again.of("refuted")) == (1, small.real, first.of("refuted"))
    assert all(made["memo"] for made in again.report["passes"])
    assert "taken from earlier runs and cost nothing" in " ".join(again.report["notes"])


def test_forced_rerun_asks_again_and_keeps_the_new_answers(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    cache = ["--cache-dir", str(tmp_path / "cache")]
    with simulated(Behaviour(brain=KnownAnswers(()))) as (_, env):
        assert reviewer(*diff_arguments(small), *cache, **env).found == []
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        assert reviewer(*diff_arguments(small), *cache, **env).found == []
        assert reviewer(*diff_arguments(small), *cache, "--force", **env).found == small.real
        made = len(simulator.calls)
        assert reviewer(*diff_arguments(small), *cache, **env).found == small.real

    assert len(simulator.calls) == made


def test_push_that_changes_one_of_60_files_pays_less_than_a_third(
    reviewer: Runner, large: Change, tmp_path: Path
) -> None:
    path = path_of(30)
    after = {**large.after, path: large.after[path] + "\n\nEND = True\n"}
    (head,) = git_history(large.folder, after, onto=large.head)
    cache = ["--cache-dir", str(tmp_path / "cache")]
    with simulated(Behaviour(brain=KnownAnswers(large.planted))) as (_, env):
        first = reviewer(*diff_arguments(large), *cache, **env)
        pushed = reviewer("diff", "--repo", str(large.folder), "--base", large.base, "--head", head, *cache, **env)

    assert (first.found, pushed.found) == (large.real, large.real)
    assert 0 < usd(pushed) <= 0.3 * usd(first)
    asked = [tuple(made["files"]) for made in pushed.passes("file") if not made["memo"]]
    assert asked == [(path,)]


def test_unusable_memo_is_put_aside(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "anthropic"
    cache.mkdir(parents=True)
    (cache / "memo.db").write_bytes(b"no database at all, " * 100)
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (_, env):
        ran = reviewer(*diff_arguments(small), "--cache-dir", str(tmp_path / "cache"), **env)

    assert (ran.code, ran.found) == (1, small.real)


def test_folder_that_cannot_be_made_is_said_plainly(reviewer: Runner, small: Change, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with simulated(Behaviour()) as (_, env):
        ran = reviewer(*diff_arguments(small), "--cache-dir", str(tmp_path / "file" / "cache"), **env)

    assert ran.code == 2
    assert "cannot be made: Not a directory. Choose another `cache-dir`." in ran.err
