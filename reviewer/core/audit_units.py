"""From packs and contents to units of work: files as items, whole or in parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from reviewer.core.audit_choice import inspect
from reviewer.core.audit_chunks import context_of, cut_file
from reviewer.core.change import ChangedFile
from reviewer.core.inventory import AuditUnit, Carried, Listed, NotAudited, Pack, PackBudget, single
from reviewer.core.plan import Item, Unit
from reviewer.core.view import view_tokens


def units_of(
    pack: Pack,
    read: Callable[[Sequence[str]], Mapping[str, bytes]],
    known: Callable[[Listed], str | None] = lambda _: None,
    budget: PackBudget | None = None,
    screened: Callable[[ChangedFile], ChangedFile] = lambda file: file,
) -> Iterator[AuditUnit | NotAudited | Carried]:
    """The units of one pack, and what is left out of it.

    `screened` makes of a file what may be shown of it. `read` gives blobs by their ids, missing ones left out; it is
    asked only for files that are not carried over, which are those that `known` gives an identity for.
    """
    carried = {file.path: identity for file in pack.files if (identity := known(file))}
    yield from (Carried(path, identity) for path, identity in carried.items())
    wanted = [(number, file) for number, file in enumerate(pack.files, 1) if file.path not in carried]
    texts = read([file.blob for _, file in wanted]) if wanted else {}
    kept: list[tuple[int, str, ChangedFile]] = []
    for number, file in wanted:
        found = inspect(file, texts.get(file.blob))
        if isinstance(found, NotAudited):
            yield found
        else:
            kept.append((number, file.blob, screened(found)))
    if kept:
        yield from _units(pack, kept, budget or PackBudget())


def items_of(file: ChangedFile, budget: PackBudget | None = None) -> tuple[Item, ...]:
    """The file whole, or its parts where it is too large for one context.

    Of a part's hunks the last is the part itself, those before it are what it is read beside.
    """
    budget = budget or PackBudget()
    tokens = view_tokens(tuple(file.lines()))
    if tokens <= budget.file:
        return (Item(file, file.hunks, True, tokens),)
    lines = tuple(file.lines())
    pieces = cut_file(file, budget.chunk)
    shown = [(*context_of(lines, piece), piece) for piece in pieces]
    return tuple(
        Item(file, hunks, False, sum(view_tokens(hunk.lines) for hunk in hunks), number, len(pieces))
        for number, hunks in enumerate(shown, 1)
    )


def _units(pack: Pack, kept: Sequence[tuple[int, str, ChangedFile]], budget: PackBudget) -> Iterator[AuditUnit]:
    whole: list[tuple[int, str, Item]] = []
    for number, blob, file in kept:
        items = items_of(file, budget)
        if len(items) == 1:
            whole.append((number, blob, items[0]))
        else:
            yield from (single(pack.repository, item, blob) for item in items)
    if whole:
        numbers, blobs, shown = zip(*whole, strict=True)
        yield AuditUnit(pack.repository, Unit(pack.id, "file", shown), blobs, numbers)
