"""The outline of Python files: by syntax tree where the text has one, else by `def` lines."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from .outline import Outline, Signatures, Use, compared, module_of
from .reading import Item
from .rules import source_of
from .rules.kinds import Segment, parse

# Methods of the built-in types: a call of such a name says nothing about a class of the project.
COMMON = frozenset(name for kind in (str, bytes, list, dict, set, int) for name in dir(kind)) | {
    "close", "read", "write", "open", "run", "execute", "commit", "info", "debug", "warning", "error", "exception",
}  # fmt: skip
DEF_LINE = re.compile(r"^(?P<indent>\s*)(?:async\s+)?def\s+(?P<name>\w+)(?P<signature>\(.*\))\s*(?:->.*)?:\s*$")
CONSTANT = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]+)\s*(?::[^=]+)?=(?!=)")
IMPORT_LINE = re.compile(r"^from\s+(?P<module>[.\w]+)\s+import\s+(?P<names>[\w ,]+)$")


def outline_python(item: Item) -> Outline:
    """Definitions on both sides, what became of them, and the uses of names that come from elsewhere."""
    # Imports are definitions for others only in a package's own file; but a name that is imported now is not gone.
    package = PurePosixPath(item.path).name == "__init__.py"
    new_text = "\n".join(text for _, text in item.new)
    old, new = _signatures("\n".join(item.old), imports=package), _signatures(new_text, imports=package)
    removed, changed = compared(
        old, new | dict.fromkeys(set(old) & set(_signatures(new_text, imports=True)) - set(new))
    )
    texts = dict(item.new)
    uses = [Use(module, name, call, line, texts[line]) for module, name, call, line in _uses(item)]
    return Outline(item.path, item.old_path, tuple(new.items()), removed, changed, tuple(dict.fromkeys(uses)))


def _signatures(text: str, *, imports: bool) -> Signatures:
    tree = parse(text)
    if tree is None:
        return _line_signatures(text)
    found: Signatures = {}
    for node in _top_level(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = _signature(node.args)
        elif isinstance(node, ast.ClassDef):
            methods = {
                f"{node.name}.{method.name}": _method_signature(method)
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            found[node.name] = methods.get(f"{node.name}.__init__")
            found |= {name: text for name, text in methods.items() if not name.split(".")[1].startswith("_")}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: None for target in targets if isinstance(target, ast.Name)}
        elif imports and isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: None for alias in node.names}
    return found


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module, those under its `if` and `try` included."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            for part in (node.body, node.orelse, *(h.body for h in getattr(node, "handlers", []))):
                yield from _top_level(part)


def _line_signatures(text: str) -> Signatures:
    found: Signatures = {}
    for line in text.split("\n"):
        if (match := DEF_LINE.match(line)) and not match["indent"]:
            tree = parse(f"def f{match['signature']}: ...")
            node = tree.body[0] if tree else None
            found[match["name"]] = _signature(node.args) if isinstance(node, ast.FunctionDef) else None
        elif match := CONSTANT.match(line):
            found[match["name"]] = None
    return found


def _method_signature(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
    if decorators - {"staticmethod", "classmethod"}:
        return None
    return _signature(method.args, skip=0 if "staticmethod" in decorators else 1)


def _signature(formal: ast.arguments, skip: int = 0) -> str:
    """The parameters without types and values: "(amount, currency=..., *, key)"."""
    names = [argument.arg for argument in [*formal.posonlyargs, *formal.args]]
    first_optional = len(names) - len(formal.defaults)
    parts = [name + "=..." * (at >= first_optional) for at, name in enumerate(names)][skip:]
    if formal.vararg:
        parts.append(f"*{formal.vararg.arg}")
    elif formal.kwonlyargs:
        parts.append("*")
    only = zip(formal.kwonlyargs, formal.kw_defaults, strict=True)
    parts += [argument.arg + "=..." * (default is not None) for argument, default in only]
    if formal.kwarg:
        parts.append(f"**{formal.kwarg.arg}")
    return f"({', '.join(parts)})"


Found = tuple[str, str, str | None, int]


def _uses(item: Item) -> Iterator[Found]:
    """Imports from the project, calls of what they bring, calls of own functions and of methods by name."""
    segments = source_of(item).segments
    bodies = [(segment.first - 1, list(ast.walk(segment.tree))) for segment in segments if segment.tree]
    bound = [entry for _, nodes in bodies for node in nodes for entry in _imports(node, item.path)]
    defined = [node.name for segment in segments if segment.tree for node in segment.tree.body
               if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]  # fmt: skip
    origins = {name: origin for name, origin, _ in bound} | {name: f"{module_of(item.path)}/{name}" for name in defined}
    for shift, nodes in bodies:
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            found = () if id(node) in called else _used(node, origins, item.path)
            for module, name, call, row in found:
                if (module or name).split("/")[0] not in sys.stdlib_module_names:
                    yield module, name, call, row + shift
    for segment in segments:
        if segment.tree is None:
            yield from _line_uses(segment, item.path)


def _used(node: ast.AST, origins: dict[str, str], path: str) -> Iterator[Found]:
    if isinstance(node, ast.Import):
        yield from ((*_split(alias.name.replace(".", "/")), None, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((*_split(origin), None, row) for _, origin, row in _imports(node, path))
    elif isinstance(node, ast.Call):
        yield from _called(node, origins)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id.islower():
        origin = _origin(node, origins)
        if origin:
            yield *_split(origin), None, node.end_lineno or node.lineno


def _split(origin: str) -> tuple[str, str]:
    module, _, name = origin.rpartition("/")
    return module, name


def _called(node: ast.Call, origins: dict[str, str]) -> Iterator[Found]:
    origin = _origin(node.func, origins)
    if origin:
        yield *_split(origin), _arguments(node), node.lineno
    elif isinstance(node.func, ast.Attribute) and node.func.attr not in COMMON and node.func.attr[0] != "_":
        yield "", node.func.attr, _arguments(node), node.func.end_lineno or node.lineno


def _imports(node: ast.AST, path: str) -> Iterator[tuple[str, str, int]]:
    """Local name, where it comes from ("billing/payments/charge"), and the row."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            bound = alias.name if alias.asname else alias.name.split(".")[0]
            yield alias.asname or bound, bound.replace(".", "/"), node.lineno
    elif isinstance(node, ast.ImportFrom):
        module = _absolute(node.module or "", node.level, path)
        for alias in node.names:
            yield alias.asname or alias.name, f"{module}/{alias.name}", alias.lineno


def _absolute(module: str, level: int, path: str) -> str:
    if not level:
        return module.replace(".", "/")
    parts = path.split("/")[:-level]
    return "/".join([*parts, *filter(None, module.split("."))])


def _origin(node: ast.expr, origins: dict[str, str]) -> str:
    """Where a dotted name comes from; empty when its first part was not imported."""
    if isinstance(node, ast.Name):
        return origins.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _origin(node.value, origins)
        return f"{base}/{node.attr}" if base else ""
    return ""


def _arguments(call: ast.Call) -> str:
    """The arguments' shape: names stay, other expressions become `...`."""
    parts = [
        "*..." if isinstance(argument, ast.Starred) else argument.id if isinstance(argument, ast.Name) else "..."
        for argument in call.args
    ]
    parts += [f"{keyword.arg}=..." if keyword.arg else "**..." for keyword in call.keywords]
    return f"({', '.join(parts)})"


def _line_uses(segment: Segment, path: str) -> Iterator[Found]:
    """Imports that fit on a line: what can be told of text that is no whole program."""
    for row, line in enumerate(segment.text.split("\n"), segment.first):
        if match := IMPORT_LINE.match(line):
            level = len(match["module"]) - len(match["module"].lstrip("."))
            module = _absolute(match["module"].lstrip("."), level, path)
            for name in match["names"].split(","):
                yield module, name.split(" as ")[0].strip(), None, row
