"""An audit's answer, item by item: which items it accounts for, and what it says of each."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.core.answer import Reviewed
from reviewer.core.change import ChangeSet
from reviewer.core.finding import Claim
from reviewer.core.inventory import AuditUnit, audit_changes
from reviewer.core.plan import Item
from reviewer.core.resolve import resolve_path

_ID = re.compile(r"[\s*`\[(\"'-]{0,6}I(\d{1,4})\b[\s*`\])\"':.,-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What an answer says of one item. Its notes have lost the item's id, its claims name the item's own path."""

    item: Item
    blob: str
    answer: Reviewed


@dataclass(frozen=True, slots=True)
class Coverage:
    """The items that an answer accounts for, and the ones it passed over, which are to be sent again alone."""

    answered: tuple[ItemAnswer, ...]
    missing: tuple[Item, ...]


def covered(answer: Reviewed, unit: AuditUnit) -> Coverage:
    """Share an answer out among the unit's items.

    An item is accounted for by a note that starts with its id, or by a finding in it; the only item of a unit always
    is. What names no item goes to the first one accounted for, so that nothing is lost.
    """
    notes, spoken = _notes(answer.notes, unit)
    claims = _claims(answer.claims, unit)
    items = range(len(unit.unit.items))
    there = [index for index in items if index in spoken or index in claims or len(items) == 1]
    missing = tuple(unit.unit.items[index] for index in items if index not in there)
    answered = []
    for index in there:
        # -1 stands for no item at all.
        more = index == there[0]
        own_notes = notes[index] + (notes[-1] if more else [])
        own_claims = claims.get(index, []) + (claims.get(-1, []) if more else [])
        said = Reviewed(answer.summary, tuple(own_notes), tuple(own_claims))
        answered.append(ItemAnswer(unit.unit.items[index], unit.blobs[index], said))
    return Coverage(tuple(answered), missing)


def join_parts(answers: Sequence[Reviewed]) -> Reviewed:
    """The answers on the parts of one file as the answer on the file."""
    return Reviewed(
        " ".join(dict.fromkeys(answer.summary for answer in answers if answer.summary)),
        tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
        tuple(claim for answer in answers for claim in answer.claims),
    )


def _notes(notes: Sequence[str], unit: AuditUnit) -> tuple[defaultdict[int, list[str]], set[int]]:
    """Notes by the item's place in the unit, and the places that were named at all."""
    place = {number: index for index, number in enumerate(unit.numbers)}
    only = 0 if len(place) == 1 else -1
    shared: defaultdict[int, list[str]] = defaultdict(list)
    spoken = set()
    for note in notes:
        found = _ID.match(note)
        index = place.get(int(found[1]), -1) if found else -1
        text = note[found.end() :].strip() if found and index >= 0 else note
        spoken.add(index)
        if text:
            shared[index if index >= 0 else only].append(text)
    return shared, spoken


def _claims(claims: Sequence[Claim], unit: AuditUnit) -> dict[int, list[Claim]]:
    paths = unit.unit.paths
    changes = audit_changes(unit.repository, "", (item.file for item in unit.unit.items))
    shared: dict[int, list[Claim]] = {}
    for claim in claims:
        index = _place(claim, changes, paths)
        shared.setdefault(index, []).append(replace(claim, path=paths[index]) if index >= 0 else claim)
    return shared


def _place(claim: Claim, changes: ChangeSet, paths: Sequence[str]) -> int:
    if len(paths) == 1:
        return 0
    found = resolve_path(claim.path, changes, paths).file
    return paths.index(found.path) if found else -1
