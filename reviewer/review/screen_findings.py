"""What the screening saw, as findings: worded for people, folded where there is much of it, without any secret."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.core.change import ChangedFile
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Finding, Provenance, Severity
from reviewer.core.merge import apart, fingerprint_of, set_apart
from reviewer.guard.secrets import mask
from reviewer.review.sighting import Group, Sighting

SCREEN = "screen"
"""Unit and kind of the findings' provenance: no request, no model."""
NOTE = "Found by fixed rules in the text itself; no model was asked."
FEW = 3
"""Lines of one group in one file that have a finding of their own; the others share one."""
_NAMED = 20
_QUOTE = 200
_GROUPS: tuple[Group, ...] = ("secret", "injection", "hidden")

_SECRETS = {
    "aws-access-key": "AWS access key",
    "aws-secret-key": "AWS secret key",
    "github-token": "GitHub token",
    "gitlab-token": "GitLab token",
    "anthropic-key": "Anthropic API key",
    "openai-key": "OpenAI API key",
    "slack-token": "Slack token",
    "slack-webhook": "Slack webhook",
    "google-key": "Google API key",
    "stripe-key": "Stripe key",
    "npm-token": "npm token",
    "pypi-token": "PyPI token",
    "jwt": "JSON Web Token",
    "service-token": "Access token of a service",
    "url-password": "Password in a URL",
    "assigned-secret": "Credential",
    "private-key": "Private key",
}
SURMISED = frozenset({"jwt", "url-password", "assigned-secret"})
"""Kinds of secrets that are told by their surroundings rather than by their own form."""
_ORDERS = "Text that addresses a reviewer or a model"
_HIDDEN = {
    "tag": "Invisible text",
    "variation": "Invisible text in variation selectors",
    "bidi": "Hidden characters that reorder the text",
    "zero-width": "Invisible characters",
    "control": "Control characters that change what is shown",
    "lookalike": "Letters of another script that pass for Latin ones",
}
_MORE: Mapping[Group, str] = {
    "secret": "More credentials",
    "injection": "More text that addresses a reviewer or a model",
    "hidden": "More hidden text",
}
_REVOKE = (
    "Whoever can read the repository, or its history, can use it. Revoke it where it was issued, put a new one into a "
    "secret store or the environment, and take the commit that holds it out of the history before the merge: removing "
    "the line in a further commit is not enough. It was masked before anything was sent or written. "
    "If it is made up, put EXAMPLE into it."
)
_DATA = (
    "It was shown to the model as data, and the verdict is not the model's to give. Remove it, or make sure that it "
    "has a purpose."
)
_SEEN = "What a reader sees is not what a compiler or a model reads. Remove it, or write it as an escape."


_TOPICS = (
    (re.compile(re.escape(_ORDERS)), re.compile(r"(?i)inject|instruction|prompt|reviewer|jailbreak|manipulat")),
    (
        re.compile("|".join(map(re.escape, (*_HIDDEN.values(), "Hidden text")))),
        re.compile(r"(?i)hidden|invisible|bidi|unicode|zero.width|homoglyph|look.?alike|trojan|escape"),
    ),
    (
        re.compile(""),
        re.compile(
            r"(?i)secret|credential|token|password|passphrase|private key|(?:api|access)[ -]?key|hard-?coded|leak"
        ),
    ),
)
"""What a finding's title tells of, and the words by which a pass's title tells of the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where sightings stand: in a changed `file` as it is shown, or in a text beside; `where` words it."""

    where: str
    file: ChangedFile | None = None


def findings_of(place: Place, sightings: Iterable[Sighting]) -> list[Finding]:
    """The findings of one file's lines, or of one text."""
    by_group: dict[Group, list[Sighting]] = {group: [] for group in _GROUPS}
    for sighting in sightings:
        by_group[sighting.group].append(sighting)
    found: list[Finding] = []
    for group, several in by_group.items():
        found += _of_group(place, group, several)
    return list(set_apart(found))


def aligned(findings: Iterable[Finding], screened: Sequence[Finding]) -> list[Finding]:
    """The passes' findings, those that speak of what was screened under its fingerprint, so that a merge joins them.

    One that tells of something else on the same line gets a fingerprint of its own.
    """
    by_path: dict[str, list[Finding]] = {}
    for each in screened:
        if each.anchor.kind == "line":
            by_path.setdefault(each.anchor.path, []).append(each)
    taken = {each.fingerprint for each in screened}
    done = []
    for finding in findings:
        twin = next((each for each in by_path.get(finding.anchor.path, ()) if _same(finding, each)), None)
        if twin is not None:
            finding = replace(finding, fingerprint=twin.fingerprint)
        elif finding.fingerprint in taken:
            finding = apart(finding)
        done.append(finding)
    return done


def _same(finding: Finding, screened: Finding) -> bool:
    place, line = finding.anchor, screened.anchor.start_line
    if place.side != "RIGHT" or not place.start_line <= line <= place.end_line or not finding.counts:
        return False
    topic = next(words for title, words in _TOPICS if title.search(screened.claim.title))
    return topic.search(finding.claim.title) is not None


def _of_group(place: Place, group: Group, several: Sequence[Sighting]) -> Iterator[Finding]:
    lines = list(dict.fromkeys(each.line for each in sorted(several, key=lambda each: each.line)))
    shown = lines if len(lines) <= FEW + 1 else lines[:FEW]
    for line in shown:
        yield _on_line(place, [each for each in several if each.line == line])
    rest = lines[len(shown) :]
    if rest:
        numbers = ", ".join(map(str, rest[:_NAMED]))
        more = f" and {len(rest) - _NAMED:,} more" if len(rest) > _NAMED else ""
        left = set(rest)
        folded = [each for each in several if each.line in left]
        text = f"There is more of it in {len(rest):,} further lines: {numbers}{more}. {_advice(group)}"
        yield _finding(place, folded, _MORE[group], text, 0)


def _on_line(place: Place, several: Sequence[Sighting]) -> Finding:
    first = several[0]
    match first.group:
        case "secret":
            names = list(dict.fromkeys(_SECRETS.get(each.kind, "Credential") for each in several))
            title = f"{names[0]} {place.where}"
            text = f"This holds what looks like: {', '.join(names)}. {_REVOKE}"
        case "injection":
            title = _ORDERS if place.file and first.line else f"{_ORDERS} {place.where}"
            told = "; ".join(dict.fromkeys(each.shown for each in several[:FEW]))
            text = f"The text addresses whoever reviews the code ({first.kind}): {told!r}. {_DATA}"
        case "hidden":
            title = f"{_HIDDEN.get(first.kind, 'Hidden text')} {place.where}"
            text = f"{'; '.join(dict.fromkeys(each.shown for each in several[:FEW]))}. {_SEEN}"
    return _finding(place, several, title, text, first.line)


def _advice(group: Group) -> str:
    return {"secret": _REVOKE, "injection": _DATA, "hidden": _SEEN}[group]


def _finding(place: Place, several: Sequence[Sighting], title: str, text: str, line: int) -> Finding:
    file = place.file
    path = file.path if file else ""
    severity = Severity.HIGH if any(_grave(each) for each in several) else Severity.MEDIUM
    confidence = min((each.confidence for each in several), key=lambda each: each.rank)
    quote = _text_of(file, line)[:_QUOTE]
    claim = Claim(path, line, line, quote, severity, confidence, Category.SECURITY, title, mask(text))
    anchor = Anchor("line" if line and file else "file" if file else "none", path, line, line)
    return screened_finding(claim, anchor, fingerprint_of(claim, anchor, file))


def screened_finding(claim: Claim, anchor: Anchor, fingerprint: str) -> Finding:
    """What code itself has seen needs nobody to verify it."""
    return Finding(claim, anchor, fingerprint, Provenance(SCREEN, SCREEN), verified=True, verdict_note=NOTE)


def _grave(sighting: Sighting) -> bool:
    return sighting.group == "secret" or sighting.grave


def _text_of(file: ChangedFile | None, line: int) -> str:
    if file is None or not line:
        return ""
    return next((each.text for each in file.lines() if each.new == line), "")


def secret(kind: str, line: int) -> Sighting:
    """The sighting of a credential; what it is stays untold."""
    sure = Confidence.MEDIUM if kind in SURMISED else Confidence.HIGH
    return Sighting("secret", kind, line, "", sure, grave=True)
