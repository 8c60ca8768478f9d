"""What no single file shows: a definition that is gone or changed while another changed file still uses the old one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .notes import read_notes
from .outline import Change, Outline, Use, misfit, module_of, same_module
from .outline_javascript import outline_javascript
from .outline_python import outline_python
from .reading import Item, Prompt
from .rules.kinds import Hit, Problem, Source


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A use in `path` that does not fit what `definer` now offers."""

    path: str
    definer: str
    hit: Hit
    quote: str


def outline(item: Item) -> Outline:
    """The outline of an item in a language that is understood, else one without content."""
    language = Source(item.path, item.new, frozenset()).language
    if item.status == "removed":
        return Outline(item.path, item.path, deleted=True)
    if language == "python":
        return outline_python(item)
    return outline_javascript(item) if language == "javascript" else Outline(item.path, item.old_path)


def outlines(prompt: Prompt) -> tuple[Outline, ...]:
    """One outline per file, out of views, notes and the list of changed files; what a file moved within is no loss."""
    told = [outline(item) for item in prompt.items] + [read_notes(path, notes) for path, notes in prompt.notes]
    told += [Outline(path, path, deleted=True) for path, status in prompt.files if status == "removed"]
    merged: dict[str, Outline] = {}
    for one in told:
        merged[one.path] = _merged(merged[one.path], one) if one.path in merged else one
    return tuple(merged.values())


def disagreements(files: Sequence[Outline], *, across: bool, within: bool) -> Iterator[Disagreement]:
    """Uses that no longer fit, `across` files and `within` one file; one per file and definition and line."""
    for definer in files:
        for user in files:
            if across if user.path != definer.path else within:
                yield from _between(definer, user, files)


def _merged(one: Outline, other: Outline) -> Outline:
    defines = dict(one.defines) | dict(other.defines)
    removed = dict.fromkeys(name for name in (*one.removed, *other.removed) if name not in defines)
    return replace(
        one,
        old_path=one.old_path if one.old_path != one.path else other.old_path,
        defines=tuple(defines.items()),
        removed=tuple(removed),
        changed=tuple(dict.fromkeys((*one.changed, *other.changed))),
        uses=tuple(dict.fromkeys((*one.uses, *other.uses))),
        deleted=one.deleted or other.deleted,
    )


def _between(definer: Outline, user: Outline, files: Sequence[Outline]) -> Iterator[Disagreement]:
    module = module_of(definer.path)
    imported = [use for use in user.uses if same_module(use.module, module)]
    gone_paths = [definer.path] if definer.deleted else [definer.old_path] * (definer.old_path != definer.path)
    for path in gone_paths:
        yield from _module_gone(path, definer, user, files)
    for name in definer.removed:
        uses = [use for use in imported if use.name == name] if user.path != definer.path else []
        for use in sorted(uses, key=lambda use: (use.call is not None, use.line))[:1]:
            yield _found(definer, user, use, _removed_problem(name, definer.path))
    for change in definer.changed:
        for use in _calls_of(change, definer, user, files, imported):
            reason = misfit(change.new, use.call or "")
            if reason and not misfit(change.old, use.call or ""):
                yield _found(definer, user, use, _changed_problem(change, definer.path, reason))


def _calls_of(
    change: Change, definer: Outline, user: Outline, files: Sequence[Outline], imported: Iterable[Use]
) -> Iterator[Use]:
    """Calls that mean this definition: by import, or a method by a name that only one class of the change has."""
    holder, _, name = change.name.rpartition(".")
    if not holder:
        yield from (use for use in imported if use.name == name and use.call is not None)
        return
    others = {known for file in files for known, _ in file.defines if known.endswith(f".{name}")} - {change.name}
    if not others and (any(imported) or user.path == definer.path):
        yield from (use for use in user.uses if not use.module and use.name == name and use.call is not None)


def _module_gone(path: str, definer: Outline, user: Outline, files: Sequence[Outline]) -> Iterator[Disagreement]:
    """Imports of a file that is not there any more, unless another file of the change goes by that name."""
    old = module_of(path)
    if user.path == definer.path or any(file.path != path and same_module(module_of(file.path), old) for file in files):
        return
    uses = [use for use in user.uses if (use.module or use.call is None) and _means(use, old)]
    for use in sorted(uses, key=lambda use: use.line)[:1]:
        yield _found(definer, user, use, _module_problem(path, definer))


def _means(use: Use, module: str) -> bool:
    """Whether a use names the module, or something in it. A short name ("utils") may mean any file that ends so."""
    names = (use.module, f"{use.module}/{use.name}".strip("/"))
    return any(same_module(name, module) and ("/" in name or "/" not in module) for name in names)


def _found(definer: Outline, user: Outline, use: Use, problem: Problem) -> Disagreement:
    return Disagreement(user.path, definer.path, Hit(problem, use.line, use.line), use.quote)


def _removed_problem(name: str, path: str) -> Problem:
    return Problem(
        f"removed:{name}", "high", "api-contract", f"`{name}` is still used here but was removed",
        f"The change removes `{name}` from {path} and this file still takes it from there, so importing or calling it "
        "fails. Move this use to what replaces it, or keep the definition.",
    )  # fmt: skip


def _changed_problem(change: Change, path: str, reason: str) -> Problem:
    short = change.name.rpartition(".")[2]
    return Problem(
        f"changed:{change.name}", "high", "api-contract", f"Call of `{short}` does not fit its new parameters",
        f"{path} changes `{change.name}{change.old}` to `{change.name}{change.new}` and this call still has the old "
        f"form: {reason}. Update the call.", "medium" if "." in change.name else "high",
    )  # fmt: skip


def _module_problem(path: str, definer: Outline) -> Problem:
    what = f"removes {path}" if definer.deleted else f"moves {path} to {definer.path}"
    return Problem(
        f"gone:{path}", "high", "api-contract", "Import from a file that is not there any more",
        f"The change {what} and this file still imports from the old place, so loading it fails. Update the import.",
    )  # fmt: skip
