import io
from decimal import Decimal

from rich.console import Console

from reviewer.publish.terminal import LiveProgress


def plain_console():
    return Console(file=io.StringIO(), width=80, force_terminal=False)


def test_in_a_log_one_line_for_each_kind_that_is_done():
    console = plain_console()
    with LiveProgress(console) as progress:
        progress.planned("file", 3)
        for outcome, usd in (("answered", "0.2"), ("memo", "0"), ("errored", "0.22")):
            progress.finished("file", outcome, Decimal(usd))
    assert console.file.getvalue() == "file pass: 3 of 3, $0.42 (1 memo, 1 errored)\n"


def test_a_request_asked_again_is_not_more_than_was_planned():
    console = plain_console()
    with LiveProgress(console) as progress:
        progress.planned("single", 1)
        for _ in range(2):
            progress.finished("single", "truncated", Decimal(0))
    assert console.file.getvalue().splitlines()[-1] == "single pass: 2 of 2, $0.00 (2 truncated)"


def test_what_is_unfinished_is_told_at_the_end():
    console = plain_console()
    with LiveProgress(console) as progress:
        progress.planned("verify", 5)
        progress.finished("verify", "answered", Decimal("0.01"))
    assert console.file.getvalue() == "verify pass: 1 of 5, $0.0100\n"


def test_notes_are_lines_and_no_commands():
    console = plain_console()
    with LiveProgress(console) as progress:
        progress.note("waits 20 s: [bold]rate limit[/bold]\n::error::x \x1b[31m")
    assert console.file.getvalue() == "waits 20 s: [bold]rate limit[/bold]\n: :error::x \\u{1B}[31m\n"


def test_on_a_terminal_the_line_is_kept_up_to_date():
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with LiveProgress(console) as progress:
        progress.planned("file", 2)
        progress.finished("file", "answered", Decimal("0.2"))
        progress.note("half way")
        progress.finished("file", "answered", Decimal("0.2"))
    text = console.file.getvalue()
    assert [part in text for part in ("0 of 2", "1 of 2", "2 of 2", "half way")] == [True] * 4


def test_an_error_inside_still_closes_the_display():
    console = plain_console()
    try:
        with LiveProgress(console) as progress:
            progress.planned("single", 1)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        console.print("interrupted")
    assert console.file.getvalue() == "single pass: 0 of 1, $0.00\ninterrupted\n"
