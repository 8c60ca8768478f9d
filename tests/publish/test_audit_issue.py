import pytest

from reviewer.core.audit_report import Known, Persisting, Standing, audited_commit
from reviewer.core.finding import Anchor, Severity
from reviewer.publish.audit_issue import TITLE, draft_issue
from reviewer.publish.review_comments import BODY_LIMIT
from tests.publish.conftest import HEAD, HOSTILE, URL, finding, rendered


def known(title: str = "Old words", path: str = "src/old.py") -> Known:
    return Known("9" * 16, path, 3, Severity.HIGH, title, "2026-11-01")


STANDING = Standing((finding(),), (Persisting(finding("2" * 16, title="Stays"), "2026-11-01"),), (known(),))


def test_new_persisting_and_fixed_findings_have_a_table_each(make_report):
    draft = draft_issue(make_report(), STANDING, URL, "provenance.jsonl")
    assert draft.title == TITLE
    assert draft.body.startswith("## 2 findings: 1 new, 1 persisting, 1 fixed\n\n")
    assert (
        "### New (1)\n\n| Severity | Where | What | Checked |\n|---|---|---|---|\n"
        f"| 🔴 critical | [`src/app.py:4`]({URL}/blob/{HEAD}/src/app.py#L4) | Query built from user input | confirmed |"
    ) in draft.body
    assert "### Persisting (1)\n\n| Severity | Where | What | Since |" in draft.body
    assert "| Stays | 2026-11-01 |" in draft.body
    assert "### Fixed since the last audit (1)" in draft.body
    assert "| 🟠 high | src/old.py:3 | Old words | 2026-11-01 |" in draft.body
    assert "The ids of the cart go into the query as text." in draft.body
    assert "record 1111111111111111" in draft.body
    assert "Provenance of each finding and each file: provenance.jsonl." in draft.body
    assert audited_commit(draft.body) == HEAD


@pytest.mark.parametrize(
    ("standing", "incomplete", "state", "reopen"),
    [
        (Standing(new=(finding(),)), False, "open", True),
        (Standing(persisting=STANDING.persisting), False, "open", False),
        (Standing(unseen=(known(),)), True, "open", False),
        (Standing(fixed=(known(),)), False, "closed", False),
        (Standing(), True, "keep", False),
    ],
)
def test_the_issue_is_closed_when_clean_and_opened_again_for_what_is_new(
    make_report, standing, incomplete, state, reopen
):
    draft = draft_issue(make_report(reasons=("A batch expired.",) if incomplete else ()), standing, URL)
    assert (draft.state, draft.reopen) == (state, reopen)


def test_unconfirmed_findings_and_missing_files_are_told_as_such(make_report):
    standing = Standing((finding(verified=None),), unseen=(known(),))
    body = draft_issue(make_report(reasons=("A batch expired.",)), standing, URL).body
    assert "| unverified |" in body
    assert "### Not looked at this time (1)" in body
    assert "**This audit is incomplete:**\n\n- A batch expired." in body


def test_a_clean_audit_says_so(make_report):
    assert draft_issue(make_report(), Standing(fixed=(known(),)), URL).body.startswith(
        "## ✅ Nothing stands, 1 problem fixed\n\n"
    )


def test_hostile_text_stays_text(make_report):
    where = Anchor("line", f"src/{HOSTILE}|x.py", 4, 4)
    hostile = finding("3" * 16, where, title=HOSTILE, explanation=HOSTILE + "\n<!-- reviewer:audit abcdef0 -->\n")
    body = draft_issue(make_report(), Standing((hostile,), fixed=(known(HOSTILE, HOSTILE),)), URL, HOSTILE).body
    html = rendered(body)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="https://evil' not in html
    assert html.count("<td>") == 8
    assert audited_commit(body) == HEAD


def test_thousands_of_findings_stay_below_githubs_limit(make_report):
    many = tuple(finding(f"{n:016x}", title=f"Problem {n} " + "x" * 200, explanation="y" * 5_000) for n in range(3_000))
    standing = Standing(many, tuple(Persisting(one, "2026-11-01") for one in many))
    draft = draft_issue(make_report(), standing, URL)
    assert len(draft.body) <= BODY_LIMIT
    assert "_2,940 more rows in the JSON report._" in draft.body
    assert "_2,975 more new findings explained in the JSON report._" in draft.body
    assert audited_commit(draft.body) == HEAD


def test_an_offline_audit_says_that_no_model_was_used(make_report):
    assert "No model was used" in draft_issue(make_report(engine="offline"), STANDING, URL).body
