"""Go: errors that are turned round or thrown away, and holes."""

from collections.abc import Iterator
from itertools import pairwise

from . import problems
from .kinds import Hit, Problem, Rule, Source, line_rule

INVERTED = Problem(
    "inverted-error", "high", "correctness", "Error check is the wrong way round",
    "The function returns the error exactly when there is none, and goes on when something failed. Compare with "
    "`!= nil`.",
)  # fmt: skip
IGNORED = Problem(
    "ignored-error", "medium", "correctness", "Error is thrown away",
    "The call can fail and the code goes on with a zero value. Handle the error or return it.", "medium",
)  # fmt: skip
SHELL = Problem(
    "go-shell", "high", "security", "Shell command is put together from values",
    "A shell character in a value runs other commands. Call the program directly with separate arguments.",
)  # fmt: skip


def _inverted(source: Source) -> Iterator[Hit]:
    lines = dict(source.lines)
    for one, two in pairwise(sorted(lines)):
        if two == one + 1 and lines[one].strip() == "if err == nil {" and lines[two].strip().startswith("return"):
            line = source.blamed(one, two)
            if line and lines[two].rstrip().endswith("err"):
                yield Hit(INVERTED, line, line)


RULES = (
    Rule(frozenset({"go"}), _inverted),
    line_rule("go", IGNORED, r"^\s*\w+\s*,\s*_\s*:?=\s*(?:json|os|io|strconv|sql|http|ioutil|time)\.\w+\("),
    line_rule("go", problems.TLS_OFF, r"InsecureSkipVerify:\s*true"),
    line_rule("go", problems.SQL_INJECTION, r"(?i)Sprintf\(\s*[`\"]\s*(select|insert|update|delete)\b[^`\"]*%[sv]"),
    line_rule("go", SHELL, r"exec\.Command(?:Context)?\([^)]*\"(?:ba)?sh\",\s*\"-c\",.*(?:\+|Sprintf)"),
)
