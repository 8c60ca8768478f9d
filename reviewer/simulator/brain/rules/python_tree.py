"""Python rules on the syntax tree: bugs in what the code does, which no general linter looks for."""

import ast
import re
from collections.abc import Callable, Iterator

from .kinds import Hit, Problem, Rule, Source

OFF_BY_ONE = Problem(
    "off-by-one", "high", "correctness", "Index runs past the end",
    "In the last step of the loop the index is one past the last element, so this raises an IndexError (for every "
    "input that is not empty). Let the range end one earlier, or iterate over pairs.",
)  # fmt: skip
MISSING_AWAIT = Problem(
    "missing-await", "high", "concurrency", "Coroutine is never awaited",
    "Calling the async function only creates a coroutine; without `await` its body never runs and no error is seen. "
    "Put `await` before the call.",
)  # fmt: skip
MUTATED = Problem(
    "mutated-in-loop", "high", "correctness", "Collection is changed while it is iterated over",
    "Changing a dict or set during iteration raises a RuntimeError, and removing from a list skips the element after "
    "it. Iterate over a copy, or collect what to change and do it afterwards.",
)  # fmt: skip
TIMING = Problem(
    "timing-compare", "medium", "security", "Secret value is compared with ==",
    "The comparison stops at the first different character, and the time it takes tells an attacker how much of a "
    "guess was right. Use hmac.compare_digest().",
)  # fmt: skip
FLOAT_CUT = Problem(
    "float-truncated", "high", "correctness", "int() cuts off what the float is short of",
    "A decimal amount has no exact float: 19.99 * 100 is 1998.9999999999998 and int() makes 1998 of it, so the result "
    "is one too small for some inputs. Multiply the Decimal, or round before converting.",
)  # fmt: skip

SECRET_NAME = re.compile(r"(?i)(^|_)(signature|hmac|mac_digest)($|_)")
SECRET_NAME_WITH_HMAC = re.compile(r"(?i)(^|_)(signature|digest|token|expected)($|_)")
CHANGES = frozenset({"pop", "popitem", "remove", "discard", "clear", "append", "insert", "add"})
VIEWS = frozenset({"items", "keys", "values"})

Found = Iterator[tuple[Problem, ast.expr | ast.stmt | ast.excepthandler]]


def _range_of_length(node: ast.For) -> tuple[str, int] | None:
    """What `for i in range(len(x) + n)` runs over, and n."""
    call = node.iter
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "range" and 1 <= len(call.args) <= 2):
        return None
    end, more = call.args[-1], 0
    if isinstance(end, ast.BinOp) and (signed := _signed(end)) is not None:
        end, more = end.left, signed
    if isinstance(end, ast.Call) and ast.unparse(end.func) == "len" and len(end.args) == 1:
        return ast.unparse(end.args[0]), more
    return None


def _offset(index: ast.expr, name: str) -> int | None:
    """n of an index that is `name + n` or `name - n`."""
    if isinstance(index, ast.Name) and index.id == name:
        return 0
    if isinstance(index, ast.BinOp) and isinstance(index.left, ast.Name) and index.left.id == name:
        return _signed(index)
    return None


def _signed(operation: ast.BinOp) -> int | None:
    """n of `... + n` or `... - n`."""
    value = operation.right.value if isinstance(operation.right, ast.Constant) else None
    sign = {ast.Add: 1, ast.Sub: -1}.get(type(operation.op))
    return sign * value if isinstance(value, int) and sign else None


def _is_guard(node: ast.AST, name: str) -> bool:
    """Whether the loop asks where it stands, or leaves early: then the index may well be right."""
    if isinstance(node, ast.Break | ast.Continue | ast.Return | ast.Try):
        return True
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    return any(_offset(side, name) is not None for side in sides)


def _off_by_one(nodes: list[ast.AST]) -> Found:
    for loop in nodes:
        if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
            continue
        over = _range_of_length(loop)
        inside = [node for statement in loop.body for node in ast.walk(statement)]
        if over is None or any(_is_guard(node, loop.target.id) for node in inside):
            continue
        for node in inside:
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == over[0]:
                offset = _offset(node.slice, loop.target.id)
                if offset is not None and over[1] + offset > 0:
                    yield OFF_BY_ONE, node
                    break


def _missing_await(nodes: list[ast.AST]) -> Found:
    functions = {node.name for node in nodes if isinstance(node, ast.AsyncFunctionDef)}
    plain = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = ast.unparse(node.value.func).removeprefix("self.")
            if called in functions - plain:
                yield MISSING_AWAIT, node


def _mutated_in_loop(nodes: list[ast.AST]) -> Found:
    for loop in nodes:
        if not isinstance(loop, ast.For):
            continue
        over = loop.iter
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr in VIEWS:
            over = over.func.value
        if not isinstance(over, ast.Name | ast.Attribute):
            continue
        yield from ((MUTATED, node) for node in _changes(loop.body, ast.unparse(over)))


def _changes(body: list[ast.stmt], name: str) -> Iterator[ast.stmt]:
    """Statements that change `name`, unless the loop is left right after."""
    if any(isinstance(statement, ast.Break | ast.Return | ast.Raise) for statement in body):
        return
    for statement in body:
        if isinstance(statement, ast.Delete):
            targets = [target.value for target in statement.targets if isinstance(target, ast.Subscript)]
            if any(ast.unparse(target) == name for target in targets):
                yield statement
        call = getattr(statement, "value", None)
        changed = call.func if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
        if changed and changed.attr in CHANGES and ast.unparse(changed.value) == name:
            yield statement
        for part in ("body", "orelse"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _changes(getattr(statement, part, []), name)


def _timing(nodes: list[ast.AST]) -> Found:
    imports = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    secret = SECRET_NAME_WITH_HMAC if "hmac" in imports else SECRET_NAME
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq) and len(node.ops) == 1:
            sides = (node.left, node.comparators[0])
            if not any(isinstance(side, ast.Constant) for side in sides) and any(
                secret.search(_last_name(side)) for side in sides
            ):
                yield TIMING, node


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _float_cut(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "int" and len(node.args) == 1:
            product = node.args[0]
            if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)):
                continue
            sides = (product.left, product.right)
            if any(isinstance(side, ast.Call) and ast.unparse(side.func) == "float" for side in sides):
                yield FLOAT_CUT, node


CHECKS: tuple[Callable[[list[ast.AST]], Found], ...] = (
    _off_by_one, _missing_await, _mutated_in_loop, _timing, _float_cut,
)  # fmt: skip


def hits_of(source: Source, checks: tuple[Callable[[list[ast.AST]], Found], ...]) -> Iterator[Hit]:
    """What the checks find in the parsed segments, where the change touched it."""
    for segment in source.segments:
        nodes = list(ast.walk(segment.tree)) if segment.tree else []
        for check in checks:
            for problem, node in check(nodes):
                shift = segment.first - 1
                line = source.blamed(node.lineno + shift, (node.end_lineno or node.lineno) + shift)
                if line is not None:
                    yield Hit(problem, line, line)


def _find(source: Source) -> Iterator[Hit]:
    return hits_of(source, CHECKS)


RULES = (Rule(frozenset({"python"}), _find),)
