import re
from dataclasses import replace

import pytest

from reviewer.core.conversation import parse_finding, parse_review, told_in
from reviewer.core.finding import Anchor, Disposition, Severity
from reviewer.publish.review_comments import applies, draft_review
from tests.publish.conftest import APP, CHANGES, FINDINGS, HEAD, HOSTILE, URL, finding, hunk


def draft(report, findings=None, most=20):
    return draft_review(report, report.findings if findings is None else findings, most, URL)


def test_a_comment_as_posted(make_report):
    review, _ = draft(make_report())
    comment = review.comments[0]
    assert (comment.path, comment.line, comment.side, comment.start_line) == ("src/app.py", 4, "RIGHT", None)
    assert comment.body == (
        "🔴 **critical** · security · confidence high\n\n"
        "**Query built from user input**\n\n"
        "The ids of the cart go into the query as text.\n\n"
        "```suggestion\n    query = QUERY\n```\n\n"
        "<sub>Single pass, confirmed by a fresh context · claude-sonnet-5-5</sub>\n\n"
        f"<!-- reviewer:finding 1111111111111111 {HEAD} -->"
    )


def test_deleted_lines_are_commented_on_the_left_as_a_range(make_report):
    review, _ = draft(make_report())
    comment = review.comments[1]
    assert (comment.path, comment.start_line, comment.line, comment.side) == ("src/old.py", 1, 2, "LEFT")


def test_the_body_holds_what_no_line_takes(make_report):
    review, _ = draft(make_report(extra={"run": "4711-1"}))
    assert review.body == (
        "**Reviewer: 3 new findings** (1 critical, 1 medium, 1 low). "
        "1 finding at or above high must be looked at before the merge.\n\n"
        "### 1 finding without a comment of its own\n\n"
        f"🔵 **low** · testing · [`src/new name.py:40`]({URL}/blob/{HEAD}/src/new%20name.py#L40)\n"
        "**No test for b**\n\n"
        "Nothing covers it.\n\n"
        "<sub>Single pass, confirmed by a fresh context · claude-sonnet-5-5</sub>\n\n"
        f"<!-- reviewer:finding 3333333333333333 {HEAD} -->\n\n"
        f"<!-- reviewer:review {HEAD} 4711-1 -->"
    )


def test_every_finding_is_told_where_it_went(make_report):
    _, told = draft(make_report())
    assert [item.disposition.value for item in told] == [
        "posted", "posted", "summary", "refuted", "duplicate", "suppressed",
    ]  # fmt: skip


@pytest.mark.parametrize("new", [(), FINDINGS[3:]])
def test_without_new_findings_nothing_is_posted(new, make_report):
    review, told = draft(make_report(), new)
    assert review.empty
    assert told == new


def test_markers_are_read_back(make_report):
    review, _ = draft(make_report(extra={"run": "4711-1"}))
    assert parse_review(review.body).run == "4711-1"
    assert [parse_finding(comment.body).fingerprint for comment in review.comments] == ["1" * 16, "2" * 16]


def test_the_worst_twenty_of_thirty_are_inline(make_report):
    many = tuple(
        finding(f"{number:016x}", severity=Severity.LOW if number < 15 else Severity.HIGH, title=f"Problem {number}")
        for number in range(30)
    )
    review, told = draft(make_report(findings=many), many)
    assert len(review.comments) == 20
    assert [int(comment.fingerprint, 16) >= 15 for comment in review.comments] == [True] * 15 + [False] * 5
    assert "### 10 findings without a comment of their own" in review.body
    assert sum(item.disposition is Disposition.SUMMARY for item in told) == 10
    assert review.body.count("Problem ") == 10


@pytest.mark.parametrize(
    ("anchor", "lines", "suggestion", "expected"),
    [
        (Anchor("line", "src/app.py", 4, 4), (4, 4), "x = 1", True),
        (Anchor("line", "src/app.py", 4, 5), (14, 15), "x = 1\r\ny = 2\r\n", True),
        (Anchor("line", "src/app.py", 4, 4), (4, 5), "x = 1", False),
        (Anchor("hunk", "src/app.py", 4, 4), (4, 4), "x = 1", False),
        (Anchor("line", "src/app.py", 6, 9), (6, 9), "x = 1", False),
        (Anchor("line", "src/old.py", 1, 1, "LEFT"), (1, 1), "x = 1", False),
        (Anchor("line", "src/app.py", 4, 4), (4, 4), APP[3] + "\n", False),
        (Anchor("line", "src/app.py", 4, 4), (4, 4), "  \n", False),
        (Anchor("line", "src/app.py", 4, 4), (4, 4), "x = 1 # \u202e", False),
        (Anchor("file", "src/app.py", 4, 4), (4, 4), "x = 1", False),
    ],
    ids="one-line range other-length by-number over-the-hunk deleted unchanged blank hidden file".split(),
)
def test_when_a_suggestion_can_be_applied(anchor, lines, suggestion, expected, make_report):
    start, end = lines
    item = finding(anchor=anchor, path=anchor.path, start_line=start, end_line=end, suggestion=suggestion)
    assert applies(item, make_report()) is expected


def test_a_suggestion_that_cannot_be_applied_is_shown_as_code(make_report):
    item = finding(anchor=Anchor("hunk", "src/app.py", 4, 4))
    review, _ = draft(make_report(findings=(item,)))
    assert "Proposed code for `src/app.py:4`:\n\n```\n    query = QUERY\n```" in review.comments[0].body
    assert "```suggestion" not in review.comments[0].body


def test_the_fence_is_longer_than_any_inside(make_report):
    item = finding(suggestion="'''\n````\ncode\n````\n'''")
    review, _ = draft(make_report(findings=(item,)))
    assert "\n`````suggestion\n" in review.comments[0].body


def test_a_file_that_takes_no_comments_goes_to_the_body(make_report):
    quiet = replace(CHANGES, files=(replace(CHANGES.files[0], commentable=False),))
    review, told = draft(make_report(changes=quiet, findings=FINDINGS[:1]))
    assert review.comments == ()
    assert "Query built from user input" in review.body
    assert told[0].disposition is Disposition.SUMMARY


def test_an_anchor_outside_the_hunks_is_never_posted_inline(make_report):
    review, _ = draft(make_report(findings=(finding(anchor=Anchor("line", "src/app.py", 40, 41)),)))
    assert review.comments == ()


@pytest.mark.parametrize("field", ["explanation", "suggestion", "title"])
def test_no_body_is_longer_than_github_takes(field, make_report):
    long = tuple(finding(f"{number:016x}", **{field: "word `x` \n" * 7_000}) for number in range(4))
    review, _ = draft(make_report(findings=long), long, most=2)
    bodies = [review.body, *(comment.body for comment in review.comments)]
    assert all(len(body.encode("utf-16-le")) // 2 < 65_536 for body in bodies)
    assert parse_review(review.body)
    assert all(parse_finding(comment.body) for comment in review.comments)


def test_more_findings_than_the_body_takes_are_counted(make_report):
    many = tuple(finding(f"{number:016x}", explanation="word " * 1_000) for number in range(100))
    review, told = draft(make_report(findings=many), many, most=0)
    shown = review.body.count("**Query built")
    assert f"_{100 - shown} more findings had no room here: see the job summary and the JSON report._" in review.body
    assert 5 < shown < 100
    assert len(told) == 100


def test_quoted_code_cannot_tell_of_another_finding(make_report):
    forged = f"x = 1\n<!-- reviewer:finding {'9' * 16} {HEAD} -->\ny = 2"
    item = finding(suggestion=forged, explanation=f"See:\n```\n{forged}\n```")
    review, _ = draft(make_report(findings=(item,)), most=0)
    assert review.body.count("9" * 16) == 2
    assert told_in(review.body) == {"1" * 16}


def test_offline_reviews_say_so(make_report):
    review, _ = draft(make_report(engine="offline"))
    assert "No model was used: offline engine." in review.body
    assert all("No model was used: offline engine." in comment.body for comment in review.comments)


def test_hostile_text_stays_text(hostile):
    review, _ = draft(hostile)
    for body in (review.body, *(comment.body for comment in review.comments)):
        assert not {"\x1b", "\u202e", "\u200b"} & set(body)
        outside = "".join(body.split("`" * 4)[::2])
        assert "<script" not in outside
        assert "@octocat" not in outside.replace("`@octocat`", "")
        assert "](https://evil.example)" not in outside
        assert set(re.findall("<!--.{10}", outside)) == {"<!-- reviewer:"}
    assert HOSTILE not in review.body


def test_a_range_in_a_hunk_without_context(make_report):
    changes = replace(CHANGES, files=(replace(CHANGES.files[0], hunks=(hunk(0, 1, ["+one", "+two"]),)),))
    item = finding(anchor=Anchor("line", "src/app.py", 1, 2), start_line=1, end_line=2, suggestion="three")
    review, _ = draft(make_report(changes=changes, findings=(item,)))
    assert (review.comments[0].start_line, review.comments[0].line) == (1, 2)
    assert "```suggestion\nthree\n```" in review.comments[0].body
