import pytest

from reviewer.simulator.brain.notes import read_notes, write_notes
from reviewer.simulator.brain.outline import Change, Outline, Use, misfit

from .brain_prompts import ask, item

TOTAL = "from shop.money import total\n\n\ndef show(order):\n    return total(order)\n"
TOTAL_CHANGED = TOTAL.replace("return", "value =") + "    return str(value)\n"


def change(path: str, old: str, new: str, **more) -> tuple[str, dict]:
    return ("item", item(path, old, new, **more))


def across(*items: tuple[str, dict]) -> list[tuple[str, int, str]]:
    """Findings across files; single pass, and integration pass from notes alone, must agree."""
    single = ask(*items)["findings"]
    notes = [{"path": one["path"], "notes": ask((name, one))["interface_notes"]} for name, one in items]
    from_notes = ask(("notes", notes))["findings"]
    kept = [finding for finding in single if finding["category"] == "api-contract"]
    assert kept == from_notes
    return [(finding["path"], finding["start_line"], finding["title"]) for finding in from_notes]


CALL = "Call of `total` does not fit its new parameters"
REMOVED = "`total` is still used here but was removed"
GONE = "Import from a file that is not there any more"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def total(order): ...\n", "def total(order, rate): ...\n", [("shop/view.py", 5, CALL)]),
        ("def total(order): ...\n", "def total(order, *, rate): ...\n", [("shop/view.py", 5, CALL)]),
        ("def total(order): ...\n", "def total(): ...\n", [("shop/view.py", 5, CALL)]),
        ("def total(order): ...\n", "def total(order, rate=1): ...\n", []),
        ("def total(order): ...\n", "def total(basket): ...\n", []),
        ("def total(order): ...\n", "def total(*args, **more): ...\n", []),
        ("def total(order): ...\n", "def sum_up(order): ...\n", [("shop/view.py", 1, REMOVED)]),
        ("def total(order): ...\n", "from shop.sums import total\n", []),
        ("def total(order): ...\n", "try:\n    from x import a\nexcept ImportError:\n    def total(order): ...\n", []),
    ],
)
def test_caller_must_fit_the_changed_definition(old, new, expected):
    files = [change("shop/money.py", old, new), change("shop/view.py", TOTAL, TOTAL_CHANGED)]
    assert across(*files) == expected
    assert across(*reversed(files)) == expected


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("from shop import money\nx = money.total(1)\n", 2),
        ("import shop.money\nx = shop.money.total(1)\n", 2),
        ("import shop.money as m\nx = m.total(1)\n", 2),
        ("from .money import total as t\n\n\nx = t(\n    1,\n)\n", 4),
        ("from other.money import total\nx = total(1)\n", None),
        ("from shop.money import total\nx = total(*both)\n", None),
    ],
)
def test_callers_are_known_by_their_imports(source, line):
    definer = change("shop/money.py", "def total(order): ...\n", "def total(order, rate): ...\n")
    expected = [("shop/view.py", line, CALL)] if line else []
    assert across(definer, change("shop/view.py", "", source, status="added")) == expected


def test_method_is_known_by_its_name_when_only_one_class_has_it():
    old = "class Cart:\n    def total(self): ...\n"
    definer = change("shop/cart.py", old, old.replace("self", "self, rate"))
    user = "from shop.cart import Cart\n\n\ndef f(cart: Cart):\n    return cart.total()\n"
    other = change("shop/bill.py", "", "class Bill:\n    def total(self): ...\n", status="added")
    assert across(definer, change("shop/view.py", "", user)) == [("shop/view.py", 5, CALL)]
    assert across(definer, change("shop/view.py", "", user), other) == []


def test_import_of_a_file_that_was_moved_or_removed():
    moved = change("shop/sums.py", "x = 1\n", "x = 2\n", status="renamed", old_path="shop/money.py")
    removed = change("shop/money.py", "x = 1\n", "", status="removed")
    user = change("shop/view.py", "", "import shop.money\n")
    assert across(moved, user) == [("shop/view.py", 1, GONE)]
    assert across(removed, user) == [("shop/view.py", 1, GONE)]


def test_removed_file_is_known_from_the_overview_alone():
    overview = {"files": [{"path": "shop/money.py", "status": "removed"}]}
    (finding,) = ask(("pull_request", overview), change("shop/view.py", "", "from shop.money import total\n"))[
        "findings"
    ]
    assert (finding["title"], finding["quote"]) == (GONE, "from shop.money import total")


def test_typescript_callers():
    old = "export function total(order: Order, rate?: number): number {\n  return 1;\n}\n"
    new = old.replace("rate?: number", "rate: number, labels: Map<string, number> = new Map()")
    user = 'import { total as sum } from "./money";\n\nconst x = sum(order);\nconst y = sum(order, f(1, 2));\n'
    files = change("web/money.ts", old, new), change("web/view.ts", "", user)
    assert across(*files) == [("web/view.ts", 3, CALL)]


def test_caller_within_the_file_is_left_to_the_file_pass():
    old = "def total(order): ...\n\n\nx = total(1)\n"
    (finding,) = ask(change("shop/money.py", old, old.replace("order", "order, rate")))["findings"]
    assert (finding["start_line"], finding["title"]) == (4, CALL)


def test_integration_pass_repeats_nothing_of_the_file_passes():
    notes = [{"path": "a.py", "notes": ["A sentence in other words.", "uses: f( at line x"]}]
    answered = ask(("notes", notes), change("a.py", "", "eval(x)\n"))
    assert (answered["findings"], answered["interface_notes"]) == ([], [])


def test_notes_of_a_large_file_are_bounded_and_say_so():
    text = "".join(f"def f{n}(a, b=1):\n    return a\n\n\n" for n in range(60))
    notes = ask(change("a.py", "def gone(): ...\n", text))["interface_notes"]
    assert len(notes) == 40
    assert (notes[0], notes[1], notes[-1]) == ("removed definition: gone", "defines f0(a, b=...) [1 required]",
                                               "22 more notes left out")  # fmt: skip


def test_notes_tell_the_whole_outline():
    outline = Outline(
        "shop/sums.py",
        "shop/money.py",
        defines=(("RATE", None), ("Cart.total", "(order, rate=...)")),
        removed=("old_total",),
        changed=(Change("pay", "(a)", "(a, *, b)"),),
        uses=(Use("shop/tax", "rate", None, 3, "from shop.tax import rate"),
              Use("", "send", "(..., to=...)", 9, "    x.send(`a`, to=y) at line 4: `z`"),
              Use("shop/tax", "rate", "(a, *...)", 12, "    return rate(a, *b)")),
    )  # fmt: skip
    read = read_notes("shop/sums.py", write_notes(outline))
    assert set(read.uses) == set(outline.uses)
    assert (read.defines, read.removed, read.changed, read.old_path) == (
        outline.defines,
        outline.removed,
        outline.changed,
        outline.old_path,
    )


@pytest.mark.parametrize(
    ("signature", "call", "reason"),
    [
        ("(a, b)", "(...)", "it does not pass `b`"),
        ("(a, b)", "(..., b=...)", ""),
        ("(a, b=...)", "(..., ..., ...)", "it passes 3 positional arguments where 2 are taken"),
        ("(a, *rest)", "(..., ..., ...)", ""),
        ("(a)", "(..., b=...)", "it passes `b`, which is no parameter any more"),
        ("(a, **more)", "(..., b=...)", ""),
        ("(a, *, key)", "(...)", "it does not pass `key`"),
        ("(a, b)", "(*...)", ""),
        ("(a, b)", "(**...)", ""),
        ("(a, b", "(...)", ""),
    ],
)
def test_call_fits_or_says_why_not(signature, call, reason):
    assert misfit(signature, call) == reason
