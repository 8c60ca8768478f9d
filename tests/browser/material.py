"""Reports to look at: an audit of a made-up shop, of any size, with its past."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import cycle, islice

from reviewer.core.audit_report import Known, Persisting, Standing
from reviewer.core.audit_trend import History, Record, RunFigures, counted
from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Disposition, Finding, Provenance, Severity
from reviewer.core.report import Cost, FileReport, PassReport, Report
from reviewer.core.request import Usage
from reviewer.core.verdict import decide

COMMIT = "4f1d2c3b4a5968778695a4b3c2d1e0f001122334"
FOLDERS = ("shop/cart", "shop/orders", "shop/payments", "shop/search", "web/pages", "web/forms", "tools", "tests")
CODE = """\
def settle(order, rates, clock):
    # An order is settled once, in the currency of its customer.
    total = sum(line.price * line.count for line in order.lines)
    if order.currency not in rates:
        raise LookupError(f"no rate for {order.currency!r}")
    query = "update orders set total = %s where id = %s"
    with connect("shop.db") as base:
        base.execute(query, (round(total * rates[order.currency], 2), order.id))
        order.settled_at = clock.now()
    return total
"""
TITLES = (
    ("The order is settled before the payment is known", Severity.HIGH, Category.CORRECTNESS),
    ("Amounts are rounded twice", Severity.MEDIUM, Category.CORRECTNESS),
    ("The connection is opened for every order", Severity.LOW, Category.PERFORMANCE),
    ("The identifier of the order comes from the request unchecked", Severity.CRITICAL, Category.SECURITY),
    ("Nothing tests an unknown currency", Severity.LOW, Category.TESTING),
    ("Two workers may settle the same order", Severity.HIGH, Category.CONCURRENCY),
    ("`settle` mixes money with storage", Severity.MEDIUM, Category.MAINTAINABILITY),
)
EXPLANATION = (
    "The total is written before `charge` has answered, so an order whose payment fails stays settled.\n\n"
    "Write the total in the transaction that records the payment, or mark the order as pending until then."
)
_LINES = tuple(CODE.splitlines())


def audit(findings: int, files: int, runs: int = 12) -> Report:
    """An audit with so many findings in every second of so many files; a fifth of them are new, some are refuted."""
    paths = [f"{folder}/m{number:03}.py" for number, folder in enumerate(islice(cycle(FOLDERS), files))]
    made = [_finding(number, paths[number * 2 % files]) for number in range(findings)]
    passes = tuple(_pass(number, paths) for number in range(files // 8 + 1))
    usd = sum((one.usd for one in passes), Decimal(0))
    usage = Usage(400_000, 120_000, 300_000, 40_000)
    return Report(
        verdict=decide(made, [], "high"),
        strategy="audit",
        engine="anthropic",
        changes=ChangeSet("octo/shop", COMMIT, COMMIT, _changed(made), changed_files=files + 2),
        files=(
            *(FileReport(path, None, "changed", 0, 0, True, None, 40 + 37 * at % 900) for at, path in enumerate(paths)),
            FileReport("uv.lock", None, "changed", 0, 0, False, "lock file"),
            FileReport("logo.png", None, "changed", 0, 0, False, "binary"),
        ),
        passes=passes,
        findings=tuple(made),
        cost=Cost(usd, usd * 2, usd * 3, usage),
        history=_history(made, runs),
    )


def _finding(number: int, path: str) -> Finding:
    title, severity, category = TITLES[number % len(TITLES)]
    at = number % 8 + 1
    claim = Claim(
        path, at, at, _LINES[at - 1], severity, Confidence.HIGH, category, title, EXPLANATION,
        _LINES[at - 1] if number % 5 == 0 else "",
    )  # fmt: skip
    origin = Provenance(
        f"file-{number:012x}", "file", "claude-opus-5-5", f"req_{number}", f"msg_{number}", "msgbatch_01shop",
        f"a1-{number:020x}-1", "ab" * 32,
    )  # fmt: skip
    refuted = number % 25 == 24
    fate = Disposition.REFUTED if refuted else Disposition.SUMMARY
    note = "The caller checks it." if refuted else ""
    return Finding(
        claim, Anchor("line", path, at, at), f"{number + 1:016x}", origin, fate, verified=not refuted, verdict_note=note
    )


def _changed(findings: Sequence[Finding]) -> tuple[ChangedFile, ...]:
    lines = tuple(Line(" ", number, number, text) for number, text in enumerate(_LINES, 1))
    hunk = Hunk(1, len(lines), 1, len(lines), lines)
    return tuple(ChangedFile(path, "changed", hunks=(hunk,)) for path in {one.anchor.path for one in findings})


def _pass(number: int, paths: Sequence[str]) -> PassReport:
    kind = ("file", "file", "integration", "verify")[number % 4]
    usage = Usage(9_000, 1_200, 20_000 * (number % 3), 0)
    return PassReport(
        kind, tuple(paths[number * 8 : number * 8 + 8]), "claude-opus-5-5", "answered", usage, Decimal("0.0312"), 1,
        "batch", f"a1-{number:020x}-1", "msgbatch_01shop", f"req_{number}", f"msg_{number}", "ab" * 32,
    )  # fmt: skip


def _history(findings: Sequence[Finding], runs: int) -> History:
    counting = [one for one in findings if one.counts]
    new, old = counting[::5], [one for number, one in enumerate(counting) if number % 5]
    fixed = Known("f" * 16, "shop/cart/m000.py", 12, Severity.HIGH, "The cart is not locked", "2026-11-02")
    trend = [_run(day, counted(tuple(findings))) for day in range(1, runs + 1)]
    records = {
        (one.anchor.path, one.fingerprint): Record(line, _record(one)) for line, one in enumerate(findings, start=1)
    }
    return History(
        Standing(tuple(new), tuple(Persisting(one, "2026-11-14") for one in old), (fixed,)),
        compared=True,
        trend=tuple(trend),
        records=records,
        evidence="report.provenance.jsonl",
    )


def _run(day: int, now: tuple[int, ...]) -> RunFigures:
    severities = tuple(count + (12 - day) * (place + 1) // 2 for place, count in enumerate(now))
    usd = Decimal("1.92") if day % 7 == 1 else Decimal("0.21") + Decimal(day) / 100
    return RunFigures(f"a{day}", f"2026-11-{day:02}", "complete", severities, day % 4, day % 3, 120, 122, usd, usd * 2)


def _record(finding: Finding) -> str:
    made = finding.provenance
    told = {
        "id": f"finding-{finding.fingerprint}", "type": "finding", "schema_version": 1, "audit": "a1",
        "repository": "octo/shop", "commit": COMMIT, "path": finding.anchor.path, "title": finding.claim.title,
        "origins": [{
            "audit": "a1", "kind": made.kind, "unit": made.unit, "model": made.model,
            "prompt_sha256": made.prompt_sha256, "lane": "batch", "batch_id": made.batch_id,
            "custom_id": made.custom_id, "request_id": made.request_id,
            "message_id": made.message_id, "attempt": made.attempt, "usd": "0.003900",
        }],
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":"))


def hostile(report: Report, text: str) -> Report:
    """The same with an attack wherever a pull request or a model may write."""
    bad = tuple(
        replace(
            one,
            claim=replace(one.claim, title=text, explanation=text, suggestion=text, quote=text),
            verdict_note=text,
            notes=(text,),
        )
        for one in report.findings
    )
    return replace(report, findings=bad, summaries=(text,), notes=(text,), shed=(text,))
