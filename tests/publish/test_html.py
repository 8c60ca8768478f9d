import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reviewer.guard.html import sha256
from reviewer.guard.outgoing import protecting
from reviewer.publish.html import html_page, write_html
from tests.browser.material import audit
from tests.publish.conftest import FILES, finding


class Page(HTMLParser):
    """Tags, their attributes, and the text outside style and script."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inline: dict[str, str] = {}
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.lasttag in ("style", "script") and self.lasttag not in self.inline:
            self.inline[self.lasttag] = data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_verdict_and_coverage_at_a_glance(make_report):
    text = Page(html_page(make_report())).text
    assert "Add totals Findings : 1 finding at or above high must be looked at before the merge." in text
    assert "Coverage 3 / 5 3 of 5 files reviewed, 2 not" in text
    assert "Cost $0.0201 instead of $0.0344" in text
    assert "Input from the cache 68 % 9,000 of 13,200 tokens" in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"findings": ()}, "Pass : No findings. "),
        ({"findings": (), "reasons": ("x",)}, "Incomplete : Not everything that should have been reviewed was. "),
        ({"fail_on": "never"}, "Pass : 3 findings, the check never fails for findings. "),
        ({"plan_only": True}, "Plan : Nothing was sent to a model, so there is no review. "),
    ],
)
def test_the_verdict_is_said_once(changes, told, make_report):
    assert f"Add totals {told}" in Page(html_page(make_report(**changes))).text


def test_every_finding_is_there_grouped_by_file(make_report):
    page = Page(html_page(make_report()))
    shown = [item for item in page.attributes("details") if "data-disposition" in item]
    assert [item["data-disposition"] for item in shown] == [
        "summary", "refuted", "duplicate", "suppressed", "summary", "summary",
    ]  # fmt: skip
    sections = [item["aria-label"] for item in page.attributes("section") if item.get("class") == "file"]
    assert sections == ["src/app.py", "src/old.py", "src/new name.py"]


def test_the_policy_names_the_style_and_script_that_are_there(make_report):
    page = Page(html_page(make_report()))
    policy = next(item["content"] for item in page.attributes("meta") if "http-equiv" in item)
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{sha256(page.inline['script'])}'" in policy
    assert f"style-src 'sha256-{sha256(page.inline['style'])}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("kind", ["findings", "hostile"])
def test_nothing_is_loaded_and_nothing_runs_from_attributes(kind, make_report, hostile):
    page = Page(html_page({"findings": make_report(), "hostile": hostile}[kind]))
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "style", "action", "srcset", "poster", "data", "xlink:href"}
    assert not [name for name in names if name.startswith("on")]
    assert [tag for tag, _ in page.tags if tag in ("img", "link", "iframe", "object", "use", "image")] == []
    assert {item["href"][:1] for item in page.attributes("a")} == {"#"}


def test_hostile_text_stays_text(hostile):
    source = html_page(hostile)
    page = Page(source)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not {"\x1b", "\u202e", "\u200b"} & set(source)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "<!--" not in source.replace("&lt;!--", "")


def test_code_is_marked_and_numbered(make_report):
    source = html_page(make_report())
    assert '<span class="line add meant"><span class="no">    4 + </span>' in source
    assert '<span class="line del"><span class="no">      - </span>    query = QUERY' in source
    assert '<span class="k">def</span> <span class="f">total</span>(cart):' in source


def test_backticks_become_code_only_in_pairs(make_report):
    paired = finding(explanation="Use `x < y`.\n\nNot ``.")
    single = finding(explanation="A lone ` stays.")
    source = html_page(make_report(findings=(paired, single)))
    assert "<p>Use <code>x &lt; y</code>.</p>" in source
    assert "<p>A lone ` stays.</p>" in source
    assert "<p>Not ``.</p>" in source


def test_provenance_of_each_finding(make_report):
    text = Page(html_page(make_report())).text
    assert "Where this comes from: single pass, confirmed by a fresh context" in text
    assert "message msg_1 request req_1 attempt 1" in text
    assert "ab" * 32 in text


def test_incomplete_offline_and_empty(make_report):
    text = Page(html_page(make_report(("No key was given. Set the secret.",), findings=(), engine="offline"))).text
    assert "What is missing, and what to do No key was given. Set the secret." in text
    assert "No model was used: offline engine." in text
    assert "No findings in what was reviewed." in text
    assert 'id="filter"' not in html_page(make_report(findings=()))


def test_a_dry_run_shows_the_estimate(dry_run):
    text = Page(html_page(dry_run)).text
    assert "Plan : Nothing was sent to a model, so" in text
    assert "Cost $0.0500 estimate" in text
    assert "Paid" not in text


def test_labels_and_headings_for_every_control(make_report):
    page = Page(html_page(make_report()))
    assert page.attributes("html") == [{"lang": "en"}]
    assert all(item.get("type") in ("search", "checkbox") for item in page.attributes("input"))
    regions = [item for _, item in page.tags if item.get("role") == "region"]
    assert all(item["tabindex"] == "0" and item["aria-label"] for item in regions)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_file_is_written_whole(make_report, tmp_path):
    assert write_html(make_report(), tmp_path / "a" / "report.html").detail == str(tmp_path / "a" / "report.html")
    assert (tmp_path / "a" / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_large_page_keeps_no_secret_wherever_it_stands(make_report, tmp_path):
    key = "sk-ant-api03-Zm9v/1234"
    files = tuple(replace(FILES[0], path=f"{key}/{number}.py", old_path=f"{number}/{key}") for number in range(2_000))
    with protecting([key]):
        write_html(make_report(files=files), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert key not in text
    assert text.count("[redacted]") >= 4_000


def test_every_finding_has_a_permalink_of_its_own(make_report):
    page = Page(html_page(make_report(findings=(finding(), finding(), finding("2" * 16)))))
    ids = [item["id"] for item in page.attributes("details") if "data-disposition" in item]
    assert ids == ["1111111111111111", "1111111111111111-2", "2222222222222222"]
    assert {f"#{one}" for one in ids} <= {item["href"] for item in page.attributes("a")}
    everything = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(everything) == len(set(everything))


def test_passes_are_summed_by_kind(make_report):
    text = Page(html_page(make_report())).text
    assert "single claude-sonnet-5-5 sync 1 1 13,200 68 % 800 $0.0201" in text
    assert "verify claude-sonnet-5-5 sync 1 1 1 known 0 0 % 0 $0.00" in text


NIGHT = audit(20, 24)


def test_an_audit_tells_what_is_new_persists_and_is_fixed():
    text = Page(html_page(NIGHT)).text
    assert "Since the last audit 4 new 16 persisting, 1 fixed" in text
    assert "high The cart is not locked shop/cart/m000.py:12 2026-11-02" in text
    assert "The last 12 audits" in text
    assert "2026-11-12 complete 3 6 5 6 0 0 120 / 122 $0.33 $0.66" in text


def test_a_first_audit_has_nothing_to_compare_with():
    text = Page(html_page(replace(NIGHT, history=None))).text
    assert "Since the last audit" not in text
    assert "The last" not in text


def test_a_finding_carries_its_record_and_names_its_line():
    source = html_page(NIGHT)
    first = NIGHT.findings[0].fingerprint
    assert '<a href="./report.provenance.jsonl">report.provenance.jsonl</a>, line 1:<pre class="record">' in source
    assert f'<pre class="record"><code>{{"id":"finding-{first}"' in source


def test_an_evil_name_of_the_records_is_no_address():
    history = replace(NIGHT.history, evidence='javascript:alert(1)"><img>.jsonl')
    links = {item["href"] for item in Page(html_page(replace(NIGHT, history=history))).attributes("a")}
    assert {link for link in links if not link.startswith("#")} == {"./javascript%3Aalert%281%29%22%3E%3Cimg%3E.jsonl"}


def test_many_files_and_requests_are_bounded_and_the_rest_is_counted():
    many = audit(1, 6_000)
    text = Page(html_page(many)).text
    assert "Those not reviewed come first; 4,002 more files in the JSON report." in text
    assert "The first 500; the JSON report has all." in text
