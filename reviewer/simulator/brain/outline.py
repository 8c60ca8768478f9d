"""What a changed file offers to others and takes from them: the facts a file pass hands to the integration."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

# Brackets that are not closed within so many characters are given up.
LONGEST_CALL = 5000
# An interface's name as it stands in the code: "charge", or "Gateway.charge" for a method.
Signatures = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A definition whose parameters changed. Signatures read "(amount, currency=...)"."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Use:
    """`name` out of `module` ("billing/payments"; empty: a method of an unknown object) is used at a line.

    `call` are the arguments, written "(total, key=...)"; None when the name is only imported.
    """

    module: str
    name: str
    call: str | None
    line: int
    quote: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The interface of one changed file. `removed` names what the old side defined and the new side does not."""

    path: str
    old_path: str
    defines: tuple[tuple[str, str | None], ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    uses: tuple[Use, ...] = ()
    deleted: bool = False


def module_of(path: str) -> str:
    """The name by which other files import a file: its path without ending; a package's for its `__init__`."""
    pure = PurePosixPath(path)
    stem = re.sub(r"\.d$", "", pure.stem)
    return str(pure.parent if stem in ("__init__", "index") else pure.with_name(stem))


def same_module(one: str, other: str) -> bool:
    """Whether two module paths mean the same file, where one may start deeper in the tree than the other."""
    return bool(one and other) and (one == other or one.endswith("/" + other) or other.endswith("/" + one))


def compared(old: Signatures, new: Signatures) -> tuple[tuple[str, ...], tuple[Change, ...]]:
    """Names that are gone, and definitions whose parameters are not what they were."""
    removed = tuple(name for name in old if name not in new)
    changed = [
        Change(name, before, after)
        for name, before in old.items()
        if before is not None and (after := new.get(name)) is not None and before != after
    ]
    return removed, tuple(changed)


def misfit(signature: str, call: str) -> str:
    """Why a call does not fit a signature, in words; empty when it does, or when that cannot be told."""
    try:
        definition = ast.parse(f"def f{signature}: ...").body[0]
        expression = ast.parse(f"f{call}", mode="eval").body
    except SyntaxError:
        return ""
    if not isinstance(definition, ast.FunctionDef) or not isinstance(expression, ast.Call):
        return ""
    return _misfit(definition.args, expression)


def _misfit(formal: ast.arguments, call: ast.Call) -> str:
    given = {keyword.arg for keyword in call.keywords}
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return ""
    names = [argument.arg for argument in [*formal.posonlyargs, *formal.args]]
    required = names[: len(names) - len(formal.defaults)]
    only = zip(formal.kwonlyargs, formal.kw_defaults, strict=True)
    needed = required[len(call.args) :] + [argument.arg for argument, default in only if default is None]
    missing = [name for name in needed if name not in given]
    if missing:
        return f"it does not pass {_listed(missing)}"
    if len(call.args) > len(names) and formal.vararg is None:
        return f"it passes {len(call.args)} positional arguments where {len(names)} are taken"
    known = {*names, *(argument.arg for argument in formal.kwonlyargs)}
    unknown = sorted(name for name in given if name is not None and name not in known)
    if unknown and formal.kwarg is None:
        return f"it passes {_listed(unknown)}, which is no parameter any more"
    return ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def top_level_parts(text: str, *, angles: bool = False) -> Iterator[str]:
    """Split at commas that stand in no bracket or string; `angles` counts `<...>` too (type parameters)."""
    depth, start, quote = 0, 0, ""
    opening, closing = "([{" + "<" * angles, ")]}" + ">" * angles
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in opening:
            depth += 1
        elif sign in closing and text[at - 1 : at + 1] != "=>":
            depth -= 1
        elif sign == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()


def bracketed(text: str, start: int) -> str | None:
    """What stands between the bracket that opens at `start` and the one that closes it; None when none does."""
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + LONGEST_CALL)):
        sign = text[at]
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : at]
    return None
