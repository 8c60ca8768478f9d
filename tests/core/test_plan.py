import pytest

from reviewer.core.change import ChangedFile
from reviewer.core.plan import ContextBudget, Plan, make_plan, show, strategy_of, unit_id
from reviewer.core.select import select
from reviewer.core.view import view_tokens
from tests.core.changes import added, change_set, changed, hunks, shown

TINY = ContextBudget(single=2_000, file=700, chunk=400, context_lines=8)


def plan_of(*files: ChangedFile, changed_files: int | None = None, budget: ContextBudget | None = None, **more) -> Plan:
    changes = change_set(*files, changed_files=changed_files)
    return make_plan(changes, select(changes), budget=budget, **more)


def python(name: str, lines: int) -> ChangedFile:
    return added(name, "".join(f"value_{number} = compute({number})\n" for number in range(lines)))


@pytest.mark.parametrize(
    ("count", "threshold", "strategy"),
    [
        (0, 14, "single"),
        (13, 14, "single"),
        (14, 14, "multi"),
        (3000, 14, "multi"),
        (13, 99, "single"),
        (14, 99, "multi"),
        (1, 2, "single"),
        (2, 2, "multi"),
    ],
)
def test_the_strategy_follows_the_number_of_files_and_is_never_raised(count, threshold, strategy):
    assert strategy_of(change_set(changed_files=count), threshold) == strategy


def test_files_are_counted_before_any_filter():
    files = [changed("a.py"), *(changed(f"{number}/uv.lock") for number in range(13))]
    plan = plan_of(*files)
    assert (plan.strategy, len(plan.skipped), [unit.paths for unit in plan.units]) == ("multi", 13, [("a.py",)])
    assert plan_of(*files[:13]).strategy == "single"
    assert plan_of(changed(), changed_files=14).strategy == "multi"


def test_a_single_pass_holds_all_files_in_the_changes_order():
    plan = plan_of(python("b.py", 50), changed("c.py"), python("a.py", 5))
    (unit,) = plan.units
    assert (plan.strategy, unit.kind, unit.paths) == ("single", "single", ("b.py", "c.py", "a.py"))
    assert unit.tokens == sum(item.tokens for item in unit.items)


def test_a_multi_pass_has_a_unit_for_each_file():
    plan = plan_of(*(changed(f"{number}.py") for number in range(14)))
    assert [(unit.kind, unit.paths) for unit in plan.units] == [("file", (f"{number}.py",)) for number in range(14)]
    assert len({unit.id for unit in plan.units}) == 14


def test_nothing_to_review_is_no_unit():
    assert plan_of().units == ()
    assert plan_of(changed("uv.lock")).units == ()


def test_a_file_too_large_for_one_context_becomes_chunks_with_all_its_lines():
    file = python("big.py", 400)
    for count in (1, 14):
        plan = plan_of(file, changed_files=count, budget=TINY)
        assert {unit.kind for unit in plan.units} == {"chunk"}
        items = [item for unit in plan.units for item in unit.items]
        assert [(item.part, item.parts) for item in items] == [(number + 1, len(items)) for number in range(len(items))]
        assert [line for item in items for line in item.lines() if not isinstance(line, int)] == list(file.lines())
        assert all(unit.tokens <= TINY.chunk + 1 for unit in plan.units)
        assert len({unit.id for unit in plan.units}) == len(items)


def test_a_large_file_does_not_keep_small_ones_out_of_the_single_pass():
    plan = plan_of(python("big.py", 400), changed("a.py"), python("b.py", 20), budget=TINY)
    assert [(unit.kind, unit.paths) for unit in plan.units[:2]] == [
        ("single", ("a.py", "b.py")),
        ("chunk", ("big.py",)),
    ]


@pytest.mark.parametrize("count", [1, 5, 13, 14, 40])
@pytest.mark.parametrize("lines", [1, 30, 60, 90])
def test_every_chosen_file_is_planned_once_within_the_budget(count, lines):
    files = [python(f"{number}.py", 1 + lines * number // count) for number in range(count)]
    plan = plan_of(*files, budget=TINY)
    parts = [(item.path, item.part) for unit in plan.units for item in unit.items]
    assert len(parts) == len(set(parts))
    assert {path for path, _ in parts} == {file.path for file in files}
    limit = {"single": TINY.single, "file": TINY.file, "chunk": TINY.chunk + 1}
    assert all(unit.tokens <= limit[unit.kind] for unit in plan.units)
    for item in (item for unit in plan.units for item in unit.items):
        assert item.tokens >= view_tokens([line for line in item.lines() if not isinstance(line, int)])


CONTENT = "".join(f"line {number}\n" for number in range(1, 101))
EDIT = "@@ -50 +50 @@\n-gone\n+line 50\n"


@pytest.mark.parametrize(
    ("room", "whole", "context", "lines"),
    [(5_000, True, 0, 101), (200, False, 8, 20), (80, False, 2, 8), (0, False, 0, 3)],
)
def test_a_file_is_shown_as_fully_as_there_is_room(room, whole, context, lines):
    item = show(changed(patch=EDIT, content=CONTENT), room, 8)
    assert (item.whole, item.context_lines, len(item.lines())) == (whole, context, lines)
    assert item.tokens <= room or not context


def test_a_file_without_content_is_shown_by_its_hunks():
    item = show(changed(patch=EDIT), 5_000, 8)
    assert (item.whole, shown(item.lines())) == (False, ["~49", "-gone", "+line 50"])


def test_unit_ids_come_from_paths_and_parts_alone():
    def unit_of(path, patch):
        (unit,) = plan_of(changed(path, patch)).units
        return unit.id

    first = unit_of("a.py", "@@ -1 +1 @@\n-a\n+b\n")
    assert first == unit_of("a.py", "@@ -7 +7 @@\n-x\n+y\n") == "single-" + first[-12:]
    assert first != unit_of("b.py", "@@ -1 +1 @@\n-a\n+b\n")
    assert unit_id("file", []) != unit_id("chunk", [])


def test_chunks_of_several_hunks_are_cut_between_them():
    body = "".join(f"+line number {number}\n" for number in range(20))
    file = changed(patch="".join(f"@@ -{at},0 +{at * 30 + 1},20 @@\n{body}" for at in range(1, 8)))
    plan = plan_of(file, changed_files=14, budget=TINY)
    pieces = [hunk for unit in plan.units for item in unit.items for hunk in item.hunks]
    assert tuple(pieces) == hunks("".join(f"@@ -{at},0 +{at * 30 + 1},20 @@\n{body}" for at in range(1, 8)))
    assert all(len(unit.items[0].hunks) > 1 for unit in plan.units[:-1])
