"""The HTML report: one file, no network, nothing runs but its own script, readable without it too."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reviewer import __version__
from reviewer.core.audit_trend import History
from reviewer.core.finding import Category, Disposition, Severity
from reviewer.core.publication import Publication
from reviewer.core.report import Report
from reviewer.guard.html import csp, sha256
from reviewer.publish import html_panels, wording
from reviewer.publish.files import write_parts
from reviewer.publish.html_findings import file_groups, severity_counts
from reviewer.publish.html_text import literal, prose, titled, visible
from reviewer.publish.risk_map import RiskMap, risk_map
from reviewer.publish.trend import trend

if TYPE_CHECKING:
    from jinja2 import Environment

_AT_ONCE = 20_000
"""Values and bits of template that are written together."""
_TEMPLATES = Path(__file__).with_name("templates")
_MAPS = {"wide": (1040, 100, 400), "narrow": (400, 140, 120)}
"""The map is laid out twice, for wide and for narrow screens: width, height in percent of the usual, most cells."""


def html_page(report: Report) -> str:
    """The whole page. Every value is revealed and escaped on its way into it."""
    return "".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    """The page in parts, none of which ends within a value."""
    style = (_TEMPLATES / "report.css").read_text("utf-8")
    script = (_TEMPLATES / "report.js").read_text("utf-8")
    history = report.history or History()
    pieces = (
        _environment()
        .get_template("report.html.j2")
        .generate(
            report=report,
            style=style,
            script=script,
            policy=csp([sha256(script)], [sha256(style)]),
            version=__version__,
            groups=file_groups(report),
            severities=severity_counts(report.findings),
            dispositions=_counts(Disposition, (finding.disposition for finding in report.findings)),
            categories=_counts(Category, (finding.claim.category for finding in report.findings)),
            words=wording,
            panels=html_panels,
            maps=[] if report.plan_only else [(name, _map(report, *size)) for name, size in _MAPS.items()],
            history=history,
            evidence=quote(history.evidence),
            trend=trend(history.trend),
            ranks=tuple(map(str, Severity)),
        )
    )
    while some := list(islice(pieces, _AT_ONCE)):
        yield "".join(some)


def write_html(report: Report, path: Path) -> Publication:
    """Write the page whole or not at all. InputError where the folder cannot be written."""
    write_parts(path, _parts(report))
    return Publication("html", "posted", str(path))


def _map(report: Report, width: int, percent: int, most: int) -> RiskMap:
    """Taller for more files: a change of three needs no large picture."""
    height = min(340, 110 + 10 * len(report.files))
    return risk_map(report, width, height * percent // 100, most)


def _counts(known: Any, values: Any) -> list[tuple[str, int]]:
    counts = Counter(values)
    return [(value.value, counts[value]) for value in known if counts[value]]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(_TEMPLATES),
        finalize=visible,
    )
    environment.filters |= {"prose": prose, "titled": titled, "literal": literal, "px": _px}
    return environment


def _px(value: float) -> str:
    """A length in a picture."""
    return f"{value:.1f}".removesuffix(".0")
