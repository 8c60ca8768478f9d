import pytest

from reviewer.core.audit_report import (
    Known,
    audited_commit,
    compare,
    dump_known,
    issue_marker,
    load_known,
    remembered,
)
from reviewer.core.finding import Disposition, Severity
from tests.core.findings import finding

COMMIT = "c0ffee" * 6 + "abcd"


def known(fingerprint: str, path: str = "x.py", title: str = "Old words", since: str = "2026-11-01") -> Known:
    return Known(fingerprint, path, 3, Severity.HIGH, title, since)


def test_findings_are_new_persisting_or_fixed_by_fingerprint():
    now = [finding("New one", fingerprint="a"), finding("Still there", fingerprint="b")]
    found = compare(now, [known("b"), known("c")], {"x.py"}, {"x.py"})
    assert [each.fingerprint for each in found.new] == ["a"]
    assert [(each.finding.fingerprint, each.since) for each in found.persisting] == [("b", "2026-11-01")]
    assert (found.fixed, found.unseen, found.open) == ((known("c"),), (), 2)


@pytest.mark.parametrize(
    ("looked_at", "present", "pile"),
    [({"x.py"}, {"x.py"}, "fixed"), (set(), set(), "fixed"), (set(), {"x.py"}, "unseen")],
)
def test_nothing_is_called_fixed_that_was_not_looked_at(looked_at, present, pile):
    found = compare([], [known("c")], looked_at, present)
    assert getattr(found, pile) == (known("c"),)
    assert len(found.fixed) + len(found.unseen) == 1


def test_what_a_fresh_look_refutes_is_not_called_fixed():
    now = [finding(fingerprint="c", disposition=Disposition.REFUTED)]
    found = compare(now, [known("c")], {"x.py"}, {"x.py"})
    assert (found.refuted, found.fixed, found.new, found.open) == ((known("c"),), (), (), 0)


def test_an_edited_line_keeps_its_problem_by_like_words_in_the_same_file():
    now = [finding("Cache is never invalidated after writes", fingerprint="new")]
    before = [known("old", title="Cache never invalidated after writes")]
    found = compare(now, before, {"x.py"}, {"x.py"})
    assert [each.since for each in found.persisting] == ["2026-11-01"]
    assert (found.new, found.fixed) == ((), ())
    elsewhere = compare(now, [known("old", "y.py", before[0].title)], {"x.py", "y.py"}, {"x.py", "y.py"})
    assert (len(elsewhere.new), len(elsewhere.fixed)) == (1, 1)


def test_one_finding_stands_for_one_earlier_finding_only():
    now = [finding("Cache is never invalidated", fingerprint="new")]
    before = [known("one", title="Cache is never invalidated"), known("two", title="Cache is never invalidated")]
    found = compare(now, before, {"x.py"}, {"x.py"})
    assert (len(found.persisting), len(found.fixed), len(found.new)) == (1, 1, 0)


def test_duplicates_and_suppressed_findings_do_not_count():
    now = [finding(fingerprint=str(each), disposition=each) for each in (Disposition.DUPLICATE, Disposition.SUPPRESSED)]
    assert compare(now, [], {"x.py"}, {"x.py"}).open == 0


def test_new_findings_come_worst_first():
    now = [finding(fingerprint="low", severity="low"), finding(fingerprint="critical", severity="critical")]
    assert [each.fingerprint for each in compare(now, [], set(), set()).new] == ["critical", "low"]


def test_what_stands_is_remembered_with_the_day_it_was_first_seen():
    now = [finding("New", 7, fingerprint="a", severity="low"), finding("Kept", fingerprint="b")]
    standing = compare(now, [known("b"), known("gone"), known("hidden", "y.py")], {"x.py"}, {"x.py", "y.py"})
    kept = remembered(standing, "2026-11-21")
    assert [(each.fingerprint, each.since) for each in kept] == [
        ("a", "2026-11-21"),
        ("b", "2026-11-01"),
        ("hidden", "2026-11-01"),
    ]
    assert kept[0] == Known("a", "x.py", 7, Severity.LOW, "New", "2026-11-21")
    assert load_known(dump_known(kept)) == kept


@pytest.mark.parametrize("text", ["", "{}x", '[{"path": "a"}]', "[1]", '[{"severity": "awful"}]'])
def test_other_text_is_no_memory(text):
    with pytest.raises(ValueError, match=r"."):
        load_known(text)


def test_the_marker_is_the_last_line_and_names_the_commit():
    marker = issue_marker(COMMIT)
    assert audited_commit(f"Text\n\n{marker}\r\n") == COMMIT
    assert audited_commit(f"{marker}\n\nText") is None
    with pytest.raises(ValueError, match="no commit id"):
        issue_marker("HEAD -->")
