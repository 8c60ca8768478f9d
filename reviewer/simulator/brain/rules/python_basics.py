"""Python rules that ruff has too: for when ruff is not installed, and for lines too few to make a syntax tree."""

import ast
import re
from collections.abc import Callable, Iterator

from . import problems
from .kinds import LONGEST_LINE, Hit, Problem, Rule, Source
from .python_tree import Found, hits_of

SQL_START = re.compile(r"(?is)^\s*(select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from)\b")
EVALUATORS = frozenset({"eval", "exec"})
SAFE_LOADERS = frozenset({"SafeLoader", "CSafeLoader", "yaml.SafeLoader", "yaml.CSafeLoader"})
LINES: tuple[tuple[Problem, re.Pattern[str]], ...] = (
    (problems.EVAL, re.compile(r"(?<![\w.])(eval|exec)\((?!['\"])")),
    (problems.SHELL_TRUE, re.compile(r"\bshell\s*=\s*True\b")),
    (problems.TLS_OFF, re.compile(r"\bverify\s*=\s*False\b")),
    (problems.YAML_LOAD, re.compile(r"\byaml\.load\((?!.*Safe)")),
    (problems.IS_LITERAL, re.compile(r"\bis\s+(not\s+)?(['\"]|\d)")),
    (problems.BARE_EXCEPT, re.compile(r"^\s*except\s*:")),
    (problems.DEBUGGER, re.compile(r"^\s*(breakpoint\(\)|i?pdb\.set_trace\(\))")),
    (problems.MUTABLE_DEFAULT, re.compile(r"^\s*(async\s+)?def\s+\w+\(.*=\s*(\[\]|\{\}|set\(\))\s*[,)]")),
    (problems.SQL_INJECTION, re.compile(r"(?i)\bf['\"]\s*(select\b.*\bfrom|delete\s+from|update\b.*\bset)\b.*\{")),
)


def _defaults(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                made = isinstance(default, ast.Call) and ast.unparse(default) in ("list()", "dict()", "set()")
                if default and (made or isinstance(default, ast.List | ast.Dict | ast.Set)):
                    yield problems.MUTABLE_DEFAULT, default


def _calls(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name in EVALUATORS and node.args and not isinstance(node.args[0], ast.Constant):
            yield problems.EVAL, node
        if keywords.get("shell") == "True":
            yield problems.SHELL_TRUE, node
        if keywords.get("verify") == "False":
            yield problems.TLS_OFF, node
        loaders = {keywords.get("Loader", ""), *(ast.unparse(argument) for argument in node.args[1:])}
        if name == "yaml.load" and not loaders & SAFE_LOADERS:
            yield problems.YAML_LOAD, node
        if name in ("breakpoint", "pdb.set_trace", "ipdb.set_trace"):
            yield problems.DEBUGGER, node


def _comparisons(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            sides = (node.left, node.comparators[0])
            literals = [side.value for side in sides if isinstance(side, ast.Constant)]
            if any(isinstance(value, str | int) and not isinstance(value, bool) for value in literals):
                yield problems.IS_LITERAL, node


def _handlers(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        anything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
        silent = all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
        if anything and silent:
            yield problems.SWALLOWED, node
        elif node.type is None and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
            yield problems.BARE_EXCEPT, node


def _sql(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        if isinstance(node, ast.expr) and SQL_START.match(_formatted(node)):
            yield problems.SQL_INJECTION, node


def _formatted(node: ast.expr) -> str:
    """The constant part of a text that is put together from values; empty for any other expression."""
    if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
        return "".join(_constant(part) or "?" for part in node.values)
    if isinstance(node, ast.BinOp) and not isinstance(node.right, ast.Constant):
        return _constant(node.left) if isinstance(node.op, ast.Mod | ast.Add) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _constant(node.func.value)
    return ""


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


CHECKS: tuple[Callable[[list[ast.AST]], Found], ...] = (_defaults, _calls, _comparisons, _handlers, _sql)


def _find(source: Source) -> Iterator[Hit]:
    yield from hits_of(source, CHECKS)
    for segment in source.segments:
        if segment.tree is None:
            for row, line in enumerate(segment.text.split("\n"), segment.first):
                text = line[:LONGEST_LINE]
                if row in source.reviewed and not text.lstrip().startswith("#"):
                    yield from (Hit(problem, row, row) for problem, pattern in LINES if pattern.search(text))


RULES = (Rule(frozenset({"python"}), _find),)
