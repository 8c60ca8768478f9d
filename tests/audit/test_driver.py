"""The state machine from the first plan to the report, on the real parts."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.sampling import choose_sample, sample_size
from reviewer.errors import EngineError
from reviewer.simulator import Answer, Fault
from reviewer.store.audit_values import Waiting
from tests.audit.whole_night import Auditor, Night, blocks, found, kind_of, module, night, on
from tests.forge.local_repository import Repository
from tests.simulator.test_wire_cache import Clock

FILES = {f"shop/part{n % 2}/m{n:02}.py": module(f"n{n:02}") for n in range(20)}
FILES["shop/part0/m00.py"] = module("n00", misuses="shop/part1/m01.py")


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """20 files in two folders: a bug in each, one wrong use across files."""
    made = Repository(tmp_path / "shop")
    made.commit(FILES)
    return made


def audited(made: Night, shop: Repository, **more: Any) -> Any:
    """One night over the shop; its report."""
    made.repositories = [("octo/shop", shop)]
    [each] = made.finish(made.audit(**more))
    return each.report


def test_every_file_is_read_and_every_finding_verified(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, brain=Auditor(wrong=frozenset({"n03"}))) as made:
        report = audited(made, shop)

    assert [file.path for file in report.files if not file.reviewed] == []
    assert len(found(report)) == 20
    assert all(finding.verified for finding in report.findings if finding.counts)
    assert ("shop/part0/m00.py", 23, "Misuse of n00 in shop/part1/m01.py") in found(report)
    assert [f.claim.title for f in report.findings if f.disposition == "refuted"] == ["Bug n03 bites"]
    assert (report.verdict.state, report.verdict.exit_code, report.cost.usd) == ("findings", 1, made.billed)


def test_the_sample_is_the_only_synchronous_call_and_is_not_sent_again(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        report = audited(made, shop)

    assert made.calls("messages") == 1
    assert [one.lane for one in report.passes if one.kind == "sample"] == ["sync"]
    sampled = next(one.files for one in report.passes if one.kind == "sample")
    assert ("files", sampled) not in made.asked


@pytest.mark.parametrize(
    ("requests", "wanted", "size"), [(1, None, 1), (40, None, 2), (5_000, None, 100), (10, 30, 10), (10, 3, 3)]
)
def test_size_of_the_sample(requests: int, wanted: int | None, size: int) -> None:
    assert sample_size(requests, wanted) == size
    waiting = [Waiting(str(number), 100 + number % 7, 10) for number in range(requests)]
    assert len(set(choose_sample(waiting, wanted))) == size


def test_the_sample_is_of_every_region_and_not_of_the_dearest() -> None:
    waiting = [Waiting(f"{number}", 1000 * (number * 7 % 10), 0) for number in range(40)]
    assert [int(name) // 10 for name in choose_sample(waiting, 4)] == [0, 1, 2, 3]
    assert {int(name) * 7 % 10 for name in choose_sample(waiting, 4)} == {2}


def test_a_bad_sample_ends_the_audit_having_spent_only_that(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, brain=lambda _: Answer("I would rather not.")) as made:
        made.repositories = [("octo/shop", shop)]
        audit = made.audit()
        spent = made.billed

    assert (audit.status, made.calls("batches.create"), made.calls("messages")) == ("sampled-out", 0, 1)
    assert spent == made.billed > 0
    assert "0 of 1 answers of the sample were usable. Invalid JSON" in made.notes[-1]


@pytest.mark.parametrize("name", ["errored", "expired", "canceled", "truncated", "invalid_json", "unknown_result"])
def test_what_failed_is_sent_again_once_and_nothing_else(tmp_path: Path, shop: Repository, name: str) -> None:
    sent: list[tuple[str, str]] = []

    def outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:
        short, attempt = custom_id.split("-")[2:]
        sent.append((short, attempt))
        return Fault(name) if attempt == "1" and int(short[:4], 16) % 2 else None  # type: ignore[arg-type]

    with night(tmp_path, item_outcome=outcome) as made:
        report = audited(made, shop)

    failed = {short for short, _ in sent if int(short[:4], 16) % 2}
    assert failed
    assert sorted(sent) == sorted({(short, "1") for short, _ in sent} | {(short, "2") for short in failed})
    assert (len(found(report)), report.verdict.state, report.cost.usd) == (21, "findings", made.billed)


def test_after_three_attempts_the_file_is_named_and_the_audit_incomplete(tmp_path: Path, shop: Repository) -> None:
    def outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:
        return Fault("expired") if "shop/part0/m02.py" in str(params) else None

    with night(tmp_path, item_outcome=outcome) as made:
        report = audited(made, shop)

    assert report.verdict.state == "incomplete"
    unread = [file.path for file in report.files if not file.reviewed]
    assert unread == [path for path in sorted(FILES) if path.startswith("shop/part0")]
    assert any("expired before the request was processed" in why for why in report.verdict.incomplete_because)
    assert {one.attempts for one in report.passes if one.outcome.startswith("expired")} == {1, 2, 3}


def test_one_of_each_that_was_missed_is_told_in_the_singular(tmp_path: Path, shop: Repository) -> None:
    def outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:
        return Fault("expired") if kind_of(params) != "files" else None

    shop.commit({"a.py": module("a"), "b.py": module("b", bug=False)})
    with night(tmp_path, item_outcome=outcome) as made:
        report = audited(made, shop)

    told = [why.partition(":")[0] for why in report.verdict.incomplete_because]
    assert told == ["1 group of files not compared", "1 finding was not verified"]
    assert "1 finding is not verified." in report.notes


def test_items_that_a_pack_passed_over_are_asked_about_alone(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path, brain=Auditor(forgetful=True)) as made:
        report = audited(made, shop)

    assert [file.path for file in report.files if not file.reviewed] == []
    packs = [paths for kind, paths in made.asked if kind == "files" and len(paths) > 1]
    alone = [paths for kind, paths in made.asked if kind == "files" and len(paths) == 1]
    assert len(alone) == len(packs) + made.calls("messages") == 2
    assert len(found(report)) == 21


def test_the_second_night_asks_only_about_what_changed(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        first = audited(made, shop)
        before = len(made.asked)
        shop.commit(FILES | {"shop/part0/m04.py": module("n04", lines=16)}, parent=shop.git("rev-parse", "main"))
        second = audited(made, shop)
        synced = made.calls("messages")

    assert [paths for kind, paths in made.asked[before:] if kind == "files"] == []
    assert synced == 2
    assert [one.files for one in second.passes if one.kind == "sample"] == [("shop/part0/m04.py",)]
    assert [title for _, _, title in found(second)] == [title for _, _, title in found(first)]
    assert "19 of 20 files are unchanged; their answers were carried over and cost nothing." in second.notes


def test_a_night_without_changes_costs_nothing(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        first = audited(made, shop)
        paid = made.billed
        second = audited(made, shop)

    assert made.billed == paid
    assert (second.cost.usd, found(second)) == (Decimal(0), found(first))


def test_a_full_audit_carries_nothing_over(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        first = audited(made, shop)
        second = audited(made, shop, full=True)

    assert second.cost.usd == first.cost.usd
    assert found(second) == found(first)


def test_what_was_mended_is_gone_and_a_third_night_still_carries_over(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        audited(made, shop)
        mended = FILES | {"shop/part0/m00.py": module("n00", bug=False), "shop/part1/m01.py": module("n01", bug=False)}
        shop.commit(mended, parent=shop.git("rev-parse", "main"))
        second = audited(made, shop)
        paid = made.billed
        third = audited(made, shop)

    assert [title for _, _, title in found(second)] == [
        f"Bug n{n:02} bites" for n in (*range(2, 20, 2), *range(3, 20, 2))
    ]
    assert (made.billed, found(third)) == (paid, found(second))


def test_collecting_needs_neither_repository_nor_anything_but_the_state(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        made.repositories = [("octo/shop", shop)]
        started = made.driver.start(made.document())
        made.driver.go_on(started.id)
        shutil.rmtree(shop.folder)
        with on(made.simulator, tmp_path / "audit.db") as elsewhere:
            [each] = elsewhere.finish(elsewhere.to_the_end(started.id))

    assert len(found(each.report)) == 21


def test_refused_requests_stop_the_audit_until_they_are_mended(tmp_path: Path, shop: Repository) -> None:
    refusing = [True]

    def outcome(custom_id: str, params: dict[str, Any]) -> Fault | None:
        return Fault("errored", type="invalid_request_error", message="model: is retired") if refusing[0] else None

    with night(tmp_path, item_outcome=outcome) as made:
        made.repositories = [("octo/shop", shop)]
        started = made.driver.start(made.document())
        with pytest.raises(EngineError, match=r"refused 1 request.*model: is retired.*reviewer audit submit"):
            made.to_the_end(started.id)
        with pytest.raises(EngineError, match="refused 1 request"):
            made.driver.go_on(started.id)
        refusing[0] = False
        assert made.driver.reopen(made.state.audits.get(started.id)) == 1
        [each] = made.finish(made.to_the_end(started.id))

    assert len(found(each.report)) == 21


def test_a_large_file_is_read_in_parts_and_reported_whole(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit({"large.py": module("large", lines=6_000), "small.py": module("small")})
    with night(tmp_path) as made:
        report = audited(made, shop)

    parts = [paths for kind, paths in made.asked if kind == "files" and paths == ("large.py",)]
    assert len(parts) >= 3
    assert [path for path, _, _ in found(report)] == ["large.py", "small.py"]


def test_parts_of_a_large_file_show_its_head_and_anchor_where_the_file_has_the_line(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    head = b"import os\nimport sys\n\n\nclass Large:\n"
    text = head + b"\n".join(b"    " + line if line else line for line in module("large", lines=6_000).splitlines())
    shop.commit({"large.py": text})
    with night(tmp_path) as made:
        report = audited(made, shop)
        bodies = [call.body for call in made.simulator.calls if call.endpoint in ("batches.create", "messages")]

    line = text.decode().split("\n").index("        return rows[9]  # bug large") + 1
    assert found(report) == [("large.py", line, "Bug large bites")]
    requests = [row["params"] for body in bodies if body and "requests" in body for row in body["requests"]]
    items = [value for params in requests for name, value in blocks(params) if name == "item" and "judge" in value]
    assert len(items) >= 2
    for item in items:
        assert item["view"][:2] == ["     1   import os", "     2   import sys"]
        assert "     5   class Large:" in item["view"]
        assert item["view"][-1].split()[0] == item["judge"].split()[-1]


def test_several_repositories_share_batches_and_keep_their_findings(tmp_path: Path, shop: Repository) -> None:
    twin = Repository(tmp_path / "twin")
    twin.commit(FILES | {"only.py": module("only")})
    with night(tmp_path) as made:
        made.repositories = [("octo/shop", shop), ("octo/twin", twin)]
        reports = made.finish(made.audit())

    first, second = (each.report for each in reports)
    assert (len(found(first)), len(found(second))) == (21, 22)
    assert first.cost.usd + second.cost.usd == made.billed
    assert len([kind for kind, _ in made.asked if kind == "files"]) + made.calls("messages") == 3


def test_when_the_state_is_lost_the_batches_are_found_again(tmp_path: Path, shop: Repository) -> None:
    with night(tmp_path) as made:
        report = audited(made, shop)
        sent = len(made.asked)
        with on(made.simulator, tmp_path / "new" / "audit.db") as fresh:
            fresh.repositories = [("octo/shop", shop)]
            started = fresh.driver.start(fresh.document(full=False), recovering=True)
            [each] = fresh.finish(fresh.to_the_end(started.id))

    assert found(each.report) == found(report)
    assert "what it had asked synchronously is not counted" in " ".join(each.report.notes)
    # The sample's answer was in the state alone; with the batches found, its question needs no second sample.
    assert (len(made.asked), made.calls("messages")) == (sent + 1, 1)


def test_nothing_is_looked_at_before_the_api_takes_requests_again(tmp_path: Path, shop: Repository) -> None:
    busy = [Fault("status", status=429, type="rate_limit_error", retry_after=90)]

    def faults(_: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        return busy[0] if busy and endpoint == "batches.create" else None

    with night(tmp_path, faults=faults, clock=Clock()) as made:
        made.repositories = [("octo/shop", shop)]
        audit = made.driver.start(made.document()).id
        refused = made.driver.go_on(audit)
        assert made.driver.look_again(audit, refused, 0.0) == 90.0
        busy.clear()
        assert made.driver.look_again(audit, made.driver.go_on(audit), 0.0) == 5.0
