import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reviewer.errors import ConfigError
from reviewer.store.memo import Memo, Remembered, WriteOnly

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def reopened(folder: Path, now: datetime = NOW) -> Memo:
    return Memo(folder, now)


def test_an_answer_comes_back_in_a_later_run(tmp_path):
    first = Memo(tmp_path / "new" / "folder", NOW)
    assert first.get("a" * 64) is None
    first.keep("a" * 64, "täxt\n\x00", "claude-x", "msg_1")
    first.close()
    later = reopened(tmp_path / "new" / "folder")
    assert later.get("a" * 64) == Remembered("täxt\n\x00", "claude-x", "msg_1")
    later.close()


def test_a_newer_answer_replaces_the_older(tmp_path):
    memo = Memo(tmp_path, NOW)
    memo.keep("a", "old", "claude-x", "msg_1")
    memo.keep("a", "new", "claude-y", "msg_2")
    assert memo.get("a") == Remembered("new", "claude-y", "msg_2")
    memo.close()


@pytest.mark.parametrize(("days", "left"), [(30, {"used", "unused"}), (31, {"used"})])
def test_answers_not_used_for_30_days_are_forgotten(tmp_path, days, left):
    memo = Memo(tmp_path, NOW)
    memo.keep("used", "u", "m", "")
    memo.keep("unused", "n", "m", "")
    memo.close()
    later = reopened(tmp_path, NOW + timedelta(days=days))
    later.get("used")
    later.close()
    last = reopened(tmp_path, NOW + timedelta(days=days))
    assert {name for name in ("used", "unused") if last.get(name)} == left
    last.close()


def test_a_forced_rerun_remembers_nothing_and_keeps_everything(tmp_path):
    memo = Memo(tmp_path, NOW)
    memo.keep("a", "old", "m", "1")
    renewed = WriteOnly(memo)
    assert renewed.get("a") is None
    renewed.keep("a", "new", "m", "2")
    assert memo.get("a") == Remembered("new", "m", "2")
    memo.close()


def full_of_answers(folder: Path) -> bytes:
    memo = Memo(folder, NOW)
    for number in range(200):
        memo.keep(f"{number:064}", "x" * 1_000, "m", "")
    memo.close()
    return (folder / "memo.db").read_bytes()


def overwritten(data: bytes) -> bytes:
    return data[:8192] + b"\xff" * 40_960 + data[49_152:]


@pytest.mark.parametrize("damage", [lambda data: b"not a database " * 99, overwritten, lambda data: data[:20_000]])
def test_an_unreadable_file_is_put_aside_and_a_new_one_begun(tmp_path, damage):
    damaged = damage(full_of_answers(tmp_path))
    (tmp_path / "memo.db").write_bytes(damaged)
    memo = Memo(tmp_path, NOW)
    assert memo.get(f"{1:064}") is None
    memo.keep("a", "new", "m", "")
    assert memo.get("a") is not None
    memo.close()
    assert (tmp_path / "memo.unreadable.db").stat().st_size >= len(damaged)


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be made.*cache-dir"):
        Memo(tmp_path / "file" / "cache", NOW)


def test_a_file_that_cannot_be_opened_is_no_reason_to_put_it_aside(tmp_path):
    (tmp_path / "memo.db").mkdir()
    with pytest.raises(ConfigError, match=r"memo\.db cannot be opened: unable to open database file"):
        Memo(tmp_path, NOW)
    assert (tmp_path / "memo.db").is_dir()


def write_many(folder: Path, name: str, ready) -> None:
    ready.wait(20)
    memo = Memo(folder, NOW)
    for number in range(50):
        memo.keep(f"{name}{number}", name, "m", "")
        assert memo.get(f"{name}{number}")
    memo.close()


def test_runs_at_once_share_a_new_folder(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(3)
    runs = [spawn.Process(target=write_many, args=(tmp_path, name, ready)) for name in "abc"]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert [run.exitcode for run in runs] == [0, 0, 0]
    memo = Memo(tmp_path, NOW)
    assert all(memo.get(f"{name}{number}") for name in "abc" for number in range(50))
    memo.close()
    assert not (tmp_path / "memo.unreadable.db").exists()
