import pytest

from reviewer.core.answer import Reviewed
from reviewer.core.audit_answer import covered, join_parts
from reviewer.core.audit_units import units_of
from reviewer.core.finding import Claim
from reviewer.core.inventory import AuditUnit, Listed, Pack
from tests.core.edits import claim


def unit_for(*paths: str, carried: str = "") -> AuditUnit:
    pack = Pack("o/r", tuple(Listed(path, "100644", f"blob {path}", 9) for path in paths))
    found = units_of(
        pack, lambda blobs: dict.fromkeys(blobs, b"x = 1\n"), lambda f: f.path if f.path == carried else None
    )
    (unit,) = [each for each in found if isinstance(each, AuditUnit)]
    return unit


def answer(*notes: str, claims: tuple[Claim, ...] = ()) -> Reviewed:
    return Reviewed("Sound.", notes, claims)


def shares(said: Reviewed, unit: AuditUnit) -> dict[str, tuple[tuple[str, ...], list[str]]]:
    found = covered(said, unit).answered
    return {each.item.path: (each.answer.notes, [one.title for one in each.answer.claims]) for each in found}


@pytest.mark.parametrize(
    "note", ["I2: reads", "I2 - reads", "**I2**: reads", "`I2` reads", "- i2: reads", "[I2] reads", "(I2) reads"]
)
def test_notes_go_to_the_item_that_they_name(note):
    said = answer("I1: promises", note)
    assert shares(said, unit_for("a.py", "b.py")) == {"a.py": (("promises",), []), "b.py": (("reads",), [])}


def test_items_without_note_or_finding_are_missing():
    found = covered(answer("I1: promises", "I3: none"), unit_for("a.py", "b.py", "c.py"))
    assert [item.path for item in found.missing] == ["b.py"]
    assert [(each.item.path, each.blob) for each in found.answered] == [("a.py", "blob a.py"), ("c.py", "blob c.py")]


def test_a_finding_accounts_for_its_item_too():
    said = answer("I1: promises", claims=(claim("./b.py", title="Leaks"),))
    assert shares(said, unit_for("a.py", "b.py"))["b.py"] == ((), ["Leaks"])
    assert covered(said, unit_for("a.py", "b.py")).answered[1].answer.claims[0].path == "b.py"


def test_what_names_no_item_is_kept_with_the_first_that_is_accounted_for():
    said = answer("I2: reads", "I2C bus is shared", "I9: odd", claims=(claim("z.py", title="Lost"),))
    assert shares(said, unit_for("a.py", "b.py")) == {"b.py": (("reads", "I2C bus is shared", "I9: odd"), ["Lost"])}


@pytest.mark.parametrize("said", [answer(), answer("promises"), answer("I7: promises", claims=(claim("other.py"),))])
def test_the_only_item_of_a_unit_is_always_accounted_for(said):
    found = covered(said, unit_for("a.py"))
    assert (len(found.answered), found.missing) == (1, ())
    assert len(found.answered[0].answer.notes) == len(said.notes)
    assert len(found.answered[0].answer.claims) == len(said.claims)


def test_an_answer_without_any_id_leaves_all_items_missing():
    found = covered(answer("all fine"), unit_for("a.py", "b.py"))
    assert (found.answered, len(found.missing)) == ((), 2)


def test_numbers_are_places_in_the_pack_where_items_were_left_out():
    said = answer("I1: promises", "I3: reads")
    assert shares(said, unit_for("a.py", "b.py", "c.py", carried="b.py")) == {
        "a.py": (("promises",), []),
        "c.py": (("reads",), []),
    }


def test_parts_of_a_file_become_one_answer():
    one, other = answer("a", "b", claims=(claim(title="1"),)), answer("b", "c", claims=(claim(title="2"),))
    joined = join_parts([one, other])
    assert (joined.summary, joined.notes, [each.title for each in joined.claims]) == (
        "Sound.",
        ("a", "b", "c"),
        ["1", "2"],
    )
