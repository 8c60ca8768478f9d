"""The outline of JavaScript and TypeScript files, by the usual forms of exports, imports and calls."""

import posixpath
import re
from collections.abc import Iterator

from .outline import Outline, Signatures, Use, bracketed, compared, module_of, top_level_parts
from .reading import Item

FUNCTION = re.compile(
    r"^\s*export\s+(?:default\s+)?(?:async\s+)?function\*?\s+(?P<name>\w+)\s*(?:<[^(]*>)?\s*(?=\()"
    r"|^\s*export\s+const\s+(?P<arrow>\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?=\([^)]*\)[^=;]*=>)",
    re.MULTILINE,
)
OTHER = re.compile(
    r"^\s*export\s+(?:const|let|var|class|abstract class|interface|type|enum)\s+(?P<name>\w+)", re.MULTILINE
)
IMPORT = re.compile(
    r"^\s*import\s+(?:type\s+)?\{(?P<names>[^}]*)\}\s*from\s*['\"](?P<from>\.[^'\"]*)['\"]", re.MULTILINE
)


def outline_javascript(item: Item) -> Outline:
    """Exports on both sides, what became of them, and the uses of what is imported by a relative path."""
    new_text = "\n".join(text for _, text in item.new)
    new = _exports(new_text)
    removed, changed = compared(_exports("\n".join(item.old)), new)
    uses = [Use(*found[:3], *item.new[found[3] - 1]) for found in _uses(new_text, item.path)]
    return Outline(item.path, item.old_path, tuple(new.items()), removed, changed, tuple(uses))


def _exports(text: str) -> Signatures:
    found: Signatures = {match["name"]: None for match in OTHER.finditer(text)}
    for match in FUNCTION.finditer(text):
        inside = bracketed(text, match.end())
        found[match["name"] or match["arrow"]] = None if inside is None else _signature(inside)
    return found


def _signature(inside: str) -> str:
    """TypeScript parameters in the notation that all outlines share: "(amount, currency=..., *rest)"."""
    parts = []
    for at, parameter in enumerate(top_level_parts(inside, angles=True), 1):
        name = re.match(r"(?:\.\.\.)?(\w+)", parameter)
        known = name[1] if name else f"argument{at}"
        optional = re.match(r"\w+\?", parameter) or re.search(r"(?<![=!<>])=(?![=>])", parameter)
        parts.append(f"*{known}" if parameter.startswith("...") else f"{known}=..." if optional else known)
    return f"({', '.join(parts)})"


def _uses(text: str, path: str) -> Iterator[tuple[str, str, str | None, int]]:
    for match in IMPORT.finditer(text):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match["from"]))
        module = module_of(re.sub(r"\.(js|ts|jsx|tsx|mjs)$", "", target) + ".ts")
        for entry in re.finditer(r"(?:type\s+)?(\w+)(?:\s+as\s+(\w+))?", match["names"]):
            yield module, entry[1], None, text.count("\n", 0, match.start("names") + entry.start()) + 1
            for call in re.finditer(rf"(?<![\w.]){entry[2] or entry[1]}\s*(?:<[\w\[\]., ]*>)?\(", text):
                inside = bracketed(text, call.end() - 1)
                if inside is not None:
                    yield module, entry[1], _call(inside), text.count("\n", 0, call.start()) + 1


def _call(inside: str) -> str:
    parts = ["*..." if part.startswith("...") else "..." for part in top_level_parts(inside)]
    return f"({', '.join(parts)})"
