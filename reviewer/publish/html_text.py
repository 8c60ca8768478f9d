"""How text gets into the HTML report: revealed, escaped, and only then marked as code or coloured."""

from collections.abc import Sequence
from html import escape
from typing import Any

from reviewer.guard.terminal import plain
from reviewer.publish.excerpt import CodeLine
from reviewer.publish.syntax import LONGEST_LINE, Colouring, Run


def visible(value: Any) -> Any:
    """What every value passes before it is escaped: text shows its hidden characters."""
    return plain(value) if type(value) is str else value


def prose(text: str) -> Any:
    """Paragraphs, with code between backticks set as code; nothing else of the text is markup."""
    from markupsafe import Markup

    paragraphs = (part.strip("\n") for part in plain(text).split("\n\n"))
    return Markup("\n").join(Markup("<p>{}</p>").format(_coded(part)) for part in paragraphs if part.strip())


def titled(text: str) -> Any:
    """One line, with code between backticks set as code."""
    return _coded(" ".join(plain(text).split()))


def literal(text: str) -> Any:
    """Text between tags: quotation marks mean nothing there and stay, which halves the size of JSON and code."""
    from markupsafe import Markup

    return Markup(escape(plain(text), quote=False))  # noqa: S704 - escaped


def code(path: str, lines: Sequence[CodeLine], colouring: Colouring) -> Any:
    """An excerpt's lines with numbers, marks and colours."""
    from markupsafe import Markup

    texts = [_one_line(line.text) for line in lines]
    rows = colouring.rows(path, texts)
    return Markup("").join(_line(line, row) for line, row in zip(lines, rows, strict=True))


def proposal(path: str, text: str, colouring: Colouring) -> Any:
    """Proposed code, coloured."""
    from markupsafe import Markup

    texts = [_one_line(line) for line in plain(text).split("\n")]
    return Markup("\n").join(Markup(_runs(row)) for row in colouring.rows(path, texts))  # noqa: S704 - escaped


def _line(line: CodeLine, row: Sequence[Run]) -> Any:
    from markupsafe import Markup

    kind = {"+": " add", "-": " del"}.get(line.mark, "") + (" meant" if line.meant else "")
    number = "" if line.number is None else line.number
    margin = f'<span class="no">{number:>5} {escape(line.mark)} </span>'
    return Markup(f'<span class="line{kind}">{margin}{_runs(row)}\n</span>')  # noqa: S704 - the runs are escaped


def _runs(row: Sequence[Run]) -> str:
    parts = (
        f'<span class="{run.kind}">{escape(run.text, quote=False)}</span>'
        if run.kind
        else escape(run.text, quote=False)
        for run in row
    )
    return "".join(parts)


def _one_line(text: str) -> str:
    told = plain(text).replace("\n", " ")
    if len(told) <= LONGEST_LINE:
        return told
    return f"{told[:LONGEST_LINE]}… ({len(told) - LONGEST_LINE:,} more characters)"


def _coded(text: str) -> Any:
    from markupsafe import Markup, escape

    parts = text.split("`")
    # Doubled backticks, or one without its partner, are no code spans of this simple kind: shown as they were written.
    if "``" in text or len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part) for position, part in enumerate(parts)
    )
