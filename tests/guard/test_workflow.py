import re
import time

import pytest
from hypothesis import given

from reviewer.guard.workflow import command, log, output
from tests.guard.hostile import hostile_text, quick

# What .NET's TrimStart takes off, and where its reader ends a line.
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
LINE_END = re.compile("\r\n|\r|\n")


def acts(line: str) -> bool:
    """The runner's rule: `::` first in the trimmed line, or `##[` anywhere."""
    return bool(re.match(f"[{WHITE}]*::", line)) or "##[" in line


@quick
@given(hostile_text)
def test_no_logged_line_is_a_command(text: str) -> None:
    assert not [line for line in LINE_END.split(log(text)) if acts(line)]


@pytest.mark.parametrize("text", ["\n", " ", "#", ":"])
def test_hostile_megabytes_take_no_long_time(text: str) -> None:
    started = time.process_time()
    log(text * 1_000_000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", ": :error::x"),
        ("a\n \t::set-output name=v::y\n", "a\n \t: :set-output name=v::y\n"),
        ("x ##[set-output name=v]y", "x # #[set-output name=v]y"),
        ("###[[", "## #[["),
        ("a\r::b\x1b[0m", "a\\u{D}::b\\u{1B}[0m"),
        ("std::vector\r\n", "std::vector\n"),
    ],
)
def test_log_shows_what_would_act(text: str, shown: str) -> None:
    assert log(text) == shown


def test_a_command_is_escaped_and_ordered() -> None:
    assert command("error", "50%\r\nof ::x", file="a,b:c.py", line=3, title="t", endLine=None) == (
        "::error file=a%2Cb%3Ac.py,line=3,title=t::50%25%0Aof ::x"
    )
    assert command("notice", "%0A", title="") == "::notice::%250A"


def test_a_message_is_cut_where_the_runner_cuts() -> None:
    message = command("warning", "x" * 5000).removeprefix("::warning::")
    assert (len(message), message[-2:]) == (4096, "x…")


@quick
@given(hostile_text, hostile_text)
def test_a_command_stays_one_line_and_one_command(message: str, title: str) -> None:
    line = command("error", message, title=title)
    assert not re.search("[\r\n]|##\\[", line)
    properties = line.removeprefix("::error").partition("::")[0]
    assert properties.count("=") - title.count("=") == (1 if title else 0)
    assert "," not in properties


@pytest.mark.parametrize(("name", "properties"), [("Error::", {}), ("", {}), ("error", {"a=b": 1})])
def test_malformed_commands_are_refused(name: str, properties: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="malformed workflow command"):
        command(name, "x", **properties)


def test_output_lines() -> None:
    assert output("cost-usd", "a\nb=c", "d3l1m") == "cost-usd<<d3l1m\na\nb=c\nd3l1m\n"


@pytest.mark.parametrize(
    ("name", "value", "delimiter", "message"),
    [
        ("verdict", "x\nEOF\nverdict=pass", "EOF", "contains the delimiter"),
        ("a\nb", "x", "EOF", "malformed"),
        ("a", "x", "", "malformed"),
        ("a", "x", "E\nF", "malformed"),
    ],
)
def test_outputs_that_could_be_forged_are_refused(name: str, value: str, delimiter: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        output(name, value, delimiter)
