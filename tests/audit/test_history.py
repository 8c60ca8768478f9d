"""An audit in time: the figures go from audit to audit, and a record is where the report says it is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.audit.document import AuditDocument
from reviewer.audit.history import Evidence, history_of
from reviewer.commands.audit import _Session
from reviewer.config.settings import Settings
from reviewer.core.audit_report import Known, Standing
from reviewer.core.audit_trend import KEPT_RUNS, RunFigures, below, together
from reviewer.core.finding import Severity
from reviewer.store.audit import KEPT_FOR, AuditState
from tests.audit.commands import FILES, commands, shop
from tests.audit.whole_night import module
from tests.forge.local_repository import Repository
from tests.publish.conftest import finding

__all__ = ["shop"]

RUN = RunFigures("a1", "2026-11-20", "complete", (1, 0, 2, 0), 3, 0, 9, 10, Decimal("0.12"), Decimal("0.24"))


def test_figures_come_back_as_they_were():
    document = AuditDocument("offline", (), Settings(), full=True, full_at="", trend=(RUN, RUN))
    assert AuditDocument.read(json.loads(json.dumps(document.write()))).trend == (RUN, RUN)


def test_a_state_of_an_earlier_version_has_no_figures():
    written = AuditDocument("offline", (), Settings(), full=True, full_at="").write()
    del written["trend"]
    assert AuditDocument.read(written).trend == ()


def test_several_repositories_stand_together_below_their_names():
    known = Known("f" * 16, "a.py", 3, Severity.LOW, "Old", "2026-11-01")
    both = together([below(Standing(new=(finding(),)), "octo/shop"), below(Standing(fixed=(known,)), "octo/site")])
    assert [one.anchor.path for one in both.new] == ["octo/shop/src/app.py"]
    assert [one.path for one in both.fixed] == ["octo/site/a.py"]


@pytest.mark.parametrize(
    ("records", "report", "link"),
    [
        ("out/r.provenance.jsonl", "out/r.html", "r.provenance.jsonl"),
        ("out/r.provenance.jsonl", "site/r.html", "../out/r.provenance.jsonl"),
        (None, "r.html", ""),
    ],
)
def test_the_link_is_relative_to_the_report(records, report, link):
    assert Evidence(Path(records) if records else None).seen_from(Path(report)) == link


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` looks again at once, not after five seconds."""
    monkeypatch.setattr(_Session, "_pause", lambda *_: 0.02)


@pytest.mark.usefixtures("no_pauses")
def test_three_nights_in_one_report(tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    html = ("--html", str(tmp_path / "report.html"))
    with commands(tmp_path, capsys) as audit:
        audit("run", *html)
        first = (tmp_path / "report.html").read_text()
        shop.commit(FILES | {"shop/m0.py": module("n0", bug=False)}, parent=shop.git("rev-parse", "main"))
        audit("run", *html)
        audit("run", *html)
    page = (tmp_path / "report.html").read_text()
    lines = (tmp_path / "report.provenance.jsonl").read_text().splitlines()
    [line] = [number for number, row in enumerate(lines, 1) if json.loads(row)["id"].startswith("finding-")][:1]

    assert "Since the last audit" not in first
    assert "<b>0 new</b><span>3 persisting, 0 fixed</span>" in page
    assert "The last 3 audits" in page
    assert f'<a href="./report.provenance.jsonl">report.provenance.jsonl</a>, line {line}:' in page
    assert "shop/m1.py: " in page


@pytest.mark.usefixtures("no_pauses")
def test_the_figures_outlive_what_the_state_forgets(
    tmp_path: Path, shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with commands(tmp_path, capsys) as audit:
        audit("run")
        audit("run")
    latest = _latest(tmp_path)
    document = AuditDocument.read(latest.document)

    assert [(run.findings, run.files, run.state) for run in document.trend] == [(4, 5, "complete")] * 2
    assert (document.trend[0].new, document.trend[1].new) == (4, 0)
    state = AuditState.open(str(tmp_path / "audit.db"), latest.started_at)
    state.prune(latest.started_at + KEPT_FOR / 2)
    assert AuditDocument.read(state.audits.latest().document).trend == document.trend  # type: ignore[union-attr]
    state.close()


def test_no_more_runs_are_kept_than_a_picture_shows():
    before = AuditDocument("offline", (), Settings(), full=True, full_at="", trend=(RUN,) * KEPT_RUNS)
    history = history_of([], [], before, replace(RUN, audit="a2"))
    assert (len(history.trend), history.trend[-1].audit, history.compared) == (30, "a2", True)


def _latest(folder: Path):
    state = AuditState.open(str(folder / "audit.db"), datetime.now(UTC))
    try:
        return state.audits.latest()
    finally:
        state.close()
