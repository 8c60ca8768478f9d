from decimal import Decimal

import pytest

from reviewer.core.report import Cost, FileReport, Report
from reviewer.core.verdict import Verdict
from tests.core.edits import change_set


@pytest.mark.parametrize(("uncached", "saved"), [("3", "1"), ("1.5", "-0.5")])
def test_what_caching_saved_may_be_a_loss(uncached, saved):
    assert Cost(Decimal(1), Decimal(2), Decimal(uncached)).cache_saved == Decimal(saved)


def test_reviewed_files_are_counted():
    files = tuple(FileReport(f"{n}.py", None, "modified", 1, 0, n > 0, None if n else "binary") for n in range(3))
    report = Report(Verdict("pass", 0, 0, 0), "single", "offline", change_set(), files, (), (), Cost())
    assert report.reviewed == 2
