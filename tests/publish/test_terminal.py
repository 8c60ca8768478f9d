import io
from dataclasses import replace

import pytest
from rich.console import Console

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.finding import Anchor
from reviewer.publish.terminal import print_report
from tests.publish.conftest import HOSTILE, finding


def printed(report, width=80, verbose=False, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    print_report(report, console, verbose)
    return console.file.getvalue()


def test_the_report_as_printed(make_report):
    assert printed(make_report(), 90) == (
        "Reviewer octo/shop #12  0123456789..9bd0e1f2a3  single\n"
        "1 finding at or above high must be looked at before the merge.\n"
        "3 findings (1 critical, 1 medium, 1 low) · 3 of 5 files reviewed, 2 not\n"
        "\n"
        "The cart's total is read from the database.\n"
        "\n"
        " CRITICAL  src/app.py:4\n"
        "Query built from user input\n"
        "  The ids of the cart go into the query as text.\n"
        "        3   def total(cart):\n"
        "          -     query = QUERY\n"
        "  >     4 +     query = f\"select price from items where id in ({','.join(cart)})\"\n"
        "                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "        5 +     rows = sqlite3.connect('shop.db').execute(query)\n"
        "        6       return sum(price for (price,) in rows)\n"
        "  Proposed:\n"
        "        +     query = QUERY\n"
        "  security · confidence high · single pass, confirmed by a fresh context\n"
        "\n"
        " MEDIUM  src/old.py:1-2 (deleted)\n"
        "gone() is still called\n"
        "  src/app.py imports it.\n"
        "  >     1 - def gone():\n"
        "  >     2 -     pass\n"
        "  api-contract · confidence high · single pass, unverified\n"
        "\n"
        " LOW  src/new name.py:40\n"
        "No test for b\n"
        "  Nothing covers it.\n"
        "  testing · confidence low · single pass, confirmed by a fresh context\n"
        "\n"
        "1 finding refuted (the verify pass found that it does not hold)\n"
        "1 finding duplicate (another finding says the same)\n"
        "1 finding suppressed (a person resolved or dismissed it before)\n"
        "1 file not reviewed: binary\n"
        "1 file not reviewed: lock file\n"
        "Cost: $0.0201 for 13,200 input and 800 output tokens. Prompt caching saved $0.0143. 1\n"
        "answer came from the memo, at no cost.\n"
    )


def test_the_mark_below_wide_characters_is_as_wide(make_report):
    line = Line("+", None, 1, "\tname = '漢字'")
    file = ChangedFile("a.py", "added", hunks=(Hunk(0, 0, 1, 1, (line,)),), additions=1)
    changes = replace(make_report().changes, files=(file,))
    text = printed(make_report(findings=(finding(anchor=Anchor("line", "a.py", 1, 1)),), changes=changes))
    assert "  >     1 +     name = '漢字'\n" + " " * 16 + "^" * 13 + "\n" in text


def test_verbose_names_every_file_pass_and_refuted_finding(make_report):
    text = printed(make_report(), width=120, verbose=True)
    assert "logo.png  +0 -0  binary\n" in text
    assert "src/app.py  +2 -1  reviewed\n" in text
    assert "  src/app.py:4 Refuted: It is checked above.\n" in text
    assert "verify pass  src/app.py  claude-sonnet-5-5  answered from the memo, $0.00\n" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width, make_report):
    report = make_report(("The API could not be reached, for a reason that takes a while to tell. Try again.",))
    assert max(map(len, printed(report, width, verbose=True).splitlines())) <= width


def test_incomplete_comes_with_what_to_do(make_report):
    text = printed(make_report(("No key was given. Set ANTHROPIC_API_KEY.",)))
    assert "Incomplete: not everything that should have been reviewed was.\n" in text
    assert "What is missing, and what to do:\n  - No key was given. Set ANTHROPIC_API_KEY.\n" in text


def test_offline_and_no_findings(make_report):
    text = printed(make_report(findings=(), engine="offline"))
    assert "Pass: no findings.\n" in text
    assert "No model was used: offline engine.\n" in text


def test_a_dry_run_prints_plan_and_estimate(dry_run):
    assert printed(dry_run) == (
        "Reviewer octo/shop #12  0123456789..9bd0e1f2a3  single\n"
        "Plan only: nothing was sent to a model, so there is no review.\n"
        "3 of 5 files to be reviewed\n"
        "\n"
        "1 file not reviewed: binary\n"
        "1 file not reviewed: lock file\n"
        "single pass  3 files  claude-sonnet-5-5\n"
        "Estimate: 2 requests, 15,000 input and 2,000 output tokens, about $0.0500.\n"
    )


def test_colour_on_a_terminal_none_with_no_color(make_report, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31m" in printed(make_report(), force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(make_report(), force_terminal=True)
    assert "31m" not in text
    assert "Query built from user input" in text


@pytest.mark.parametrize("width", [20, 33, 60, 80, 200])
def test_no_line_is_a_command_however_it_wraps(width, hostile):
    text = printed(hostile, width, verbose=True)
    lines = text.splitlines()
    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert "##[" not in text
    assert not {"\x1b", "\u202e", "\u200b"} & set(text)


def test_markup_is_not_interpreted(make_report):
    text = printed(make_report(findings=(finding(title="[bold]x[/bold]", explanation=HOSTILE),)), width=300)
    assert "[bold]x[/bold]\n" in text


def test_a_title_of_several_lines_cannot_pass_for_the_report(make_report):
    text = printed(make_report(findings=(finding(title="x\nPass: no findings."),)))
    assert "x Pass: no findings.\n" in text
