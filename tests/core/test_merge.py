import time
from dataclasses import replace
from itertools import permutations

import pytest

from reviewer.core.finding import Disposition, Provenance, Severity
from reviewer.core.merge import alike, fingerprint_of, merge, place
from tests.core.edits import change_set, changed, claim
from tests.core.findings import finding

FILE = changed("x.py", "one\ntwo\nthree", "one\ndos\nthree\ndos\n\n")
CHANGES = change_set(FILE)
ORIGIN = Provenance("file-1", "file")


def kept(findings):
    return [found for found in merge(findings) if found.disposition is Disposition.SUMMARY]


def placed(*claims):
    return place(claims, CHANGES, ORIGIN, ["x.py"])


def test_a_claim_becomes_a_finding_with_place_identity_and_origin():
    (found,) = placed(claim("./x.py", 1, "dos"))
    assert (found.anchor.path, found.anchor.start_line, found.anchor.kind) == ("x.py", 2, "line")
    assert (found.provenance, found.disposition, found.verified) == (ORIGIN, Disposition.SUMMARY, None)
    assert len(found.fingerprint) == 16
    assert set(found.fingerprint) <= set("0123456789abcdef")


def test_two_problems_on_one_line_of_one_answer_stay_two():
    findings = placed(claim(quote="dos", title="Off by one"), claim(quote="dos", title="Never closed"))
    assert len({found.fingerprint for found in findings}) == 2
    assert len(kept(findings)) == 2


@pytest.mark.parametrize("title", ["Off by one", "OFF  by one ", "空值", "!"])
def test_the_same_problem_said_again_in_one_answer_is_a_duplicate(title):
    first = claim(quote="dos", title=title.strip())
    findings = placed(first, claim(quote="dos", title="Another"), claim(quote="dos", title=title), first)
    fates = [found.disposition for found in findings]
    assert fates == [Disposition.SUMMARY, Disposition.SUMMARY, Disposition.DUPLICATE, Disposition.DUPLICATE]
    assert len(merge(findings)) == 4


@pytest.mark.parametrize("path", ["gone.py", "bare.py"])
def test_the_same_words_of_other_lines_that_the_change_does_not_show_are_no_duplicate(path):
    bare = replace(changed("bare.py", "one", "two"), content=None)
    said = [claim(path, line, quote, title="Never closed") for line, quote in ((70, "a()"), (80, "b()"), (70, "a()"))]
    findings = place(said, change_set(bare), ORIGIN, ["bare.py"])
    assert [found.anchor.start_line for found in findings] == [70, 80, 70]
    assert [found.anchor.start_line for found in kept(findings)] == [70, 80]
    assert len({found.fingerprint for found in kept(findings)}) == 2


@pytest.mark.parametrize(("one", "other"), [("空值", "泄漏"), ("Off by 1", "Off by 2"), ("a", "b")])
def test_titles_without_long_words_are_told_apart(one, other):
    findings = placed(*(claim(quote="dos", title=title) for title in (one, other)))
    assert [found.disposition for found in findings] == [Disposition.SUMMARY] * 2
    assert findings[0].fingerprint != findings[1].fingerprint


def test_a_fingerprint_is_made_from_path_category_text_side_and_occurrence():
    said = [
        claim(start=2, quote="dos"),
        claim(start=4, quote="dos"),
        claim(start=2, quote="dos", category="security"),
        claim(start=2, quote="two"),
        claim(start=5),
        claim("y.py", 2, "nowhere"),
    ]
    marks = {found.fingerprint for one in said for found in placed(one)}
    assert len(marks) == 6
    again = [found.fingerprint for found in placed(claim(start=3, quote=" dos", severity="low", title="Other"))]
    assert again == [placed(said[0])[0].fingerprint]


def test_without_a_line_the_words_of_the_title_make_the_fingerprint():
    first = placed(claim("gone.py", 2, "nowhere", title="Never closed"))[0]
    assert placed(claim("gone.py", 9, "not here", title="never: closed!"))[0].fingerprint == first.fingerprint
    assert placed(claim("gone.py", 2, "nowhere", title="Closed twice"))[0].fingerprint != first.fingerprint


def test_the_fingerprint_is_the_same_with_and_without_the_content_at_hand():
    bare = changed("x.py", "one\ntwo\nthree", "one\ndos\nthree\ndos\n\n", content=False)
    for number in (2, 4):
        (found,) = placed(claim(start=number, quote="dos"))
        assert fingerprint_of(found.claim, found.anchor, bare) == found.fingerprint


def test_what_two_passes_report_is_one_finding_with_both_origins():
    findings = [finding("Leaks the handle", 4, "file-1"), finding("The handle leaks", 4, "integration-1")]
    (one,) = kept(findings)
    assert {one.provenance.unit, *one.provenance.also} == {"file-1", "integration-1"}
    assert len(merge(findings)) == 2
    assert merge(findings)[1].disposition is Disposition.DUPLICATE


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"kind": "line"}, {"kind": "hunk", "suggestion": "x = 1", "explanation": "A longer text, all told."}),
        ({"suggestion": "x = 1", "confidence": "low"}, {"explanation": "A longer text, all told."}),
        ({"confidence": "high"}, {"confidence": "medium", "explanation": "A longer text, all told."}),
        ({"explanation": "A longer text, all told."}, {"explanation": "Short."}),
    ],
)
def test_the_better_text_is_kept(better, worse):
    for units in (("file-1", "integration-1"), ("integration-1", "file-1")):
        first, second = finding("T", 4, units[0], **better), finding("T", 4, units[1], **worse)
        for order in permutations([first, second]):
            (one,) = kept(order)
            assert (one.claim.explanation, one.provenance.unit) == (first.claim.explanation, units[0])
            assert one.provenance.also == (units[1],)


def test_the_worse_severity_is_kept_and_so_is_what_the_other_said_differently():
    one = finding("Leaks the handle", 4, "file-1", severity="low", suggestion="close()")
    other = finding("Blocks for minutes", 4, "integration-1", severity="critical")
    (joined,) = kept([one, other])
    assert (joined.claim.title, joined.severity) == ("Leaks the handle", Severity.CRITICAL)
    assert joined.notes == ("Blocks for minutes: Blocks for minutes",)


def test_no_note_is_lost_when_a_third_pass_says_it_best():
    said = [
        finding("Leaks the handle", 4, "a", fingerprint="f", severity="critical"),
        finding("Blocks for minutes", 4, "b", fingerprint="f", severity="high"),
        finding("Never closed again", 4, "c", fingerprint="f", severity="low", suggestion="close()"),
    ]
    (joined,) = kept(said)
    assert joined.claim.title == "Never closed again"
    assert {note.partition(":")[0] for note in joined.notes} == {"Leaks the handle", "Blocks for minutes"}
    assert {joined.provenance.unit, *joined.provenance.also} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({"line": 5, "fingerprint": "other"}, 2),
        ({"line": 3, "end": 6, "fingerprint": "other", "kind": "hunk"}, 1),
        ({"path": "y.py"}, 2),
        ({"side": "LEFT"}, 2),
        ({"category": "security"}, 1),
        ({"category": "security", "title": "Injection through the name"}, 2),
    ],
)
def test_the_place_and_the_words_tell_whether_it_is_the_same(other, count):
    second = finding(**{"title": "Leaks the handle", "line": 4, "unit": "integration-1", **other})
    assert len(kept([finding("Leaks the handle", 4, "file-1"), second])) == count


@pytest.mark.parametrize("fate", [Disposition.REFUTED, Disposition.SUPPRESSED])
def test_what_was_put_aside_swallows_nothing(fate):
    aside = finding("Leaks the handle", 4, "file-1", severity="critical", disposition=fate)
    merged = merge([aside, finding("Leaks the handle", 4, "integration-1", severity="low")])
    assert [found.disposition for found in merged] == [Disposition.SUMMARY, fate]
    assert merged[0].provenance.also == ()


def test_two_problems_of_one_answer_stay_two_when_another_pass_reports_one_of_them():
    first = finding("Leaks the handle", 4, "file-1", fingerprint="f")
    second = finding("Off by one at the end", 4, "file-1", fingerprint="g")
    other = finding("Off by one at the end", 4, "integration-1", fingerprint="f", severity="critical")
    for order in permutations([first, second, other]):
        found = kept(order)
        assert sorted(one.claim.title for one in found) == ["Leaks the handle", "Off by one at the end"]
        joined = next(one for one in found if one.claim.title == "Off by one at the end")
        assert {joined.provenance.unit, *joined.provenance.also} == {"file-1", "integration-1"}


def test_the_order_in_which_passes_answer_plays_no_part():
    findings = [
        finding("Leaks the handle", 4, "file-1"),
        finding("The handle leaks", 4, "integration-1", suggestion="close()"),
        finding("Off by one", 4, "integration-1", category="security", severity="low"),
        finding("Off by one", 4, "file-2", category="security", severity="low", fingerprint="z"),
        finding("Leaks the handle", 4, "file-3", disposition=Disposition.REFUTED),
    ]
    outcomes = {tuple(kept(order)) for order in permutations(findings)}
    assert len(outcomes) == 1
    assert len(outcomes.pop()) == 2


def test_findings_come_worst_first_and_none_is_lost():
    severities = ["low", "critical", "medium", "high"]
    findings = [finding(f"T{number}", number, severity=severity) for number, severity in enumerate(severities)]
    assert [str(found.severity) for found in merge(findings)] == ["critical", "high", "medium", "low"]
    assert merge([]) == []
    assert merge(merge(findings)) == merge(findings)


def test_5000_findings_of_3000_files_are_merged_in_a_second():
    findings = [finding(f"Wrong {n}", n % 7, f"file-{n % 2}", path=f"p{n % 3_000}.py") for n in range(5_000)]
    start = time.process_time()
    assert len(merge(findings)) == 5_000
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("Leaks the handle", "the handle LEAKS!", 1.0),
        ("leaks handle", "leaks memory", 1 / 3),
        ("", "", 1.0),
        ("", "leaks", 0.0),
        ("空值检查", "空值检查", 1.0),
    ],
)
def test_how_much_two_texts_share(one, other, share):
    assert alike(one, other) == pytest.approx(share)
