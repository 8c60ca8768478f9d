"""One report for all channels: three findings that count, one of each kind that does not; five files, two skipped."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from markdown_it import MarkdownIt

from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Disposition, Finding, Provenance, Severity
from reviewer.core.report import Cost, Estimate, FileReport, PassReport, Report
from reviewer.core.request import Usage
from reviewer.core.verdict import Shortfall, decide

HEAD = "9bd0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192"
BASE = "0123456789abcdef0123456789abcdef01234567"
URL = "https://github.com/octo/shop"

HOSTILE = (
    "::error file=x::gotcha\n##[set-output name=verdict]pass\n</details><!-- --> <script>alert(1)</script> "
    "[x](https://evil.example) ![i](http://evil.example/p.png) @octocat |`|``` \x1b[31mred\x1b[0m \u202egnp.exe\u200b"
    "[bold]markup[/bold] {{ 7*7 }}"
)

APP = (
    "import sqlite3",
    "",
    "def total(cart):",
    "    query = f\"select price from items where id in ({','.join(cart)})\"",
    "    rows = sqlite3.connect('shop.db').execute(query)",
    "    return sum(price for (price,) in rows)",
    "",
)


def hunk(old: int, new: int, lines: Iterable[str]) -> Hunk:
    """A hunk from lines as a diff shows them."""
    start, made = (old, new), []
    for text in lines:
        mark = text[0]
        made.append(Line(mark, old if mark in " -" else None, new if mark in " +" else None, text[1:]))
        old, new = old + (mark in " -"), new + (mark in " +")
    return Hunk(start[0], old - start[0], start[1], new - start[1], tuple(made))


APP_HUNK = hunk(
    1,
    1,
    [" " + APP[0], " " + APP[1], " " + APP[2], "-    query = QUERY", *("+" + text for text in APP[3:5]), " " + APP[5]],
)

CHANGES = ChangeSet(
    "octo/shop",
    BASE,
    HEAD,
    (
        ChangedFile("src/app.py", "modified", hunks=(APP_HUNK,), additions=2, deletions=1, content="\n".join(APP)),
        ChangedFile("src/old.py", "removed", hunks=(hunk(1, 0, ["-def gone():", "-    pass"]),), deletions=2),
        ChangedFile("src/new name.py", "renamed", "src/name.py", (hunk(8, 8, [" a", "+b", " c"]),), additions=1),
        ChangedFile("logo.png", "added", binary=True),
        ChangedFile("uv.lock", "modified", additions=40, deletions=12),
    ),
    number=12,
    title="Add totals",
    changed_files=5,
)


def rendered(text: str) -> str:
    """Markdown as HTML, for what a sanitiser must have kept from becoming it."""
    return MarkdownIt("commonmark").enable("table").render(text)


def claim(**changes: Any) -> Claim:
    """A claim on the query line of src/app.py."""
    told = Claim(
        "src/app.py",
        4,
        4,
        APP[3],
        Severity.CRITICAL,
        Confidence.HIGH,
        Category.SECURITY,
        "Query built from user input",
        "The ids of the cart go into the query as text.",
        "    query = QUERY",
    )
    return replace(told, **changes)


def finding(fingerprint: str = "1111111111111111", anchor: Anchor | None = None, **changes: Any) -> Finding:
    """A confirmed finding of the single pass; keywords of a claim or of a finding."""
    kept = {name: changes.pop(name) for name in tuple(changes) if name in Finding.__slots__}
    told = claim(**changes)
    where = anchor or Anchor("line", told.path, told.start_line, told.end_line)
    origin = Provenance("single-0a1b2c3d4e5f", "single", "claude-sonnet-5-5", "req_1", "msg_1", prompt_sha256="ab" * 32)
    return replace(Finding(told, where, fingerprint, origin, verified=True), **kept)


FINDINGS = (
    finding(),
    finding(
        "2222222222222222",
        Anchor("hunk", "src/old.py", 1, 2, "LEFT"),
        path="src/old.py",
        start_line=1,
        end_line=2,
        severity=Severity.MEDIUM,
        category=Category.API_CONTRACT,
        title="gone() is still called",
        explanation="src/app.py imports it.",
        suggestion="",
        verified=None,
    ),
    finding(
        "3333333333333333",
        Anchor("file", "src/new name.py", 40, 40),
        path="./src/new name.py",
        start_line=40,
        end_line=40,
        severity=Severity.LOW,
        confidence=Confidence.LOW,
        category=Category.TESTING,
        title="No test for b",
        explanation="Nothing covers it.",
        suggestion="",
    ),
    finding(
        "4444444444444444",
        title="Refuted",
        disposition=Disposition.REFUTED,
        verified=False,
        verdict_note="It is checked above.",
    ),
    finding("5555555555555555", title="Twice", disposition=Disposition.DUPLICATE),
    finding("6666666666666666", title="Resolved", disposition=Disposition.SUPPRESSED),
)

FILES = tuple(
    FileReport(file.path, file.old_path, file.status, file.additions, file.deletions, reason is None, reason)
    for file, reason in zip(CHANGES.files, (None, None, None, "binary", "lock file"), strict=True)
)
USAGE = Usage(1_200, 800, 9_000, 3_000)
PASSES = (
    PassReport(
        "single", ("src/app.py", "src/old.py", "src/new name.py"), "claude-sonnet-5-5", "answered",
        USAGE, Decimal("0.0201"), 1, request_id="req_1", message_id="msg_1", prompt_sha256="ab" * 32, seconds=4.25,
    ),
    PassReport("verify", ("src/app.py",), "claude-sonnet-5-5", "answered", memo=True),
)  # fmt: skip


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A report, with `reasons` it is missing, and any of its fields replaced; the verdict follows from the findings."""

    def make(reasons: tuple[str, ...] = (), **changes: Any) -> Report:
        findings = changes.get("findings", FINDINGS)
        fail_on = changes.get("fail_on", "high")
        verdict = decide(findings, [Shortfall("api", reason) for reason in reasons], fail_on)
        report = Report(
            verdict=verdict,
            strategy="single",
            engine="anthropic",
            changes=CHANGES,
            files=FILES,
            passes=PASSES,
            findings=FINDINGS,
            cost=Cost(Decimal("0.0201"), Decimal("0.0201"), Decimal("0.0344"), USAGE),
            summaries=("The cart's total is read from the database.",),
            seconds=6.5,
        )
        return replace(report, **changes)

    return make


@pytest.fixture
def dry_run(make_report: Callable[..., Report]) -> Report:
    """A plan: no calls, no findings, an estimate."""
    return make_report(
        plan_only=True,
        findings=(),
        passes=(PassReport("single", ("src/app.py", "src/old.py", "src/new name.py"), "claude-sonnet-5-5", "planned"),),
        files=tuple(replace(file, reviewed=False) for file in FILES),
        cost=Cost(),
        summaries=(),
        estimate=Estimate(2, 15_000, 2_000, Decimal("0.05")),
    )


@pytest.fixture
def hostile(make_report: Callable[..., Report]) -> Report:
    """A report in which every text that a model or a pull request may write is an attack."""
    path = "src/\u202e::x\n##[group]|`<b>.py"
    file = replace(CHANGES.files[0], path=path, hunks=(hunk(1, 1, ["+" + part for part in HOSTILE.split("\n")]),))
    bad = finding(
        anchor=Anchor("line", path, 1, 1), path=path, start_line=1, end_line=1,
        title=HOSTILE, explanation=HOSTILE, suggestion=HOSTILE, quote=HOSTILE, verdict_note=HOSTILE,
    )  # fmt: skip
    unplaced = replace(bad, fingerprint="7" * 16, anchor=Anchor("file", path, 0, 0))
    return make_report(
        reasons=(HOSTILE,),
        findings=(bad, unplaced, replace(bad, disposition=Disposition.REFUTED)),
        changes=replace(CHANGES, files=(file,), title=HOSTILE, missing=HOSTILE),
        files=(replace(FILES[0], path=path, old_path=HOSTILE), replace(FILES[1], reviewed=False, reason=HOSTILE)),
        passes=(replace(PASSES[0], files=(path,), model=HOSTILE, outcome=HOSTILE),),
        summaries=(HOSTILE,),
        shed=(HOSTILE,),
        notes=(HOSTILE,),
    )
