"""The review on a pull request: inline comments where the forge takes them, everything else in the review's body."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from reviewer.core.anchor import valid_anchor
from reviewer.core.conversation import finding_marker, review_marker
from reviewer.core.finding import Disposition, Finding, worst_first
from reviewer.core.number import number
from reviewer.core.publication import InlineComment, ReviewDraft
from reviewer.core.report import Report
from reviewer.guard import markdown
from reviewer.guard.hidden import find_hidden
from reviewer.guard.secrets import holds_mask
from reviewer.publish.excerpt import anchored_lines
from reviewer.publish.wording import OFFLINE, headline, place, severities, standing, title

BODY_LIMIT = 60_000
"""Characters of a body. GitHub refuses more than 65,536; escapes and line ends it counts its own way need a margin."""

CUT = "_Cut here: the JSON report has the rest._"
ICONS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵"}


def draft_review(
    report: Report, new: Sequence[Finding], max_inline: int, repository_url: str
) -> tuple[ReviewDraft, tuple[Finding, ...]]:
    """What to post of the findings that are not on the pull request yet, and those findings with their fate.

    At most `max_inline` comments, worst first; what has no line in the diff or no room goes to the body. Findings that
    don't count are handed back as they are. Without new findings the draft is empty: nothing is said twice.
    """
    counting = sorted((finding for finding in new if finding.counts), key=worst_first)
    fitting = [finding for finding in counting if _takes_comment(finding, report)]
    inline = fitting[: max(0, max_inline)]
    posted = {id(finding) for finding in inline}
    rest = [finding for finding in counting if id(finding) not in posted]
    told = tuple(_with_fate(finding, id(finding) in posted) for finding in new)
    if not counting:
        return ReviewDraft(report.changes.head_sha, ""), told
    comments = tuple(_comment(finding, report, repository_url) for finding in inline)
    return ReviewDraft(report.changes.head_sha, _body(report, inline, rest, repository_url), comments), told


def _takes_comment(finding: Finding, report: Report) -> bool:
    file = report.changes.file(finding.anchor.path)
    if file is None or not file.commentable or finding.anchor.kind not in ("line", "hunk"):
        return False
    return valid_anchor(finding.anchor, file)


def _with_fate(finding: Finding, posted: bool) -> Finding:
    if not finding.counts:
        return finding
    return replace(finding, disposition=Disposition.POSTED if posted else Disposition.SUMMARY)


def _comment(finding: Finding, report: Report, url: str) -> InlineComment:
    anchor = finding.anchor
    marker = finding_marker(finding.fingerprint, report.changes.head_sha)
    body = "\n\n".join((*_paragraphs(finding, report, url), marker))
    if len(body) > BODY_LIMIT:
        notice = "_The proposed code is too long for a comment; the JSON report has it._"
        body = "\n\n".join((*_paragraphs(finding, report, url, room=BODY_LIMIT // 2, instead=notice), marker))
    start = anchor.start_line if anchor.start_line < anchor.end_line else None
    return InlineComment(anchor.path, anchor.end_line, anchor.side, start, body, finding.fingerprint)


def _paragraphs(finding: Finding, report: Report, url: str, room: int = 0, instead: str = "") -> list[str]:
    claim = finding.claim
    explanation = markdown.prose(claim.explanation, url)
    parts = [
        f"{ICONS[claim.severity]} **{claim.severity}** · {claim.category} · confidence {claim.confidence}",
        f"**{markdown.inline(title(finding))}**",
        markdown.clip(explanation, room, CUT) if room else explanation,
    ]
    if claim.suggestion:
        parts.append(instead or _proposal(finding, report))
    parts.append(_provenance(finding, report))
    return [part for part in parts if part]


def _proposal(finding: Finding, report: Report) -> str:
    """A suggestion that GitHub can apply where it replaces exactly the commented lines, else the code to read."""
    text = finding.claim.suggestion.replace("\r\n", "\n").removesuffix("\n")
    if applies(finding, report):
        return markdown.suggestion(text)
    return f"Proposed code for {markdown.code(place(finding))}:\n\n{markdown.fence(text)}"


def applies(finding: Finding, report: Report) -> bool:
    """Whether the suggestion replaces exactly the anchored lines, all on the new side of one hunk, and changes them."""
    claim, anchor = finding.claim, finding.anchor
    same_length = abs(claim.end_line - claim.start_line) == anchor.end_line - anchor.start_line
    if anchor.kind != "line" or anchor.side != "RIGHT" or not same_length:
        return False
    current = anchored_lines(anchor, report.changes.file(anchor.path))
    text = claim.suggestion.replace("\r\n", "\n").removesuffix("\n")
    # A person applies it with one click, so it must hold nothing that the person cannot see, and no mask for a secret.
    if not current or not text.strip() or find_hidden(text) or holds_mask(text):
        return False
    return text != "\n".join(line.removesuffix("\r") for line in current)


def _provenance(finding: Finding, report: Report) -> str:
    source = OFFLINE if report.engine == "offline" else markdown.inline(finding.provenance.model)
    return f"<sub>{standing(finding).capitalize()}{' · ' if source else ''}{source}</sub>"


def _body(report: Report, inline: Sequence[Finding], rest: Sequence[Finding], url: str) -> str:
    count = number(len(inline) + len(rest), "new finding")
    parts = [f"**Reviewer: {count}** ({severities([*inline, *rest])}). {headline(report)}"]
    if report.engine == "offline":
        parts.append(f"_{OFFLINE}_")
    if rest:
        parts.append(
            f"### {number(len(rest), 'finding')} without a comment of {'its' if len(rest) == 1 else 'their'} own"
        )
    marker = review_marker(report.changes.head_sha, report.extra.get("run", ""))
    room = BODY_LIMIT - sum(len(part) + 2 for part in parts) - len(marker)
    return "\n\n".join([*parts, *_fitting(rest, report, url, room), marker])


def _fitting(rest: Sequence[Finding], report: Report, url: str, room: int) -> list[str]:
    """As many findings as there is room for, and how many there was none for."""
    shown: list[str] = []
    for finding in rest:
        text = _item(finding, report, url)
        if len(text) + 200 > room:
            more = number(len(rest) - len(shown), "more finding")
            shown.append(f"_{more} had no room here: see the job summary and the JSON report._")
            break
        shown.append(text)
        room -= len(text) + 2
    return shown


def _item(finding: Finding, report: Report, url: str) -> str:
    claim = finding.claim
    where = markdown.code(place(finding))
    known = report.changes.file(finding.anchor.path)
    if url and known and known.status != "removed" and finding.anchor.side == "RIGHT":
        where = f"[{where}]({url}/blob/{report.changes.head_sha}/{_fragment(finding)})"
    parts = [
        f"{ICONS[claim.severity]} **{claim.severity}** · {claim.category} · {where}\n"
        f"**{markdown.inline(title(finding))}**",
        markdown.clip(markdown.prose(claim.explanation, url), BODY_LIMIT // 4, CUT),
    ]
    if claim.suggestion:
        parts.append(
            _folded("Proposed code", markdown.fence(claim.suggestion.replace("\r\n", "\n").removesuffix("\n")))
        )
    parts.append(_provenance(finding, report))
    text = "\n\n".join(part for part in parts if part)
    # Quoted code may hold a line that reads as a marker, and would keep another finding silent in later runs.
    text = text.replace("\n<!-- reviewer:", "\n <!-- reviewer:")
    return f"{text}\n\n{finding_marker(finding.fingerprint, report.changes.head_sha)}"


def _fragment(finding: Finding) -> str:
    anchor = finding.anchor
    path = quote(anchor.path.encode("utf-8", "surrogatepass"))
    if anchor.start_line < 1:
        return path
    return f"{path}#L{anchor.start_line}" + (f"-L{anchor.end_line}" if anchor.end_line > anchor.start_line else "")


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
