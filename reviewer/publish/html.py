"""The HTML report: one file, no network, nothing runs but its own script, readable without it too."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewer import __version__
from reviewer.core.finding import Disposition, Finding, Severity
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.guard.html import csp, sha256
from reviewer.guard.terminal import plain
from reviewer.publish import wording
from reviewer.publish.excerpt import excerpt
from reviewer.publish.files import write_whole

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")


def html_page(report: Report) -> str:
    """The whole page. Every value is revealed and escaped on its way into it."""
    style = (_TEMPLATES / "report.css").read_text("utf-8")
    script = (_TEMPLATES / "report.js").read_text("utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            style=style,
            script=script,
            policy=csp([sha256(script)], [sha256(style)]),
            version=__version__,
            groups=_groups(report),
            severities=_severity_counts(report),
            dispositions=_disposition_counts(report),
            reason=lambda finding: wording.UNCOUNTED[finding.disposition],
            words=wording,
            excerpt=lambda finding: excerpt(finding.anchor, report.changes, context=3, longest=20),
            largest=max((item.usd for item in report.passes), default=0),
        )
    )


def write_html(report: Report, path: Path) -> Publication:
    """Write the page whole or not at all. InputError where the folder cannot be written."""
    write_whole(path, html_page(report))
    return Publication("html", "posted", str(path))


def _groups(report: Report) -> list[tuple[str, list[Finding]]]:
    """The findings by file: the file with the worst first, what does not count at the end of its file."""
    groups: dict[str, list[Finding]] = {}
    for finding in (*wording.counting(report), *(finding for finding, _ in wording.uncounted(report))):
        groups.setdefault(finding.anchor.path, []).append(finding)
    return list(groups.items())


def _severity_counts(report: Report) -> list[tuple[str, int]]:
    severities = [finding.severity for finding in report.findings if finding.counts]
    return [(severity.value, severities.count(severity)) for severity in Severity]


def _disposition_counts(report: Report) -> list[tuple[str, int]]:
    fates = [finding.disposition for finding in report.findings]
    return [(fate.value, fates.count(fate)) for fate in Disposition if fate in fates]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(_TEMPLATES),
        finalize=_visible,
    )
    environment.filters["prose"] = _prose
    return environment


def _visible(value: Any) -> Any:
    """What every value passes before it is escaped: text shows its hidden characters."""
    return plain(value) if type(value) is str else value


def _prose(text: str) -> Any:
    """Paragraphs, with code between backticks set as code; nothing else of the text is markup."""
    from markupsafe import Markup

    paragraphs = (part.strip("\n") for part in plain(text).split("\n\n"))
    return Markup("\n").join(Markup("<p>{}</p>").format(_coded(part)) for part in paragraphs if part.strip())


def _coded(text: str) -> Any:
    from markupsafe import Markup, escape

    parts = text.split("`")
    # Doubled backticks, or one without its partner, are no code spans of this simple kind: shown as they were written.
    if "``" in text or len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part) for position, part in enumerate(parts)
    )
