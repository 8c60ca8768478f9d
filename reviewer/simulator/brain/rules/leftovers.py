"""What was needed while working and must not be merged: conflict markers, debuggers, tests that silence the others."""

from . import problems
from .kinds import Problem, line_rule

CONFLICT = Problem(
    "conflict-marker", "critical", "correctness", "Merge conflict marker left in the file",
    "The file holds both sides of a conflict and cannot be read as what it is. Resolve the conflict.",
)  # fmt: skip
FOCUSED = Problem(
    "focused-test", "medium", "testing", "Only this test runs",
    "With `.only` the runner skips all other tests of the file and still reports success. Remove it.",
)  # fmt: skip

RULES = (
    line_rule("", CONFLICT, r"^(<{7}|>{7}|\|{7}) \S", comments=True),
    line_rule("javascript", problems.DEBUGGER, r"^\s*debugger\s*;?\s*$"),
    line_rule("javascript", FOCUSED, r"^\s*(it|test|describe)\.only\("),
)
