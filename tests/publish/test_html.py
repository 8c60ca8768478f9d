import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reviewer.guard.html import sha256
from reviewer.publish.html import html_page, write_html
from tests.publish.conftest import finding


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
    assert "Findings Add totals 1 finding at or above high must be looked at before the merge." in text
    assert "Coverage 3 / 5 3 of 5 files reviewed, 2 not" in text
    assert "Cost $0.0201 saved $0.0143 by caching" in text


def test_every_finding_is_there_grouped_by_file(make_report):
    page = Page(html_page(make_report()))
    articles = page.attributes("article")
    assert [item["data-disposition"] for item in articles] == [
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
    assert not names & {"src", "href", "style", "action", "srcset", "poster", "data"}
    assert not [name for name in names if name.startswith("on")]
    assert [tag for tag, _ in page.tags if tag in ("img", "link", "iframe", "object", "a")] == []


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
    assert '<span class="line add meant"><span class="no">4</span><span class="mark">+</span>' in source
    assert '<span class="line del"><span class="no"></span><span class="mark">-</span>' in source


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
    assert "request req_1 message msg_1" in text
    assert "ab" * 32 in text


def test_incomplete_offline_and_empty(make_report):
    text = Page(html_page(make_report(("No key was given. Set the secret.",), findings=(), engine="offline"))).text
    assert "What is missing, and what to do No key was given. Set the secret." in text
    assert "No model was used: offline engine." in text
    assert "No findings in what was reviewed." in text
    assert 'id="filter"' not in html_page(make_report(findings=()))


def test_a_dry_run_shows_the_estimate(dry_run):
    text = Page(html_page(dry_run)).text
    assert "Plan only: nothing was sent to a model" in text
    assert "Cost $0.0500 estimate" in text


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
