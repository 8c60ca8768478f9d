from datetime import date, timedelta

import pytest

from reviewer.core.audit_cron import largest_gap, parse_cron, suggest
from reviewer.errors import ConfigError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("lines", "gap"),
    [
        (["23 2 * * *"], DAY),
        (["0 */4 * * *"], 4 * HOUR),
        (["*/5 * * * *"], HOUR / 12),
        (["41 3-11/2 * * *"], 16 * HOUR),
        (["23 2 * * MON-FRI"], 3 * DAY),
        (["0 0 1 * *"], 31 * DAY),
        (["0 0 29 2 *"], 1461 * DAY),
        (["0 0 1 jan *"], 366 * DAY),
        (["0 0 31 * 0"], 7 * DAY),
        (["0 1 * * *", "0 13 * * *"], 12 * HOUR),
        (["0 1 * * 1-5", "0 13 * * 0,6"], 36 * HOUR),
        (["5/20 0 * * *"], DAY - 2 * HOUR / 3),
    ],
)
def test_the_longest_gap_between_firings(lines, gap):
    assert largest_gap(lines) == gap


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *", "5-1 * * * *",
     "a * * * *", "1,, * * * *", "@daily", "-1 * * * *", "*/x * * * *", "² * * * *"],
)  # fmt: skip
def test_lines_that_github_would_refuse_are_refused(line):
    with pytest.raises(ConfigError, match="cannot be used"):
        parse_cron(line)


@pytest.mark.parametrize("lines", [[], ["0 0 30 2 *"]])
def test_lines_that_never_fire_are_refused(lines):
    with pytest.raises(ConfigError, match="never fires"):
        largest_gap(lines)


def test_restricted_days_of_month_and_week_are_alternatives():
    cron = parse_cron("0 0 13 * 5")
    assert [cron.on(date(2026, 11, day)) for day in (13, 20, 21)] == [True, True, False]
    assert not parse_cron("0 0 13 * *").on(date(2026, 11, 20))


@pytest.mark.parametrize("minutes", [5, 7, 10, 29, 30, 45, 59, 60, 100, 240, 500, 1440, 9999])
def test_a_suggested_line_fires_at_least_that_often_at_odd_minutes(minutes):
    line = suggest(timedelta(minutes=minutes), 23)
    assert largest_gap([line]) <= min(timedelta(minutes=minutes), DAY)
    assert not {0, 30} & {minute % 60 for minute in parse_cron(line).minutes}


def test_no_line_fires_oftener_than_github_does():
    with pytest.raises(ConfigError, match="every 4 minutes"):
        suggest(timedelta(minutes=4), 23)
