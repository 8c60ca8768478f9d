from datetime import timedelta

import pytest

from reviewer.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds", "short"),
    [
        ("20s", 20, "20s"),
        ("15m", 900, "15m"),
        ("24h", 86_400, "1d"),
        ("30h", 108_000, "30h"),
        ("7d", 604_800, "7d"),
        (" 90 s ", 90, "90s"),
        ("120s", 120, "2m"),
        ("0s", 0, "0s"),
    ],
)
def test_durations_are_read_and_written(text, seconds, short):
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert format_duration(parse_duration(text)) == short


@pytest.mark.parametrize(
    "text", ["", "20", 20, None, "1.5h", "-5m", "5 minutes", "1h30m", "9999999s", "5M", "٣s", "5m\n5m"]
)
def test_what_is_no_duration_is_refused_with_the_forms(text):
    with pytest.raises(ValueError, match="such as 20s, 15m, 24h or 7d"):
        parse_duration(text)
