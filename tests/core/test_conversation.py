"""Markers and what they decide: nothing is said twice, nothing against a person."""

from typing import Any

import pytest

from reviewer.core.conversation import (
    FindingMark,
    ReviewMark,
    SummaryMark,
    finding_marker,
    parse_finding,
    parse_review,
    parse_summary,
    reconcile,
    review_marker,
    summary_marker,
    title_in,
    told_in,
    without_marker,
)
from reviewer.core.finding import Anchor, Category, Claim, Confidence, Disposition, Finding, Provenance, Severity
from reviewer.core.publication import Thread

HEAD, OLD = "a" * 40, "b" * 40


def finding(fingerprint: str, disposition: Disposition = Disposition.SUMMARY) -> Finding:
    claim = Claim("a.py", 1, 1, "x", Severity.HIGH, Confidence.HIGH, Category.CORRECTNESS, "t", "e")
    anchor = Anchor("line", "a.py", 1, 1)
    return Finding(claim, anchor, fingerprint, Provenance("u", "single"), disposition)


def thread(fingerprint: str, head: str = OLD, path: str = "a.py", **more: Any) -> Thread:
    given = {"resolved": False, "resolved_by_person": False, "answered": False} | more
    return Thread(f"T-{fingerprint}", fingerprint, head, path, 1, **given)


def test_markers_come_back_as_they_went_out() -> None:
    state = {"verdict": "findings", "note": "a -- b --> c = d\n%é", "empty": ""}

    assert parse_finding(f"text\n\n{finding_marker('f-1', HEAD)}\n") == FindingMark("f-1", HEAD)
    assert parse_review(f"text\r\n{review_marker(HEAD, '12.1')}") == ReviewMark(HEAD, "12.1")
    assert parse_review(review_marker(HEAD, "")) == ReviewMark(HEAD, "-")
    assert parse_summary(f"{summary_marker(HEAD, state)}\n# Title") == SummaryMark(HEAD, state)
    assert "--" not in summary_marker(HEAD, state)[4:-3]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        f"before\n{finding_marker('f', HEAD)}\nafter",
        f"in line {finding_marker('f', HEAD)}",
        f"<!-- reviewer:finding f {HEAD} x -->",
        "<!-- reviewer:finding f nothex -->",
    ],
)
def test_text_in_the_middle_is_no_marker(body: str) -> None:
    assert parse_finding(body) is None


@pytest.mark.parametrize(("fingerprint", "head"), [("a b", HEAD), ("-->", HEAD), ("", HEAD), ("f", "main")])
def test_parts_outside_the_grammar_are_refused(fingerprint: str, head: str) -> None:
    with pytest.raises(ValueError, match="no marker"):
        finding_marker(fingerprint, head)


def test_body_tells_which_findings_stand_in_it() -> None:
    body = f"text\n{finding_marker('f1', HEAD)}\n\nmore `{finding_marker('f2', HEAD)}`\n\n{finding_marker('f3', OLD)}"

    assert told_in(body) == {"f1", "f3"}


def test_text_without_its_marker() -> None:
    assert without_marker(f"text\n\n{review_marker(HEAD, '1')}") == "text"
    assert without_marker(" text ") == "text"


@pytest.mark.parametrize(
    ("old", "pile"),
    [
        ([], "new"),
        ([thread("f")], "known"),
        ([thread("f", head=HEAD)], "known"),
        ([thread("f", answered=True)], "known"),
        ([thread("f", resolved=True)], "new"),
        ([thread("f", resolved=True, resolved_by_person=True)], "suppressed"),
        ([thread("f", resolved=True, resolved_by_outsider=True)], "known"),
        ([thread("f", resolved=True, resolved_by_outsider=True, dismissed=True)], "suppressed"),
        ([thread("f", dismissed=True)], "suppressed"),
        ([thread("f", resolved=True, resolved_by_person=True), thread("f")], "known"),
        ([thread("other")], "new"),
    ],
)
def test_finding_goes_where_its_threads_say(old: list[Thread], pile: str) -> None:
    one = finding("f")

    done = reconcile([one], old, HEAD, reviewed=["a.py"])

    assert {name: getattr(done, name) for name in ("new", "known", "suppressed", "repeated")} == {
        "new": (), "known": (), "suppressed": (), "repeated": (), pile: (one,)
    }  # fmt: skip


def test_title_is_read_from_a_comment_and_from_nothing_else() -> None:
    assert title_in("high\n\n**Slow \\`run\\` of a\\*b**\n\nIt **is**.\n\n**Not this**\n\n") == "Slow `run` of a*b"
    assert title_in("It **is** so.") == ""


def test_force_posts_suppressed_findings_and_no_known_ones() -> None:
    old = [thread("closed", resolved=True, resolved_by_person=True), thread("open")]
    findings = [finding("closed"), finding("open")]

    done = reconcile(findings, old, HEAD, reviewed=["a.py"], force=True)

    assert (done.new, done.known, done.suppressed) == ((findings[0],), (findings[1],), ())


def test_equal_fingerprints_post_once() -> None:
    findings = [finding("f"), finding("f"), finding("g")]

    done = reconcile(findings, [], HEAD, reviewed=["a.py"])

    assert (done.new, done.repeated) == ((findings[0], findings[2]), (findings[1],))


def test_finding_told_in_a_body_is_known() -> None:
    one = finding("f")

    assert reconcile([one], [], HEAD, reviewed=[], told={"f"}).known == (one,)


@pytest.mark.parametrize("disposition", [Disposition.REFUTED, Disposition.DUPLICATE, Disposition.SUPPRESSED])
def test_findings_that_do_not_count_are_not_posted(disposition: Disposition) -> None:
    done = reconcile([finding("f", disposition)], [], HEAD, reviewed=["a.py"])

    assert done.new == done.known == ()


@pytest.mark.parametrize(
    ("old", "gone"),
    [
        (thread("fixed"), True),
        (thread("fixed", answered=True), False),
        (thread("fixed", resolved=True), False),
        (thread("fixed", dismissed=True), False),
        (thread("fixed", head=HEAD), False),
        (thread("fixed", path="unseen.py"), False),
        (thread("fixed", path="reverted.py"), True),
        (thread("still"), False),
        (thread("refuted"), True),
        (thread("merged"), False),
    ],
)
def test_threads_of_problems_that_are_gone(old: Thread, gone: bool) -> None:
    findings = [finding("still"), finding("refuted", Disposition.REFUTED), finding("merged", Disposition.DUPLICATE)]

    done = reconcile(findings, [old], HEAD, reviewed=["a.py"], changed=["a.py", "unseen.py"])

    assert done.gone == ((old.id,) if gone else ())
