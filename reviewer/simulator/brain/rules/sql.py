"""SQL: statements and migrations that lose data, fail on a table with rows, or compare so that nothing matches."""

import re
from collections.abc import Iterator

from .kinds import Hit, Problem, Rule, Source, line_rule

NO_WHERE = Problem(
    "no-where", "high", "data-loss", "Statement changes every row of the table",
    "Without a WHERE clause all rows are changed or deleted. Add the condition, or say that all are meant.",
)  # fmt: skip
NOT_NULL = Problem(
    "not-null-without-default", "high", "data-loss", "New NOT NULL column without a default",
    "On a table that has rows the statement fails, and with it the migration and the deployment. Add a DEFAULT, or add "
    "the column as nullable, fill it, and then set NOT NULL.",
)  # fmt: skip
NULL_COMPARED = Problem(
    "null-compare", "high", "correctness", "Comparison with NULL is never true",
    "`= NULL` and `<> NULL` yield NULL for every row, so nothing matches. Use IS NULL or IS NOT NULL.",
)  # fmt: skip
FLOAT_MONEY = Problem(
    "float-money", "medium", "correctness", "Amount is stored as a floating-point number",
    "Binary fractions cannot hold decimal amounts exactly, and sums drift. Use NUMERIC with a fixed scale.",
)  # fmt: skip
STATEMENT = re.compile(r"[^;]+")
CHANGES_ALL = re.compile(r"(?is)^\s*(?:update\s+[\w.\"]+\s+set\b|delete\s+from\s+[\w.\"]+)(?!.*\bwhere\b)")
NEW_COLUMN = re.compile(
    r"(?i)\badd\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?(?!constraint|primary|unique|foreign|check|index)[\w\"]+\s+\w+"
    r"[^,;]*?\bnot\s+null\b"
)


def _statements(source: Source) -> Iterator[tuple[int, str]]:
    """Statements and the line each starts in; comments are blanked so that lines stay where they are."""
    for segment in source.segments:
        text = re.sub(r"--[^\n]*|'[^'\n]*'", lambda match: " " * len(match[0]), segment.text)
        for match in STATEMENT.finditer(text):
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield segment.first + text.count("\n", 0, start), match[0].strip()


def _find(source: Source) -> Iterator[Hit]:
    for first, statement in _statements(source):
        line = source.blamed(first, first + statement.count("\n"))
        if line and CHANGES_ALL.match(statement):
            yield Hit(NO_WHERE, line, line)
        for column in NEW_COLUMN.finditer(statement):
            rest = re.split(r"[,;]", statement[column.start() :], maxsplit=1)[0]
            at = first + statement.count("\n", 0, column.start())
            if at in source.reviewed and not re.search(r"(?i)\bdefault\b|\bgenerated\b", rest):
                yield Hit(NOT_NULL, at, at)


RULES = (
    Rule(frozenset({"sql"}), _find),
    line_rule("sql", NULL_COMPARED, r"(?i)\b(?:where|and|or|on|when)\b[^;]*?(?<![:<>!])(?:=|<>|!=)\s*null\b"),
    line_rule("sql", FLOAT_MONEY, r"(?i)(?:amount|price|total|balance|fee)\w*\"?\s+(?:float|real|double precision)\b"),
)  # fmt: skip
