from dataclasses import replace
from decimal import Decimal

import pytest

from reviewer.publish.trend import trend
from tests.browser.material import audit

RUNS = audit(40, 40, 3).history.trend


def test_bars_stand_on_the_ground_and_are_as_high_as_their_counts():
    told = trend(RUNS)
    assert told.most == max(run.findings for run in RUNS)
    tallest = next(column for column in told.columns if column.run.findings == told.most)
    assert min(bar.y for bar in tallest.bars) == pytest.approx(0)
    assert [bar.tone for bar in tallest.bars] == ["critical", "high", "medium", "low"]
    assert all(bar.y + bar.height <= 120 for column in told.columns for bar in column.bars)


def test_the_words_say_what_the_picture_shows():
    told = trend(RUNS)
    assert told.told.startswith("3 audits from 2026-11-01 to 2026-11-03: from ")
    assert told.columns[0].told.endswith("1 new, 1 fixed; $1.92 paid, $3.84 on the synchronous API")


def test_one_run_shows_no_trend_and_free_runs_have_no_costs():
    assert trend(RUNS[:1]) is None
    free = trend([replace(run, usd=Decimal(0), sync_usd=Decimal(0), severities=(0, 0, 0, 0)) for run in RUNS])
    assert [bar.height for column in free.columns for bar in (*column.bars, *column.costs)] == [0.0] * 6
