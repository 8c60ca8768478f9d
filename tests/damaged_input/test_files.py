"""State, memo, saved reports and results of batches that are damaged, somebody else's, or made to do harm."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.errors import ConfigError, InputError
from reviewer.model.batch_rows import ResultsCut, read_rows
from reviewer.publish.saved_report import read_report
from reviewer.store.audit import AuditState
from reviewer.store.memo import Memo, Remembered
from tests.damaged_input.program import reviewer

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "a" * 64


def run_sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def good_state(path: Path) -> bytes:
    AuditState.open(str(path), NOW).close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_text("hello " * 1000), "not a database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + b"\x5a" * 8000), "cannot be opened"),
        (lambda path: path.mkdir(), "unable to open"),
        (lambda path: run_sql(path, "create table users(id int)"), "another program's database"),
        (lambda path: run_sql(path, "create table audits(x int)"), "another program's database"),
        (lambda path: path.write_bytes(good_state(path)[:5000]), "malformed"),
    ],
    ids=["text", "bytes", "folder", "another's", "namesake", "cut"],
)
def test_a_state_that_is_none_is_refused(spoil, words, tmp_path):
    path = tmp_path / "audit.db"
    spoil(path)
    with pytest.raises(ConfigError, match=words):
        AuditState.open(str(path), NOW)


def test_a_state_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "audit.db"
    good_state(path)
    run_sql(path, "update audit_schema set version = 999")
    with pytest.raises(ConfigError, match=r"newer Reviewer \(schema 999"):
        AuditState.open(str(path), NOW)


@pytest.mark.parametrize("url", ["sqlite://host/x", "foo://x", "sqlite:////nonexistent/folder/x.db", "://"])
def test_an_address_of_a_state_that_is_none_is_refused(url):
    with pytest.raises(ConfigError):
        AuditState.open(url, NOW)


def test_a_state_whose_tables_are_damaged_is_told_of(tmp_path):
    path = tmp_path / "audit.db"
    good_state(path)
    run_sql(path, "drop table audits", "create table audits(x int)")
    assert "cannot be read" in reviewer("audit", "status", "--state", str(path), cwd=tmp_path).refused()


def test_an_empty_file_is_a_new_state(tmp_path):
    (tmp_path / "audit.db").touch()
    state = AuditState.open(str(tmp_path / "audit.db"), NOW)
    assert state.audits.unfinished() is None
    state.close()


def good_memo(folder: Path) -> bytes:
    memo = Memo(folder, NOW)
    memo.keep(KEY, "text", "m", "msg_1")
    memo.close()
    return (folder / "memo.db").read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("x" * 10_000),
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"\x5a" * 9000),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(b"".join((path.read_bytes()[:2000], b"\x55" * 4000, path.read_bytes()[6000:]))),
        lambda path: run_sql(path, "drop table answers", "create table answers(x int)"),
        lambda path: run_sql(path, "drop table answers", "create view answers as select 1 as identity"),
    ],
    ids=["text", "bytes", "cut", "overwritten", "columns", "view"],
)
def test_a_memo_that_is_none_is_put_aside_and_begun_anew(spoil, tmp_path):
    good_memo(tmp_path)
    spoil(tmp_path / "memo.db")
    memo = Memo(tmp_path, NOW)
    assert memo.get(KEY) is None
    memo.keep(KEY, "new", "m", "msg_2")
    assert memo.get(KEY) == Remembered("new", "m", "msg_2")
    memo.close()
    assert (memo.problem, (tmp_path / "memo.unreadable.db").exists()) == ("", True)


def test_a_memo_that_fails_later_on_is_done_without(tmp_path):
    memo = Memo(tmp_path, NOW)
    run_sql(tmp_path / "memo.db", "drop table answers")
    assert memo.get(KEY) is None
    memo.keep(KEY, "text", "m", "msg_1")
    memo.close()
    assert "no such table: answers): what it held is asked and paid for again" in memo.problem


def test_an_answer_of_another_type_is_none(tmp_path):
    good_memo(tmp_path)
    run_sql(tmp_path / "memo.db", "update answers set text = x'ff00'")
    memo = Memo(tmp_path, NOW)
    assert memo.get(KEY) is None
    memo.close()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '{"schema_version": 2}', '{"schema_version": 1}', "[" * 100_000,
        '{"schema_version": 1, "files": 7, "findings": {}}', '{"schema_version": NaN}', '"\\ud800"', "9" * 5000,
    ],
)  # fmt: skip
def test_a_saved_report_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(InputError, match=r"could not be read|is no report of schema version 1"):
        read_report(tmp_path / "report.json")


@pytest.mark.parametrize("path", ["/", "/dev/zero", "/nonexistent"])
def test_a_saved_report_that_cannot_be_read_is_refused(path):
    with pytest.raises(InputError, match="could not be read"):
        read_report(Path(path))


ROW = json.dumps({"custom_id": "a", "result": {"type": "expired"}}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"null", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"custom_id": 7}', b'{"custom_id": null}',
        b"9" * 5000, b'{"result": {"type": "succeeded"}}',
    ],
)  # fmt: skip
def test_a_line_of_results_that_is_no_row_is_passed_over(line):
    assert [row.custom_id for row in read_rows([ROW + b"\n" + line + b"\n" + ROW + b"\n"])] == ["a", "a"]


def test_a_line_of_results_of_50_mb_is_read_in_linear_time():
    long = json.dumps({"custom_id": "b", "result": {"type": "x" * 50_000_000}}).encode() + b"\n"
    chunks = (long[at : at + 16_384] for at in range(0, len(long), 16_384))
    assert [row.custom_id for row in read_rows(chunks)] == ["b"]


def test_results_without_line_ends_are_no_results():
    with pytest.raises(ResultsCut, match="a line of over"):
        list(read_rows(b"x" * 1_000_000 for _ in range(100)))
