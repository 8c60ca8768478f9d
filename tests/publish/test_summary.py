import re
from decimal import Decimal

import pytest

from reviewer.core.conversation import parse_summary, summary_marker
from reviewer.core.finding import Severity
from reviewer.core.publication import Publication
from reviewer.core.report import Cost, FileReport
from reviewer.errors import InputError
from reviewer.publish.summary import SUMMARY_LIMIT, job_summary, summary_comment, write_job_summary
from tests.publish.conftest import HEAD, USAGE, finding, rendered

MARKER = summary_marker(HEAD, {"verdict": "findings"})


def test_the_top_says_verdict_counts_and_findings(make_report):
    assert job_summary(make_report()).split("\n\n<details>")[0] == (
        "## ❌ Reviewer: Findings\n\n"
        "**1 finding at or above high must be looked at before the merge.**\n\n"
        "🟥🟨🟦 3 findings (1 critical, 1 medium, 1 low) · 3 of 5 files reviewed, 2 not\n\n"
        "The cart's total is read from the database.\n\n"
        "| Severity | Where | What | Category | Checked |\n"
        "|---|---|---|---|---|\n"
        "| 🔴 critical | src/app.py:4 | Query built from user input | security | yes |\n"
        "| 🟡 medium | src/old.py:1-2 (deleted) | gone() is still called | api-contract | no |\n"
        "| 🔵 low | src/new name.py:40 | No test for b | testing | yes |"
    )


@pytest.mark.parametrize(
    ("critical", "low", "squares"), [(1, 2, "🟥🟦🟦"), (10, 30, "🟥" * 5 + "🟦" * 15), (1, 999, "🟥" + "🟦" * 20)]
)
def test_the_picture_shows_the_shares_and_loses_no_severity(make_report, critical, low, squares):
    some = [finding(severity=Severity.CRITICAL)] * critical + [finding(severity=Severity.LOW)] * low
    assert f"\n\n{squares} {critical + low:,} findings (" in job_summary(make_report(findings=tuple(some)))


def test_details_show_the_code(make_report):
    assert (
        "```\n"
        "      3   def total(cart):\n"
        "        -     query = QUERY\n"
        ">     4 +     query = f\"select price from items where id in ({','.join(cart)})\"\n"
        "      5 +     rows = sqlite3.connect('shop.db').execute(query)\n"
        "      6       return sum(price for (price,) in rows)\n"
        "```"
    ) in job_summary(make_report())


def test_every_file_is_there_with_its_reason(make_report):
    text = job_summary(make_report())
    assert "| src/app.py | modified +2 −1 | yes |" in text
    assert "| src/new name.py (from src/name.py) | renamed +1 −0 | yes |" in text
    assert "| logo.png | added +0 −0 | no: binary |" in text
    assert "| uv.lock | modified +40 −12 | no: lock file |" in text


def test_what_does_not_count_is_told_with_its_reason(make_report):
    text = job_summary(make_report())
    assert "3 findings that do not count" in text
    assert "refuted (the verify pass found that it does not hold): It is checked above." in text


def test_money_cache_and_memo(make_report):
    assert (
        "Cost: $0.0201 for 13,200 input and 800 output tokens. Prompt caching saved $0.0143. "
        "1 answer came from the memo, at no cost."
    ) in job_summary(make_report())


def test_batches_and_a_cache_that_did_not_pay(make_report):
    cost = Cost(Decimal("1.5"), Decimal("3"), Decimal("2.5"), USAGE)
    text = job_summary(make_report(cost=cost))
    assert "Batches saved $1.50. Prompt caching cost more than it saved, by $0.50." in text


def test_incomplete_says_what_to_do(make_report):
    text = job_summary(make_report(("No key was given. Set the secret.",)))
    assert text.startswith("## ⚠️ Reviewer: Incomplete\n\n**Incomplete: not everything")
    assert "**What is missing, and what to do:**\n\n- No key was given. Set the secret." in text


@pytest.mark.parametrize("engine", ["offline", "anthropic"])
def test_offline_is_said_in_plain_words(engine, make_report):
    report = make_report(engine=engine)
    for text in (job_summary(report), summary_comment(report, MARKER)):
        assert ("No model was used: offline engine." in text) is (engine == "offline")


def test_no_findings(make_report):
    text = job_summary(make_report(findings=()))
    assert text.startswith("## ✅ Reviewer: Pass\n\n**Pass: no findings.**\n\n3 of 5 files reviewed, 2 not")
    assert "Severity" not in text


def test_a_dry_run_shows_plan_and_estimate(dry_run):
    text = job_summary(dry_run)
    assert text.startswith("## 📝 Reviewer: Plan\n\n**Plan only: nothing was sent to a model")
    assert "Estimate: 2 requests, 15,000 input and 2,000 output tokens, about $0.0500." in text


def test_shed_work_and_channels_that_failed(make_report):
    published = [Publication("review", "failed", "HTTP 502"), Publication("json", "posted", "x.json")]
    text = job_summary(make_report(shed=("verify of 2 low findings",)), published)
    assert "**Left out under pressure:**\n\n- verify of 2 low findings" in text
    assert "**Not published:**\n\n- review failed: HTTP 502" in text
    assert "x.json" not in text


def test_findings_below_the_threshold_pass(make_report):
    report = make_report(findings=(finding(severity=Severity.LOW),))
    assert "**Pass: 1 finding, none at or above high.**" in job_summary(report)


def test_the_comment_ends_with_its_marker_and_has_no_explanations(make_report):
    text = summary_comment(make_report(), MARKER)
    assert parse_summary(text).state == {"verdict": "findings"}
    assert "| 🔴 critical | src/app.py:4 |" in text
    assert "The ids of the cart" not in text


def test_a_comment_never_grows_over_githubs_limit(make_report):
    long = tuple(finding(f"{number:016x}", title="word " * 50) for number in range(500))
    text = summary_comment(make_report(findings=long, notes=("note " * 100,) * 500), MARKER)
    assert len(text.encode("utf-16-le")) // 2 < 65_536
    assert "_450 more findings in the job summary and the JSON report._" in text
    assert parse_summary(text)


def test_in_a_comment_a_long_list_of_files_takes_nothing_else_with_it(make_report):
    files = tuple(FileReport(f"src/{'deep/' * 10}f{at}.py", None, "modified", 1, 0, True, None) for at in range(1_500))
    text = summary_comment(make_report(files=files, shed=("the verification of 3 low findings",)), MARKER)
    assert "> **Cut here:** 1 part had no room; the JSON report has all." in text
    assert "Cost: $0.0201" in text
    assert "the verification of 3 low findings" in text


def test_two_megabytes_are_cut_with_a_count_and_the_tail_stays(make_report):
    many = tuple(finding(f"{number:016x}", explanation="wörd " * 400) for number in range(1_000))
    text = job_summary(make_report(findings=many))
    assert 900_000 < len(text.encode()) < 1_048_576
    (left,) = re.findall(r"\*\*Cut here:\*\* ([\d,]+) parts had no room", text)
    assert int(left) + text.count("wörd wörd wörd") // 133 == 1_000
    assert "Cost: $0.0201" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_summary_too_long_for_the_file_is_closed_and_cut(make_report, tmp_path):
    path = tmp_path / "summary.md"
    write_job_summary("<details><summary>x</summary>\n\n```\n" + "line ü\n" * 300_000 + "```\n</details>\n", path)
    text = path.read_text("utf-8")
    assert 1_000_000 < path.stat().st_size <= SUMMARY_LIMIT
    assert text.endswith("> **Cut here:** GitHub takes 1 MiB of summary. The JSON report has the rest.\n")
    assert text.count("```") == 2
    assert text.count("</details>") == 1


def test_what_is_in_the_file_stays_and_takes_room(make_report, tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("x" * (SUMMARY_LIMIT - 2_000) + "\n")
    write_job_summary("line\n" * 1_000, path)
    assert path.read_text().startswith("xxx")
    assert path.stat().st_size <= SUMMARY_LIMIT


def test_an_unwritable_summary_is_told(tmp_path):
    with pytest.raises(InputError, match="GITHUB_STEP_SUMMARY"):
        write_job_summary("text", tmp_path)


def test_hostile_text_stays_text(hostile):
    for text in (
        job_summary(hostile, [Publication("review", "failed", "<b>@octocat</b>")]),
        summary_comment(hostile, MARKER),
    ):
        assert not {"\x1b", "\u202e", "\u200b"} & set(text)
        page = rendered(text)
        bare = re.sub(r"<code[ >].*?</code>", "", page, flags=re.DOTALL)
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>" not in page
        assert "evil.example" not in re.sub(r"<code[ >].*?</code>", "", page, flags=re.DOTALL)
        assert "@octocat" not in bare
        assert page.count("<details>") == page.count("</details>") > 0
        assert page.count("<!--") == text.count(MARKER)
