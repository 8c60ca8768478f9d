from decimal import Decimal

import pytest

from reviewer.core.report import Cost, FileReport, PassReport, Report, cost_of_passes
from reviewer.core.request import Usage
from reviewer.core.verdict import Verdict
from tests.core.edits import change_set


@pytest.mark.parametrize(("uncached", "saved"), [("3", "1"), ("1.5", "-0.5")])
def test_what_caching_saved_may_be_a_loss(uncached, saved):
    assert Cost(Decimal(1), Decimal(2), Decimal(uncached)).cache_saved == Decimal(saved)


@pytest.mark.parametrize(
    ("usd", "sync", "uncached"), [("0.0125", "0.0125", "0.0125"), ("0.0625", "0.0625", "0.0625")], ids=["short", "long"]
)
def test_what_was_paid_tells_whether_the_prompts_were_long(usd, sync, uncached):
    made = PassReport("file", ("a.py",), "claude-haiku-5-5", "answered", Usage(120_000, 1_000), Decimal(usd), 2)
    cost = cost_of_passes([made], {})
    assert (cost.usd, cost.sync_usd, cost.uncached_usd) == tuple(map(Decimal, (usd, sync, uncached)))


def test_reviewed_files_are_counted():
    files = tuple(FileReport(f"{n}.py", None, "modified", 1, 0, n > 0, None if n else "binary") for n in range(3))
    report = Report(Verdict("pass", 0, 0, 0), "single", "offline", change_set(), files, (), (), Cost())
    assert report.reviewed == 2
