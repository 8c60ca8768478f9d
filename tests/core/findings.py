"""Findings for tests."""

from reviewer.core.finding import Anchor, Disposition, Finding, Provenance
from tests.core.edits import claim


def finding(
    title: str = "Wrong",
    line: int = 1,
    unit: str = "file-1",
    *,
    fingerprint: str = "",
    kind: str = "line",
    side: str = "RIGHT",
    end: int | None = None,
    path: str = "x.py",
    disposition: Disposition = Disposition.SUMMARY,
    **said: str,
) -> Finding:
    """A finding of one pass; its fingerprint is made from place and category unless given."""
    made = claim(path, line, title=title, explanation=said.pop("explanation", title), **said)
    fingerprint = fingerprint or f"{path}:{line}:{side}:{made.category}"
    where = Anchor(kind, path, line, end or line, side)
    return Finding(made, where, fingerprint, Provenance(unit, unit.partition("-")[0]), disposition)
