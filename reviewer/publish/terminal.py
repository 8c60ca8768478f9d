"""The report on a terminal or in a log: worst first, with code. Untrusted text is no markup and no command."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, ConsoleRenderable, Group, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from reviewer.core.finding import Finding
from reviewer.core.number import number
from reviewer.core.report import Report
from reviewer.guard.terminal import plain
from reviewer.guard.workflow import log
from reviewer.publish.excerpt import CodeLine, excerpt
from reviewer.publish.live import LiveProgress
from reviewer.publish.wording import (
    OFFLINE,
    counting,
    coverage,
    dollars,
    headline,
    money,
    place,
    severities,
    standing,
    uncounted,
)

__all__ = ["Harmless", "LiveProgress", "print_report"]

_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}
_STATE_STYLES = {"pass": "bold green", "findings": "bold red", "incomplete": "bold yellow"}
_ROWS = 1_000
"""Files, reasons and passes that are each listed at most: a log is for reading."""
_MARKS = {"+": "green", "-": "red", " ": "dim"}


class Harmless:
    """Prints what it holds line by line so that no line, also not one that wrapping began, is a workflow command."""

    def __init__(self, *parts: ConsoleRenderable) -> None:
        self._parts = Group(*parts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self._parts, options, pad=False):
            text = "".join(segment.text for segment in line)
            harmless = log(text)
            while line and not line[-1].text.strip():
                line.pop()  # what padding filled up
            line[-1:] = [Segment(last.text.rstrip(), last.style) for last in line[-1:]]
            yield from line if harmless == text else [Segment(harmless.rstrip())]
            yield Segment.line()


def print_report(report: Report, console: Console, verbose: bool = False) -> None:
    """Print the whole report; `verbose` adds every file, every pass and what does not count."""
    parts = [*_head(report), *_reasons(report)]
    for finding in counting(report):
        parts += [Text(), *_finding(finding, report)]
    parts += [Text(), *_uncounted(report, verbose), *_files(report, verbose)]
    if verbose or report.plan_only:
        parts += _passes(report)
    parts += [Text(" ".join(money(report)), style="dim"), *_remarks(report)]
    console.print(Harmless(*parts))


def _head(report: Report) -> Iterator[Text]:
    changes = report.changes
    name = _flat(changes.repository) + (f" #{changes.number}" if changes.number is not None else "")
    yield Text.assemble(
        ("Reviewer ", "bold"), name, (f"  {changes.base_sha[:10]}..{changes.head_sha[:10]}  {report.strategy}", "dim")
    )
    yield Text(headline(report), style="bold" if report.plan_only else _STATE_STYLES[report.verdict.state])
    found = counting(report)
    counts = f"{number(len(found), 'finding')} ({severities(found)}) · " if found else ""
    yield Text(counts + coverage(report))
    if report.engine == "offline":
        yield Text(OFFLINE, style="bold magenta")
    else:  # the rules have no words of their own
        yield from (Text(f"\n{_flat(text)}") for text in report.summaries)


def _reasons(report: Report) -> Iterator[ConsoleRenderable]:
    reasons = report.verdict.incomplete_because
    if reasons:
        yield Text()
        yield Text("What is missing, and what to do:", style="bold")
        yield from (_indented(Text(f"- {_flat(reason)}")) for reason in reasons)


def _finding(finding: Finding, report: Report) -> Iterator[ConsoleRenderable]:
    claim = finding.claim
    yield Text.assemble(
        (f" {claim.severity.upper()} ", _STYLES[claim.severity]), " ", (_flat(place(finding)), "bold underline")
    )
    yield Text(_flat(claim.title), style="bold")
    yield _indented(Text(plain(claim.explanation)))
    yield from map(_indented, _code(excerpt(finding.anchor, report.changes)))
    if claim.suggestion:
        yield _indented(Text("Proposed:", style="dim"))
        yield from (_indented(_line(f"      + {text}", "green")) for text in claim.suggestion.splitlines())
    yield _indented(Text(f"{claim.category} · confidence {claim.confidence} · {standing(finding)}", style="dim"))


def _code(lines: Iterable[CodeLine]) -> Iterator[Text]:
    lines = tuple(lines)
    alone = sum(line.meant for line in lines) == 1
    for line in lines:
        number_ = "" if line.number is None else line.number
        code = plain(line.text).expandtabs(4)
        yield _line(f"{'>' if line.meant else ' '}{number_:>6} {line.mark} {code}", _MARKS[line.mark])
        if line.meant and alone and code.strip():
            indent = len(code) - len(code.lstrip())
            yield _line(" " * (10 + indent) + "^" * cell_len(code.strip()), "bold red")


def _line(text: str, style: str) -> Text:
    """One line of code: cut at the width, since wrapped code misleads."""
    return Text(plain(text), style=style, no_wrap=True, overflow="ellipsis")


def _flat(text: str) -> str:
    """Untrusted text that has one line: of several, the others could pass for lines of the report."""
    return " ".join(plain(text).split())


def _indented(part: ConsoleRenderable) -> ConsoleRenderable:
    return Padding(part, (0, 0, 0, 2), expand=False)


def _uncounted(report: Report, verbose: bool) -> Iterator[ConsoleRenderable]:
    rest = uncounted(report)
    counts = Counter(reason for _, reason in rest)
    for reason, count in counts.items():
        yield Text(f"{number(count, 'finding')} {reason}", style="dim")
        for finding, why in rest:
            if verbose and why == reason:
                note = f": {finding.verdict_note}" if finding.verdict_note else ""
                yield _indented(Text(_flat(f"{place(finding)} {finding.claim.title}{note}"), style="dim"))


def _files(report: Report, verbose: bool) -> Iterator[ConsoleRenderable]:
    if verbose:
        for file in report.files[:_ROWS]:
            fate = file.reason or ("reviewed" if file.reviewed else "to be reviewed")
            yield Text.assemble(_flat(file.path), (f"  +{file.additions} -{file.deletions}  {_flat(fate)}", "dim"))
        yield from _more(len(report.files), "file")
    else:
        reasons = Counter(file.reason for file in report.files if file.reason)
        for reason, count in reasons.most_common(_ROWS):
            yield Text(_flat(f"{number(count, 'file')} not reviewed: {reason}"), style="dim")
        yield from _more(len(reasons), "reason")
    if report.changes.missing:
        yield Text(_flat(report.changes.missing), style="yellow")


def _passes(report: Report) -> Iterator[ConsoleRenderable]:
    for item in report.passes[:_ROWS]:
        files = item.files[0] if len(item.files) == 1 else number(len(item.files), "file")
        paid = "" if report.plan_only else f"{item.outcome}{' from the memo' if item.memo else ''}, {dollars(item.usd)}"
        yield Text("  ".join(map(_flat, (f"{item.kind} pass", files, item.model, paid))).rstrip(), style="dim")
    yield from _more(len(report.passes), "pass", "more passes")


def _more(count: int, noun: str, plural: str = "") -> Iterator[Text]:
    if count > _ROWS:
        more = number(count - _ROWS, f"more {noun}", plural)
        yield Text(f"… and {more}; the JSON report has them all.", style="dim")


def _remarks(report: Report) -> Iterator[ConsoleRenderable]:
    yield from (Text(_flat(f"Left out under pressure: {text}"), style="yellow") for text in report.shed)
    yield from (Text(_flat(f"Note: {text}"), style="dim") for text in report.notes)
