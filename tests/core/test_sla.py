from datetime import UTC, datetime, timedelta

import pytest

from reviewer.core.sla import at_risk, check_cron, deadline_of, rounds_that_fit, schedule_for, span, waits
from reviewer.errors import ConfigError

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 21, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sla", "largest", "interval", "reserve", "cron"),
    [
        (30 * HOUR, 6 * HOUR, 4 * HOUR, 2 * HOUR, "23 2,6,10,14,18,22 * * *"),
        (36 * HOUR, 12 * HOUR, 8 * HOUR, 4 * HOUR, "23 2,10,18 * * *"),
        (25 * HOUR, HOUR, HOUR * 2 / 3, HOUR / 3, "23,53 * * * *"),
        (72 * HOUR, 48 * HOUR, 32 * HOUR, 16 * HOUR, "23 2 * * *"),
    ],
)
def test_a_third_of_the_largest_interval_is_kept_as_reserve(sla, largest, interval, reserve, cron):
    found = schedule_for(sla)
    assert (found.largest, found.interval, found.reserve, found.submit_cron) == (largest, interval, reserve, cron)


def test_the_arithmetic_is_shown():
    assert schedule_for(30 * HOUR).arithmetic == (
        "SLA 30h − 24h for a batch = 6h: submit at most every 6h. Recommended: every 4h, which leaves 2h for "
        "collecting and for the rounds after the first."
    )


@pytest.mark.parametrize(
    ("sla", "why"),
    [(24 * HOUR, "24h − 24h leaves no time"), (20 * HOUR, "20h − 24h"), (24.1 * HOUR, "every five minutes")],
)
def test_an_sla_that_cannot_be_met_is_refused_with_the_arithmetic(sla, why):
    with pytest.raises(ConfigError, match=why) as refused:
        schedule_for(sla)
    assert "audit: {sla: 30h}" in refused.value.step


@pytest.mark.parametrize("hours", [24.25, 25, 26, 30, 33, 36, 48, 50, 72, 240])
def test_suggested_lines_meet_their_own_sla(hours):
    found = schedule_for(hours * HOUR)
    check = check_cron([found.submit_cron], hours * HOUR, [found.collect_cron])
    assert (check.holds, check.warning) == (True, "")


DAILY, SIX_HOURLY, FOUR_HOURLY, HOURLY = "23 2 * * *", "23 */6 * * *", "23 2,6,10,14,18,22 * * *", "41 * * * *"


@pytest.mark.parametrize(
    ("hours", "submit", "collect", "holds", "warns"),
    [
        (24.5, ["*/30 * * * *"], [], True, ""),
        (24.5, ["*/30 * * * *"], ["*/5 * * * *"], True, "up to 5m later, and the reserve is 0m"),
        (24.5, [HOURLY], [], False, ""),
        (25, [HOURLY], ["*/20 * * * *"], True, "published 20m late"),
        (30, [FOUR_HOURLY], [HOURLY], True, ""),
        (30, [SIX_HOURLY], [], True, ""),
        (30, [SIX_HOURLY], [HOURLY], True, "up to 1h later, and the reserve is 0m"),
        (30, ["23 0,7,14,21 * * *"], [HOURLY], False, ""),
        (30, ["23 */8 * * *"], [], False, ""),
        (30, ["1 */12 * * *", "1 6-23/12 * * *"], [HOURLY, "11 * * * *"], True, "up to 30m later"),
        (48, [DAILY], [HOURLY], True, "published 1h late"),
        (48, ["23 2 * * 1-5"], [HOURLY], False, ""),
        (7 * 24, ["23 2 * * 1"], [HOURLY], False, ""),
        (7 * 24, ["23 2 * * 1,4"], [HOURLY], True, ""),
        (8 * 24, ["23 2 * * 1"], [], True, ""),
    ],
)
def test_submissions_may_be_as_far_apart_as_the_sla_less_a_batch(hours, submit, collect, holds, warns):
    found = check_cron(submit, hours * HOUR, collect)
    assert (found.holds, bool(found.warning)) == (holds, bool(warns))
    assert warns in found.warning


def test_lines_that_miss_the_sla_are_told_with_the_sum_and_better_ones():
    found = check_cron([DAILY], 30 * HOUR, ["41 3-11/2 * * *"])
    assert (found.holds, found.submit_gap, found.collect_gap) == (False, 24 * HOUR, 16 * HOUR)
    assert found.message == (
        "The schedule does not meet the SLA of 30h: up to 24h until the next submission, 24h for its batches: 2d in "
        "all, and submissions may be at most 30h − 24h = 6h apart. Submit with `23 2,6,10,14,18,22 * * *` and collect "
        "with `41 * * * *`, or set a longer SLA."
    )


def test_later_rounds_fit_while_the_reserve_lasts():
    rounds = [("integration", "opus"), ("verify", "sonnet")]
    p95 = {"opus": HOUR / 2, "sonnet": HOUR}
    first, second = rounds_that_fit(schedule_for(36 * HOUR).reserve, rounds, p95, HOUR / 2)
    assert (first.fits, first.left, second.fits, second.left) == (True, 3.5 * HOUR, True, 2.5 * HOUR)
    first, second = rounds_that_fit(schedule_for(30 * HOUR).reserve, rounds, p95, HOUR / 2)
    assert (first.fits, second.fits, second.left) == (True, False, HOUR / 2)
    assert "verify round: does not fit, and may come after the deadline" in str(second)


def test_a_round_whose_model_is_not_measured_is_not_promised():
    first, second = rounds_that_fit(
        schedule_for(30 * HOUR).reserve, [("integration", "new"), ("verify", "v")], {"v": HOUR}, HOUR
    )
    assert (first.fits, second.fits) == (False, False)
    assert "not measured yet for new" in str(first)


@pytest.mark.parametrize(("waited", "late"), [(4, ""), (6, ""), (7, "findings may come 1h late"), (30, "24h late")])
def test_a_deadline_is_at_risk_when_the_wait_was_longer_than_the_largest_interval(waited, late):
    said = at_risk(NOW - waited * HOUR, NOW, 30 * HOUR)
    assert late in said
    assert bool(said) == bool(late)


def test_a_daily_submission_under_two_days_is_in_time_until_it_is_late():
    assert at_risk(NOW - 24 * HOUR, NOW, 48 * HOUR) == ""
    assert "findings may come 30m late" in at_risk(NOW - 24.5 * HOUR, NOW, 48 * HOUR)


@pytest.mark.parametrize(("ago", "late"), [(4, ""), (6, ""), (8, "findings may come 2h late or more")])
def test_what_changed_since_an_unfinished_audit_waits_for_its_end(ago, late):
    said = waits(NOW - ago * HOUR, NOW, 30 * HOUR)
    assert f"An audit that began {ago}h ago has not ended" in said
    assert ("at risk" in said, late in said) == (bool(late), True)


@pytest.mark.parametrize(
    ("zones", "gap"),
    [({}, 4), ({"23 */8 * * *": "Europe/Berlin"}, 8), (dict.fromkeys(["23 */8 * * *", "23 4/8 * * *"], "X"), 5)],
)
def test_cron_lines_of_several_zones_are_reckoned_apart_and_clocks_are_put_back(zones, gap):
    assert check_cron(["23 */8 * * *", "23 4/8 * * *"], 48 * HOUR, zones=zones).submit_gap == gap * HOUR


def test_the_first_audit_is_due_one_sla_after_its_submission():
    assert deadline_of(None, NOW, 30 * HOUR) == NOW + 30 * HOUR
    assert deadline_of(NOW - HOUR, NOW, 30 * HOUR) == NOW + 29 * HOUR
    assert at_risk(None, NOW, 30 * HOUR) == ""


@pytest.mark.parametrize(
    ("hours", "said"), [(0.5, "30m"), (6.5, "6h 30m"), (30, "30h"), (24, "24h"), (48, "2d"), (50, "50h"), (0.01, "36s")]
)
def test_spans_read_well(hours, said):
    assert span(hours * HOUR) == said
