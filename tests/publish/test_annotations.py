import pytest

from reviewer.core.finding import Anchor, Severity
from reviewer.publish.annotations import annotations
from tests.publish.conftest import finding


def test_annotations_as_printed(make_report):
    assert annotations(make_report()) == [
        "::error file=src/app.py,line=4,endLine=4,title=Critical%3A Query built from user input::"
        "The ids of the cart go into the query as text.%0A%0A(single pass, confirmed by a fresh context)",
        "::warning file=src/old.py,line=1,endLine=1,title=Medium%3A gone() is still called::"
        "src/app.py imports it.%0A%0A(single pass, unverified)",
        "::notice file=src/new name.py,line=40,endLine=40,title=Low%3A No test for b::"
        "Nothing covers it.%0A%0A(single pass, confirmed by a fresh context)",
    ]


def test_ten_of_a_level_worst_first(make_report):
    severities = [Severity.HIGH] * 50 + [Severity.CRITICAL] * 5 + [Severity.MEDIUM] * 30 + [Severity.LOW] * 15
    many = tuple(finding(f"{number:016x}", severity=severity) for number, severity in enumerate(severities))
    printed = annotations(make_report(findings=many))
    assert [line.split(" ")[0] for line in printed] == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert ["title=Critical" in line for line in printed[:10]] == [True] * 5 + [False] * 5


@pytest.mark.parametrize(
    ("fail_on", "levels"),
    [("low", ["::error"] * 3), ("never", ["::warning", "::warning", "::notice"])],
)
def test_what_blocks_is_an_error(fail_on, levels, make_report):
    assert [line.split(" ")[0] for line in annotations(make_report(fail_on=fail_on))] == levels


def test_a_finding_without_a_place_names_no_file(make_report):
    (line,) = annotations(make_report(findings=(finding(anchor=Anchor("none", "src/gone.py", 3, 3)),)))
    assert line.startswith("::error title=Critical")


def test_nothing_to_say(make_report, dry_run):
    assert annotations(make_report(findings=())) == []
    assert annotations(dry_run) == []


def test_hostile_text_makes_no_command_of_its_own(hostile):
    for line in annotations(hostile):
        assert "\n" not in line
        assert "##[" not in line
        assert not {"\x1b", "\u202e", "\u200b"} & set(line)
        assert "," not in line.partition("file=")[2].split(",line=")[0]


def test_offline_is_said(make_report):
    assert all("No model was used: offline engine." in line for line in annotations(make_report(engine="offline")))
