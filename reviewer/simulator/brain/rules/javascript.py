"""JavaScript and TypeScript: few rules, each on a form that is hardly ever meant."""

from . import problems
from .kinds import Problem, line_rule

FOREACH_ASYNC = Problem(
    "foreach-async", "high", "concurrency", "forEach does not wait for an async callback",
    "forEach ignores the promises its callback returns: the code after it runs before any of the work is done, and a "
    "rejection goes unhandled. Use `for ... of` with await, or await Promise.all over map.",
)  # fmt: skip
PAST_THE_END = Problem(
    "js-off-by-one", "high", "correctness", "Loop runs one past the last index",
    "With `<=` the last step reads the element at `length`, which is undefined. Use `<`.",
)  # fmt: skip
INDEX_OF = Problem(
    "index-of", "medium", "correctness", "indexOf misses the first position",
    "indexOf answers 0 when the match is the first element and -1 when there is none, so this is wrong for the first "
    "element. Use includes(), or compare with -1.",
)  # fmt: skip
ASSIGNED = Problem(
    "assignment-in-condition", "high", "correctness", "Assignment where a comparison is meant",
    "A single `=` assigns, so the condition depends only on the assigned value and the variable is overwritten. Use "
    "`===`.",
)  # fmt: skip
NAN = Problem(
    "nan-compare", "high", "correctness", "Comparison with NaN is never true",
    "NaN is not equal to anything, itself included. Use Number.isNaN().",
)  # fmt: skip
SORT = Problem(
    "number-sort", "medium", "correctness", "Numbers are sorted as text",
    "Without a comparison function sort() compares strings, so 10 comes before 9. Pass (a, b) => a - b.", "medium",
)  # fmt: skip
EMPTY_CATCH = Problem(
    "empty-catch", "medium", "correctness", "Every error is swallowed without a trace",
    "The empty handler hides any failure, and the code goes on as if it had worked. Handle the error, log it, or let "
    "it pass.",
)  # fmt: skip
INNER_HTML = Problem(
    "inner-html", "high", "security", "Value becomes markup of the page",
    "Text with a tag in it is parsed as HTML, so a crafted value runs scripts in the visitor's session. Use "
    "textContent, or sanitise the value first.",
)  # fmt: skip
WEAK_RANDOM = Problem(
    "weak-random", "medium", "security", "Secret made with Math.random()",
    "Its output can be predicted from earlier values. Use crypto.getRandomValues() or crypto.randomUUID().",
)  # fmt: skip
NAMES_OF_NUMBERS = r"(?:amounts|prices|totals|numbers|counts|scores|ids|sizes|cents|quantities|ages)"

INDEX_OF_FORMS = r"\.indexOf\([^()]*\)\s*>\s*0|\b(?:if|while)\s*\(\s*[\w.]+\.indexOf\([^()]*\)\s*\)"
# A constant text on the right is the developer's own markup.
HTML_FORMS = r"\.(?:inner|outer)HTML\s*\+?=(?!=)\s*(?!['\"][^'\"]*['\"]\s*;?\s*$|``|`[^`$]*`\s*;?\s*$)\S"
SQL_FORMS = r"(?i)`\s*(select\b.*\bfrom|delete\s+from|update\b.*\bset|insert\s+into)\b.*\$\{"

RULES = (
    line_rule("javascript", FOREACH_ASYNC, r"\.forEach\(\s*async\b"),
    line_rule("javascript", PAST_THE_END, r"\bfor\s*\([^;]*;\s*\w+\s*<=\s*[\w.]+\.length\s*;"),
    line_rule("javascript", INDEX_OF, INDEX_OF_FORMS),
    line_rule("javascript", ASSIGNED, r"\bif\s*\(\s*[\w.]+\s*=(?![=>])[^=()]*\)"),
    line_rule("javascript", NAN, r"[!=]==?\s*NaN\b|\bNaN\s*[!=]=="),
    line_rule("javascript", SORT, rf"(?i)\b\w*{NAMES_OF_NUMBERS}(?:\])?\.sort\(\s*\)"),
    line_rule("javascript", EMPTY_CATCH, r"\bcatch\s*(?:\(\w*\)\s*)?\{\s*\}"),
    line_rule("javascript", INNER_HTML, HTML_FORMS, unless=r"(?i)sanitize|escape"),
    line_rule("javascript", INNER_HTML, r"dangerouslySetInnerHTML", unless=r"(?i)sanitize"),
    line_rule("javascript", WEAK_RANDOM, r"(?i)(token|secret|password|nonce|session\w*)\b.*\bMath\.random\("),
    line_rule("javascript", problems.EVAL, r"(?<![\w.])eval\(|\bnew Function\("),
    line_rule("javascript", problems.TLS_OFF, r"rejectUnauthorized['\"]?\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED\W+0"),
    line_rule("javascript", problems.SQL_INJECTION, SQL_FORMS),
)  # fmt: skip
