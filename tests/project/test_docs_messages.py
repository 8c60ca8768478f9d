"""The troubleshooting page and the code say the same: each message that is explained exists, each that ends a run is
explained. Only beginnings are compared, with `…` for what varies."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.project.act import PROJECT
from tests.project.pages import read

_ERRORS = {"UsageError", "ConfigError", "InputError", "EventError", "ForgeError", "EngineError", "GitHubError"}
_LONGEST = 500
"""Characters of a message; longer texts are descriptions."""
_SPOKEN = re.compile(r"`([^`]+)`")
_SOURCES = [path for path in sorted(PROJECT.glob("reviewer/**/*.py")) if "simulator" not in path.parts]


def template(node: ast.expr) -> str:
    """A text as the page writes it, `…` standing for whatever is filled in."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(template(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return template(left) + template(right)
    return "…"


def plain(text: str) -> str:
    return re.sub(r"…+", "…", text.replace("...", "…")).strip()


@cache
def texts() -> frozenset[str]:
    """All texts in the code."""
    trees = [ast.parse(read(path)) for path in _SOURCES]
    found = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr))
    return frozenset(text for node in found if len(text := plain(template(node))) <= _LONGEST)


def raised() -> Iterator[tuple[str, str]]:
    """What each expected failure says first, with its place; messages made elsewhere are `…` here."""
    for path in _SOURCES:
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ERRORS:
                words = node.args[1:] if node.func.id == "GitHubError" else node.args
                if words and (said := plain(template(words[0]))) != "…":
                    yield f"{path.relative_to(PROJECT)}:{node.lineno}", said


def explained() -> list[str]:
    """The beginnings of messages on the page: the code in the first column of its tables."""
    rows = re.findall(r"^\| (.*?) \|", read(PROJECT / "docs/troubleshooting.md"), re.MULTILINE)
    heads = [head for row in rows for head in _SPOKEN.findall(row) if " " in head]
    return [plain(head) for head in heads]


@cache
def beginning(head: str) -> re.Pattern[str]:
    """Matches messages that begin like this."""
    return re.compile(r".*?".join(re.escape(part) for part in head.removesuffix("…").split("…")), re.DOTALL)


@pytest.mark.parametrize("head", explained())
def test_a_message_that_is_explained_exists(head: str) -> None:
    assert len(head.replace("…", "").strip()) >= 7
    assert any(beginning(head).match(said) for said in texts())


def test_a_message_that_ends_a_run_is_explained() -> None:
    known = [beginning(head) for head in explained()]

    assert [(place, said) for place, said in raised() if not any(head.match(said) for head in known)] == []
