from pathlib import Path

import pytest

from reviewer.errors import InputError
from reviewer.publish.outputs import fallback_outputs, write_outputs


def parsed(path: Path) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner reads it: heredocs only, later lines win."""
    lines, found = iter(path.read_text("utf-8").splitlines()), {}
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        while (line := next(lines)) != delimiter:
            value.append(line)
        found[name] = "\n".join(value)
    return found


def test_all_five_outputs(make_report, tmp_path):
    write_outputs(tmp_path / "out", make_report(), tmp_path / "report.json")
    assert parsed(tmp_path / "out") == {
        "verdict": "findings",
        "findings": "3",
        "blocking": "1",
        "cost-usd": "0.020100",
        "report": str(tmp_path / "report.json"),
    }


def test_a_crash_still_writes_all_five(tmp_path):
    fallback_outputs(tmp_path / "out")
    assert parsed(tmp_path / "out") == {
        "verdict": "incomplete",
        "findings": "0",
        "blocking": "0",
        "cost-usd": "0.000000",
        "report": "",
    }


def test_the_last_written_wins_and_delimiters_differ(make_report, tmp_path):
    fallback_outputs(tmp_path / "out")
    write_outputs(tmp_path / "out", make_report(findings=()), None)
    assert parsed(tmp_path / "out")["verdict"] == "pass"
    text = (tmp_path / "out").read_text()
    assert len({line.partition("<<")[2] for line in text.splitlines() if "<<" in line}) == 2


def test_a_path_cannot_forge_an_output(make_report, tmp_path):
    write_outputs(tmp_path / "out", make_report(), Path("a\nverdict=pass\nverdict<<X\npass\nX"))
    assert parsed(tmp_path / "out")["verdict"] == "findings"


def test_an_unwritable_file_is_told(make_report, tmp_path):
    with pytest.raises(InputError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path, make_report(), None)
