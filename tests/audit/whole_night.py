"""Nights of audits: repositories with known bugs, a brain that finds them, and the driver on the real parts."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from reviewer.audit.document import AuditDocument, Audited
from reviewer.audit.driver import Driver
from reviewer.audit.ledger import read_ledger
from reviewer.audit.reporting import RepositoryReport, build_reports
from reviewer.clock import Clock, SystemClock
from reviewer.config.settings import Settings
from reviewer.core.report import Report
from reviewer.simulator import Answer, Behaviour, Simulator
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit
from reviewer.wiring import audit_driver, prices_of
from tests.forge.local_repository import Repository

_BLOCK = re.compile(r'^<(\w+) id="([0-9a-f]{16})">\n(.*?)\n</\1 id="\2">$', re.DOTALL | re.MULTILINE)
_BUG = re.compile(r"# bug (\w+)")
_USES = re.compile(r"# misuses (\w+) of (\S+)")


def blocks(body: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The blocks of a prompt, by name."""
    text = "\n".join(block["text"] for block in body["messages"][0]["content"])
    return [(name, json.loads(value)) for name, _, value in _BLOCK.findall(text)]


def kind_of(body: Mapping[str, Any]) -> str:
    """Which round a prompt belongs to."""
    names = {name for name, _ in blocks(body)}
    return "verify" if "candidates" in names else "integration" if "notes" in names else "files"


@dataclass(frozen=True)
class Auditor:
    """A brain. Lines with `# bug NAME` are bugs; `# misuses NAME of PATH` is one across files. `forgetful` leaves one
    item of each pack out of its notes; names in `wrong` do not hold.
    """

    forgetful: bool = False
    wrong: frozenset[str] = frozenset()
    padding: int = 0

    def __call__(self, body: dict[str, Any]) -> Answer:
        found = blocks(body)
        kind = kind_of(body)
        if kind == "verify":
            return Answer(json.dumps({"verdicts": [self._judge(row) for row in _rows(found, "candidates")]}))
        items = [value for name, value in found if name == "item"]
        review = self._integrate(_rows(found, "notes")) if kind == "integration" else self._read(items)
        return Answer(json.dumps({"summary": "It is sound." + " " * self.padding, **review}))

    def _read(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        spoken = items[:-1] if self.forgetful and len(items) > 1 else items
        notes = []
        for item in spoken:
            uses = [f"line {row[:6].strip()}: {row[9:]}" for row in item["view"] if _USES.search(row)]
            notes += [f"{item['item']}: {note}" for note in uses or [f"{item['path']} keeps its promises"]]
        findings = [
            _finding(item["path"], int(row[:6]), row[9:], f"Bug {found[1]} bites")
            for item in spoken
            for row in item["view"]
            if (found := _BUG.search(row))
        ]
        return {"interface_notes": notes, "findings": findings}

    def _integrate(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        paths = {row["path"] for row in rows}
        findings = []
        for row in rows:
            for note in row["notes"]:
                found = _USES.search(note)
                if found and found[2] in paths:
                    place, _, quote = note.partition(": ")
                    findings.append(_finding(row["path"], int(place[5:]), quote, f"Misuse of {found[1]} in {found[2]}"))
        return {"interface_notes": [], "findings": findings}

    def _judge(self, row: Mapping[str, Any]) -> dict[str, Any]:
        holds = not any(name in row["title"].split() for name in self.wrong)
        return {"id": row["id"], "holds": holds, "severity": row["severity"], "explanation": "The line shows it."}


def _rows(found: Sequence[tuple[str, Any]], name: str) -> list[Any]:
    return [row for each, value in found if each == name for row in value]


def _about(params: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    found = blocks(params)
    items = [value["path"] for name, value in found if name == "item"]
    return kind_of(params), tuple(items) or tuple(row["path"] for row in _rows(found, "notes"))


def found(report: Report) -> list[tuple[str, int, str]]:
    """Path, line and title of what counts, sorted."""
    counting = [each for each in report.findings if each.counts]
    return sorted((each.anchor.path, each.anchor.start_line, each.claim.title) for each in counting)


def _finding(path: str, line: int, quote: str, title: str) -> dict[str, Any]:
    return {
        "path": path,
        "start_line": line,
        "end_line": line,
        "quote": quote,
        "severity": "high",
        "confidence": "high",
        "category": "correctness",
        "title": title,
        "explanation": f"{title}, whatever the input is.",
        "suggestion": "",
    }


def module(name: str, lines: int = 12, bug: bool = True, misuses: str = "") -> bytes:
    """A file with a bug in its middle, and perhaps a wrong use of another one."""
    text = [f"def step_{name}_{number}(value):\n    return value * {number}\n" for number in range(lines // 2)]
    if bug:
        text.insert(len(text) // 2, f"def pick_{name}(rows):\n    return rows[9]  # bug {name}\n")
    if misuses:
        text.append(f"def use_{name}():\n    return step()  # misuses {name} of {misuses}\n")
    return "\n".join(text).encode()


@dataclass
class Night:
    """Audits of some repositories on one state and one simulated API."""

    state: AuditState
    driver: Driver
    simulator: Simulator
    settings: Settings
    repositories: list[tuple[str, Repository]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def document(self, *, full: bool = False) -> AuditDocument:
        """An audit of all repositories as they are now."""
        audited = tuple(
            Audited(name, str(each.folder), each.git("rev-parse", "main")) for name, each in self.repositories
        )
        return AuditDocument("anthropic", audited, self.settings, full, "")

    def audit(self, *, full: bool = False, patience: float = 60.0) -> Audit:
        """From the start to the report, or to where it stops."""
        started = self.driver.start(self.document(full=full))
        return self.to_the_end(started.id, patience)

    def to_the_end(self, audit: str, patience: float = 60.0) -> Audit:
        """Go on until the report can be made."""
        until = time.monotonic() + patience
        while True:
            self.notes += self.driver.go_on(audit).notes
            now = self.state.audits.get(audit)
            if now.ended_at or now.stage == "report":
                return now
            assert time.monotonic() < until, self.notes
            time.sleep(0.01)

    def reports(self, audit: Audit) -> list[RepositoryReport]:
        """The audit's reports."""
        ledger = read_ledger(self.state, audit.id, self.prices)
        return build_reports(self.driver.rounds(audit), self.prices, ledger)

    def finish(self, audit: Audit) -> list[RepositoryReport]:
        """Reports, and the audit put away."""
        made = self.reports(audit)
        complete = all(each.report.verdict.state != "incomplete" for each in made)
        self.driver.finish(audit, "complete" if complete else "incomplete", AuditDocument.read(audit.document))
        return made

    @property
    def prices(self) -> Mapping[str, Any]:
        return prices_of(self.settings, "anthropic")

    @property
    def billed(self) -> Decimal:
        """What the simulated API would have billed."""
        return sum((row.usd for lanes in self.simulator.billed.values() for row in lanes.values()), Decimal(0))

    @property
    def asked(self) -> list[tuple[str, tuple[str, ...]]]:
        """Round and files of every request that was sent in a batch, in order."""
        sent = [call.body for call in self.simulator.calls if call.endpoint == "batches.create" and call.status == 200]
        return [_about(row["params"]) for body in sent if body for row in body["requests"]]

    def calls(self, endpoint: str) -> int:
        """How many calls an endpoint had."""
        return sum(call.endpoint == endpoint for call in self.simulator.calls)


@contextmanager
def night(folder: Path, settings: Settings | None = None, clock: Clock | None = None, **more: Any) -> Iterator[Night]:
    """A state and an API; repositories are added by the test. `more` goes into the API's behaviour."""
    with Simulator(Behaviour(**{"brain": Auditor(), "clock": clock or SystemClock(), **more})) as simulator:
        with on(simulator, folder / "audit.db", settings, clock) as made:
            yield made
        assert simulator.failures == []


@contextmanager
def on(
    simulator: Simulator, where: Path | str, settings: Settings | None = None, clock: Clock | None = None
) -> Iterator[Night]:
    """Nights on an API that is there already."""
    settings, clock = settings or Settings(), clock or SystemClock()
    state = AuditState.open(str(where), clock.now())
    env = {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": "sk-test"}
    with audit_driver(state, settings, "anthropic", env, clock) as driver:
        yield Night(state, driver, simulator, settings)
    state.close()
