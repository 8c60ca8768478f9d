"""The audit's state on disk: whole after anything, refused where it cannot be trusted, small when it travels."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from reviewer.audit.budgeting import spent
from reviewer.core.pricing import cost_of
from reviewer.core.request import (
    Answered,
    Block,
    Call,
    Canceled,
    Errored,
    Expired,
    Refused,
    Reply,
    Truncated,
    Turn,
    Usage,
)
from reviewer.errors import ConfigError
from reviewer.store.audit import AuditState
from reviewer.store.audit_ids import CustomId, new_audit_id, new_intent_id, read_custom_id, write_custom_id
from reviewer.store.audit_packing import pack, pack_reply, ttl_of, unpack, unpack_reply
from reviewer.store.audit_schema import METADATA
from reviewer.store.audit_values import Arrival, Intent, Kept, Outcome, PlanCounts
from tests.audit.night import MODEL, question, unit

NOW = datetime(2026, 11, 21, 3, 17, tzinfo=UTC)
CALL = Call(MODEL, "batch", Usage(10, 5, 4, 3, 2), 1, "req_1", "msg_1", "custom", "msgbatch_1")


@pytest.fixture
def state(tmp_path: Path) -> Any:
    opened = AuditState.open(str(tmp_path / "deep" / "audit.db"), NOW)
    yield opened
    opened.close()


def plan(state: AuditState, audit: str, *names: str, **more: Any) -> PlanCounts:
    return state.requests.plan(audit, map(unit, names), **{"carry_over": True, "now": NOW} | more)


def intent(audit: str, requests: int) -> Intent:
    return Intent(new_intent_id(audit), audit, "files", MODEL, requests, 100, "0" * 64, "msgbatch_0", NOW)


def answer(name: str, call: Call = CALL, **changes: Any) -> Arrival:
    made = Arrival(question(name).identity, 1, "answered", Answered(f"about {name}", call))
    return replace(made, **changes)


def test_planning_again_adds_only_what_is_new(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    assert plan(state, audit, "a.py", "b.py") == PlanCounts(new=2)
    assert plan(state, audit, "a.py", "b.py", "c.py") == PlanCounts(new=1, known=2)
    assert [record.unit for record in state.requests.units(audit)] == ["a.py", "b.py", "c.py"]


def test_a_full_audit_asks_what_it_could_carry_over(state: AuditState) -> None:
    first = state.audits.start({}, NOW).id
    plan(state, first, "a.py")
    state.results.keep(first, [answer("a.py")], NOW)
    second = state.audits.start({}, NOW).id
    assert plan(state, second, "a.py", "b.py", carry_over=False) == PlanCounts(new=2)
    third = state.audits.start({}, NOW).id
    assert plan(state, third, "a.py", "b.py") == PlanCounts(new=1, carried=1)


@pytest.mark.parametrize(("prompt", "large", "usd"), [(60_000, False, "0.0125"), (0, True, "0.0625")])
def test_attempts_of_one_call_are_no_long_prompt_together(
    state: AuditState, prompt: int, large: bool, usd: str
) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py")
    call = Call("claude-haiku-5-5", usage=Usage(120_000, 1_000), attempts=2, prompt=prompt)
    state.results.keep(audit, [answer("a.py", call)], NOW)
    (result,), (unit_,), (row,) = state.results.of(audit), state.requests.calls(audit), state.figures.spent(audit)
    assert row.large is large
    assert cost_of(result.call) == cost_of(unit_.call) == spent(state, audit, {}) == Decimal(usd)


def test_what_was_unusable_is_not_carried_over(state: AuditState) -> None:
    first = state.audits.start({}, NOW).id
    plan(state, first, "a.py")
    state.results.keep(first, [answer("a.py", outcome="unusable", reason="no JSON")], NOW)
    assert plan(state, state.audits.start({}, NOW).id, "a.py") == PlanCounts(new=1)


def test_a_request_comes_back_as_it_was_planned(state: AuditState) -> None:
    blocks = (Block("rules", "1h"), Block("more \ud800\u2028"))
    asked = question(
        "a.py", system=blocks, turns=(Turn("user", blocks), Turn("assistant", (Block("x"),))), effort="high"
    )
    _, frame, own = pack(asked)
    assert unpack(frame, own, asked.unit, asked.kind, asked.files) == asked
    audit = state.audits.start({}, NOW).id
    state.requests.plan(audit, [unit("a.py", system=blocks)], carry_over=True, now=NOW)
    [record] = state.requests.units(audit)
    assert record.request == question("a.py", system=blocks)
    assert ttl_of(asked) == "1h"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Answered("fine \u2028", CALL), "answered"),
        (Truncated("fi", CALL), "truncated"),
        (Refused("cyber", "why", CALL), "refused"),
        (Errored("api", "broke", "again", CALL), "errored"),
        (Errored("api", "wrong", "mend", CALL, fatal=True), "request-error"),
        (Expired(CALL), "expired"),
        (Canceled(CALL), "canceled"),
    ],
)
def test_a_reply_comes_back_as_it_was_kept(reply: Reply, outcome: Outcome) -> None:
    row = pack_reply(reply) | {"outcome": outcome, "attempt": 1, "custom_id": "custom", "batch_id": "msgbatch_1"}
    assert unpack_reply(row) == reply


def test_a_request_is_in_one_batch_at_most(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py", "b.py")
    numbers = [pending.number for pending in state.requests.pending(audit)]
    state.intents.intend(intent(audit, 2), numbers)
    with pytest.raises(RuntimeError, match="1 of the requests"):
        state.intents.intend(intent(audit, 1), numbers[:1])
    assert len(state.intents.in_doubt()) == 1


def test_keeping_is_all_or_nothing_and_twice_is_once(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py", "b.py")
    pair = [answer("a.py"), answer("b.py", replace(CALL, custom_id="other"))]
    with pytest.raises(AttributeError):
        state.results.keep(audit, [*pair, replace(pair[0], reply=None)], NOW)  # type: ignore[arg-type]
    assert list(state.results.of(audit)) == []
    assert state.results.keep(audit, [*pair, pair[0]], NOW) == Kept(answered=2, known=1)
    assert state.results.keep(audit, pair, NOW) == Kept(known=2)


def test_the_first_of_two_answers_stays_and_both_are_booked(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py")
    second = replace(answer("a.py", replace(CALL, batch_id="msgbatch_2")), reply=Answered("2", CALL))
    second = replace(second, reply=Answered("second", replace(CALL, batch_id="msgbatch_2")))
    state.results.keep(audit, [answer("a.py")], NOW)
    state.results.keep(audit, [second], NOW)
    [record] = state.requests.units(audit)
    assert record.reply == Answered("about a.py", CALL)
    [spend] = state.figures.spent(audit)
    assert spend.usage == CALL.usage + CALL.usage


def test_a_late_failure_of_an_old_attempt_changes_nothing(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py")
    for number in (1, 2):
        late = Arrival(question("a.py").identity, number, "expired", Expired(replace(CALL, custom_id=f"c{number}")))
        assert state.results.keep(audit, [late], NOW) == Kept(again=1)
    stale = Arrival(question("a.py").identity, 1, "expired", Expired(replace(CALL, custom_id="stale")))
    assert state.results.keep(audit, [stale], NOW) == Kept()
    assert [pending.attempt for pending in state.requests.pending(audit)] == [3]


def test_the_samples_answers_count(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py", "b.py")
    sync = Call(MODEL, usage=Usage(10, 5), attempts=1, message_id="msg_2")
    assert state.results.keep(audit, [answer("a.py", sync)], NOW) == Kept(answered=1)
    [record] = state.requests.units(audit, states=["answered"])
    assert record.source is not None
    assert (record.source.lane, record.source.custom_id) == ("sync", f"{audit}-000000-{record.identity[:20]}-1")
    assert [pending.identity for pending in state.requests.pending(audit)] == [question("b.py").identity]


def test_what_is_left_out_has_its_reason(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    plan(state, audit, "a.py", "b.py")
    assert state.requests.leave_out(audit, [question("b.py").identity], "The budget of $1 is spent.") == 1
    assert state.requests.counts(audit) == {"files": {"planned": 1, "left-out": 1}}
    [left_out] = state.requests.units(audit, states=["left-out"])
    assert (left_out.unit, left_out.reason) == ("b.py", "The budget of $1 is spent.")


def test_many_more_rows_than_a_page_come_once_each(state: AuditState) -> None:
    audit = state.audits.start({}, NOW).id
    names = [f"{number}.py" for number in range(5101)]
    plan(state, audit, *names)
    assert sorted(pending.request.turns[0].blocks[0].text for pending in state.requests.pending(audit)) == sorted(
        f"[tag1] Review {name}" for name in names
    )
    assert [record.unit for record in state.requests.units(audit)] == names


def test_ended_audits_shrink_and_are_forgotten(state: AuditState) -> None:
    first = state.audits.start({"commit": "c1"}, NOW)
    plan(state, first.id, "a.py")
    state.results.keep(first.id, [answer("a.py")], NOW)
    state.audits.end(first.id, "complete", NOW)
    state.prune(NOW + timedelta(days=1))
    assert list(state.requests.units(first.id)) == []
    assert len(list(state.results.of(first.id))) == 1
    state.prune(NOW + timedelta(days=61))
    assert state.audits.latest() is None


def test_an_audit_goes_on_where_it_stood(state: AuditState) -> None:
    assert state.audits.unfinished() is None
    audit = state.audits.start({"commit": "c1"}, NOW, stage="sample")
    state.audits.advance(audit.id, "files", {"commit": "c1", "sampled": 3})
    found = state.audits.unfinished()
    assert found is not None
    assert (found.id, found.stage, found.document) == (audit.id, "files", {"commit": "c1", "sampled": 3})
    state.audits.end(audit.id, "complete", NOW)
    assert (state.audits.unfinished(), state.audits.get(audit.id).status) == (None, "complete")
    with pytest.raises(KeyError):
        state.audits.get("none")


def test_custom_ids_are_within_the_apis_rules_and_come_apart_again() -> None:
    audit = new_audit_id()
    name = new_intent_id(audit)
    written = write_custom_id(name, "0123456789abcdef" * 4, 2)
    assert len(written) == 38
    assert read_custom_id(written) == CustomId(audit, name, "0123456789abcdef0123", 2)


@pytest.mark.parametrize("foreign", ["", "item-1", "theirs", "12345678-123456-0123456789abcdef0123-0", "x" * 38])
def test_other_peoples_custom_ids_are_told_apart(foreign: str) -> None:
    assert read_custom_id(foreign) is None


def test_a_state_of_a_newer_reviewer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    AuditState.open(str(path), NOW).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO audit_schema VALUES (99, 'later')")
    connection.close()
    with pytest.raises(ConfigError, match=r"newer Reviewer \(schema 99"):
        AuditState.open(str(path), NOW)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("postgresql+nodriver://h/db", "driver that is not installed"),
        ("nonsense://h/db", "driver that is not installed"),
        ("://", "not a path or a database URL"),
    ],
)
def test_an_url_that_cannot_be_opened_says_what_to_do(where: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        AuditState.open(where, NOW)


def test_a_file_that_is_no_database_is_refused_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    path.write_bytes(b"not a database, and more than sixteen bytes")
    with pytest.raises(ConfigError, match="cannot be opened"):
        AuditState.open(str(path), NOW)
    assert path.read_bytes().startswith(b"not a database")


def test_the_file_alone_is_the_whole_state(tmp_path: Path) -> None:
    """No write-ahead log is left beside it, even while it is open."""
    opened = AuditState.open(str(tmp_path / "audit.db"), NOW)
    plan(opened, opened.audits.start({}, NOW).id, "a.py")
    (tmp_path / "copy.db").write_bytes((tmp_path / "audit.db").read_bytes())
    copy = AuditState.open(str(tmp_path / "copy.db"), NOW)
    audit = copy.audits.unfinished()
    assert audit is not None
    assert [record.unit for record in copy.requests.units(audit.id)] == ["a.py"]
    opened.close()
    copy.close()


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: str(table.name))
def test_every_table_can_be_made_in_postgresql(table: Any) -> None:
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert ("BIGSERIAL" in made) is ("number" in table.c)
