"""What Reviewer said before on a pull request, and what it has to say now: nothing twice, nothing against a person.

Hidden markers tie comments to findings. The grammar, one line that is the first or the last of a body:

    <!-- reviewer:finding FINGERPRINT HEAD -->       an inline comment
    <!-- reviewer:review HEAD RUN -->                a review's body
    <!-- reviewer:summary HEAD [KEY=VALUE ...] -->   the summary comment, with the state that the next run reads

FINGERPRINT and RUN are of letters, digits, `.`, `_`, `-`; HEAD is a commit id; VALUEs are percent-encoded. A marker
counts only in one's own comments. In the middle of a body it says nothing of the body; finding markers in a review's
body tell which findings stand there for lack of a line of their own (`told_in`).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from reviewer.core.finding import Disposition, Finding
from reviewer.core.publication import Thread

_NAME = r"[A-Za-z0-9._-]{1,80}"
_SHA = r"[0-9a-f]{7,64}"
_PAIR = r"[a-z0-9-]{1,40}=[A-Za-z0-9._~%-]*"
_FINDING = rf"<!-- reviewer:finding (?P<fingerprint>{_NAME}) (?P<head>{_SHA}) -->"
_REVIEW = rf"<!-- reviewer:review (?P<head>{_SHA}) (?P<run>{_NAME}) -->"
_SUMMARY = rf"<!-- reviewer:summary (?P<head>{_SHA})(?P<state>(?: {_PAIR})*) -->"

NO_RUN = "-"
"""Stands for the run in a marker where the run has no name."""


@dataclass(frozen=True, slots=True)
class FindingMark:
    """Which finding an inline comment is about, and the head commit it was made for."""

    fingerprint: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """Which run posted a review, and for which head commit."""

    head_sha: str
    run: str


@dataclass(frozen=True, slots=True)
class SummaryMark:
    """The head commit that the summary comment speaks of, and what its run left for the next."""

    head_sha: str
    state: Mapping[str, str] = field(default_factory=dict)


def finding_marker(fingerprint: str, head_sha: str) -> str:
    """The hidden line of an inline comment. ValueError for parts outside the grammar."""
    return _checked(_FINDING, f"<!-- reviewer:finding {fingerprint} {head_sha} -->")


def review_marker(head_sha: str, run: str) -> str:
    """The hidden line of a review's body; `run` is unique to the run, so that a lost answer can be looked up."""
    return _checked(_REVIEW, f"<!-- reviewer:review {head_sha} {run or NO_RUN} -->")


def summary_marker(head_sha: str, state: Mapping[str, str] | None = None) -> str:
    """The hidden line of the summary comment, with the state in it."""
    pairs = "".join(f" {key}={_encoded(value)}" for key, value in (state or {}).items())
    return _checked(_SUMMARY, f"<!-- reviewer:summary {head_sha}{pairs} -->")


def parse_finding(body: str) -> FindingMark | None:
    """The marker of an inline comment, if it has one."""
    found = _search(_FINDING, body)
    return FindingMark(found["fingerprint"], found["head"]) if found else None


def parse_review(body: str) -> ReviewMark | None:
    """The marker of a review's body, if it has one."""
    found = _search(_REVIEW, body)
    return ReviewMark(found["head"], found["run"]) if found else None


def parse_summary(body: str) -> SummaryMark | None:
    """The marker of a summary comment, if it has one."""
    found = _search(_SUMMARY, body)
    if not found:
        return None
    pairs = (pair.partition("=") for pair in found["state"].split())
    return SummaryMark(found["head"], {key: unquote(value) for key, _, value in pairs})


def told_in(body: str) -> frozenset[str]:
    """Fingerprints of the findings that stand in a review's body."""
    return frozenset(found["fingerprint"] for found in re.finditer(rf"(?:\A|(?<=\n)){_FINDING}(?=\s|\Z)", body))


def title_in(body: str) -> str:
    """The title of the finding that an inline comment tells: its own line, in bold, without Markdown's escapes."""
    found = re.search(r"(?:\A|\n\n)\*\*(?P<title>[^\n]+)\*\*(?=\n\n)", body.replace("\r\n", "\n"))
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", found["title"]) if found else ""


def without_marker(body: str) -> str:
    """The text around a first or last line that is a marker of any kind."""
    for pattern in (_FINDING, _REVIEW, _SUMMARY):
        found = _search(pattern, body)
        if found:
            return (body[: found.start()] + body[found.end() :]).strip()
    return body.strip()


def _encoded(value: str) -> str:
    # Two hyphens may end an HTML comment early.
    return quote(value, safe="").replace("--", "%2D%2D")


def _checked(pattern: str, marker: str) -> str:
    if not re.fullmatch(pattern, marker):
        message = f"{marker!r} is no marker of Reviewer's grammar"
        raise ValueError(message)
    return marker


def _search(pattern: str, body: str) -> re.Match[str] | None:
    last = re.search(rf"(?:\A|(?<=\n)){pattern}\s*\Z", body)
    return last or re.match(rf"\s*{pattern}[ \t]*(?=\r?\n|\Z)", body)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What to do with this run's findings and the threads of earlier runs. Each finding that counts is in one pile.

    new: to post. repeated: says the same as another finding of this run. known: posted before, by a thread that stands.
    suppressed: a person resolved or dismissed its thread. gone: ids of threads to resolve.
    """

    new: tuple[Finding, ...] = ()
    repeated: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    gone: tuple[str, ...] = ()


def reconcile(
    findings: Sequence[Finding],
    threads: Sequence[Thread],
    head_sha: str,
    *,
    reviewed: Collection[str],
    changed: Collection[str] | None = None,
    told: Collection[str] = (),
    force: bool = False,
) -> Conversation:
    """Sort this run's findings against Reviewer's own threads. `force` posts suppressed findings anew.

    `reviewed` are the paths that this run reviewed: of others nobody can say that a finding is gone. `changed`, if
    given, are all paths of the change; a thread on any other is gone, since the change no longer touches its file.
    `told` are fingerprints that stand in the bodies of earlier reviews: known, unless a thread says otherwise.
    A thread that Reviewer itself resolved does not keep a finding silent when the problem comes back.
    """
    history = dict.fromkeys(told, "known") | _history(threads)
    piles: dict[str, list[Finding]] = {"new": [], "repeated": [], "known": [], "suppressed": []}
    seen: set[str] = set()
    for finding in findings:
        if finding.counts:
            state = "repeated" if finding.fingerprint in seen else history.get(finding.fingerprint, "new")
            piles["new" if force and state == "suppressed" else state].append(finding)
            seen.add(finding.fingerprint)
    found = {finding.fingerprint for finding in findings if finding.disposition is not Disposition.REFUTED}
    return Conversation(
        gone=tuple(thread.id for thread in threads if _gone(thread, found, head_sha, reviewed, changed)),
        **{name: tuple(pile) for name, pile in piles.items()},
    )


def _history(threads: Sequence[Thread]) -> dict[str, str]:
    """`known` or `suppressed` by fingerprint; a thread that stands open outweighs one that was closed before."""
    history: dict[str, str] = {}
    for thread in threads:
        if thread.dismissed or thread.resolved_by_person:
            history.setdefault(thread.fingerprint, "suppressed")
        elif not thread.resolved or thread.resolved_by_outsider:
            history[thread.fingerprint] = "known"
    return history


def still_counting(findings: Sequence[Finding], threads: Sequence[Thread]) -> tuple[str, ...]:
    """A note where findings count although their threads are resolved: by whom, and who could settle them."""
    resolved = {thread.fingerprint for thread in threads if thread.resolved_by_outsider}
    count = sum(finding.counts and finding.fingerprint in resolved for finding in findings)
    if not count:
        return ()
    return (
        f"Findings that the pull request's author resolved and that still count: {count}. The author may not write to "
        "this repository; somebody who may can settle them, by hiding the comment or resolving its thread anew.",
    )


def _gone(
    thread: Thread, found: set[str], head_sha: str, reviewed: Collection[str], changed: Collection[str] | None
) -> bool:
    """Whether a thread's problem is no longer there.

    One that was posted for this very head is not gone: the code is the same, only the model's answer is another.
    """
    if thread.resolved or thread.answered or thread.dismissed:
        return False
    if thread.fingerprint in found or thread.head_sha == head_sha:
        return False
    return thread.path in reviewed or (changed is not None and thread.path not in changed)
