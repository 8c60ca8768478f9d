"""The report as a reader meets it: looks, filter, keys, phone, access, hostile text, and without script."""

from dataclasses import replace

import pytest

from reviewer.core.report import FileReport
from tests.browser.material import audit, hostile
from tests.publish.conftest import HOSTILE

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
SCROLL = "document.documentElement.scrollWidth"


@THEMES
def test_a_picture_in_each_theme(opened, night, tmp_path, theme):
    page = opened(night, color_scheme=theme).page
    page.screenshot(path=tmp_path / f"{theme}.png")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert (tmp_path / f"{theme}.png").stat().st_size > 20_000
    assert ground == {"light": "rgb(246, 245, 242)", "dark": "rgb(19, 21, 25)"}[theme]


def test_the_theme_can_be_turned(opened, night):
    page = opened(night).page
    button = page.locator("#theme")
    seen = []
    for _ in range(3):
        button.click()
        seen.append((button.text_content(), page.evaluate("getComputedStyle(document.body).backgroundColor")))

    light, dark = "rgb(246, 245, 242)", "rgb(19, 21, 25)"
    assert seen == [("Theme: light", light), ("Theme: dark", dark), ("Theme: system", light)]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("dark", 375)])
def test_axe_finds_nothing(opened, theme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(audit(7, 9), color_scheme=theme, width=width).page
    page.locator("#unfold").click()
    page.evaluate("document.querySelectorAll('details.more').forEach((one) => { one.open = true; })")
    # What is far below is not laid out, and axe would not look at it.
    page.set_viewport_size({"width": width, "height": 7_000})
    found = axe.run(page).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


@pytest.mark.parametrize(
    ("selector", "value", "shown"),
    [
        ("#category", "testing", 8),
        ("#disposition", "refuted", 2),
        ("#disposition", "", 60),
        ("#since", "new", 12),
        ("#since", "persisting", 46),
    ],
)
def test_picking_shows_only_what_fits(opened, night, selector, value, shown):
    report = opened(night)
    before = report.shown()
    report.page.select_option(selector, value)

    assert (before, report.shown()) == (58, shown)
    assert report.page.locator("#shown").evaluate("(one) => one.value") == f"{shown} of 60 shown"


def test_severities_are_switched_off(opened, night):
    report = opened(night)
    for name in ("critical", "high", "medium"):
        report.page.locator(f".chip.{name} input").uncheck()

    assert report.shown() == 17
    assert set(report.page.locator(".finding:visible .badge").all_text_contents()) == {"low"}


@pytest.mark.parametrize(
    ("words", "shown"), [("rounded TWICE", 9), ("payment fails stays settled", 58), ("shop/cart", 14), ("zebra", 0)]
)
def test_search_looks_at_title_text_and_path(opened, night, words, shown):
    report = opened(night)
    report.page.fill("#search", words)

    assert report.shown() == shown
    assert report.page.locator("#none").is_visible() is (shown == 0)


def test_the_keys(opened, night):
    page = opened(night).page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.parentElement === document.querySelectorAll('.finding')[1]")
    before = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    after = page.evaluate("document.activeElement.parentElement.open")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("/")
    page.keyboard.type("zebra/j")
    typed = page.locator("#search").input_value()
    page.keyboard.press("Escape")

    assert (second, before, after, outline, typed) == (True, True, False, "solid", "zebra/j")
    assert page.locator("#search").input_value() == ""


def test_the_skip_link_comes_first(opened, night):
    page = opened(night).page
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert first == "Skip to the findings"
    assert page.evaluate("document.activeElement.id") == "search"


def test_the_map_filters_and_lets_go_again(opened, night):
    report = opened(night)
    page = report.page
    cell = page.locator(".map.wide .cell[aria-label*='high']").first
    path = cell.get_attribute("data-path")
    cell.click()
    limited = report.shown()
    groups = page.locator(".file:visible").evaluate_all("all => all.map((one) => one.dataset.path)")
    told = page.locator("#path").text_content()
    page.locator("#path").click()

    assert (groups, told) == ([path], f"Only {path} ✕")
    assert 0 < limited < report.shown() == 58


def test_the_map_is_one_stop_and_its_cells_are_named(opened, night):
    page = opened(night).page
    cells = page.locator(".map.wide .cell")
    page.locator(".map.wide .cell").first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")

    assert page.locator(".map.wide .cell[tabindex='0']").count() == 1
    assert focused == cells.nth(1).get_attribute("aria-label")
    assert all(name and " lines, " in name for name in cells.evaluate_all("all => all.map((one) => one.ariaLabel)"))
    assert page.locator("#path").is_visible()


def test_a_permalink_opens_its_finding(opened, night):
    page = opened(night).page
    last = page.locator(".finding").last
    page.evaluate("(id) => { location.hash = id; }", last.get_attribute("id"))

    assert last.evaluate("(one) => one.open")
    assert last.evaluate("(one) => { const box = one.getBoundingClientRect(); return box.top < innerHeight; }")


TOP = "(one) => one.getBoundingClientRect().top - document.getElementById('filter').getBoundingClientRect().bottom"


@pytest.mark.parametrize("kind", ["uncounted", "low"])
def test_a_permalink_wins_over_what_is_filtered_out(opened, night, kind):
    page = opened(night).page
    page.locator(".chip.low input").uncheck()
    asked = page.locator(f".finding.{kind}").first
    page.evaluate("(id) => { location.hash = id; }", asked.get_attribute("id"))

    assert asked.evaluate("(one) => one.checkVisibility() && one.open")
    page.wait_for_function(f"({TOP})(document.querySelector('.finding:target')) > 0")


def test_an_address_that_is_no_permalink_does_nothing(opened, night):
    report = opened(night)
    report.page.evaluate("location.hash = '%E0%A4%A'")

    assert report.shown() == 58


@pytest.mark.parametrize("key", ["k", "Shift+Tab"])
def test_what_has_the_focus_is_not_under_the_bar(opened, night, key):
    page = opened(night).page
    page.locator(".finding > summary").nth(20).focus()
    hidden = []
    for _ in range(12):
        page.keyboard.press(key)
        hidden.append(page.evaluate(f"({TOP})(document.activeElement)"))

    assert min(hidden) >= 0


def test_small_files_without_a_folder_are_only_those_that_have_no_cell(opened):
    night = audit(9, 3)
    small = [FileReport(name, None, "changed", 0, 0, True, None, 1) for name in ("a.ini", "b.ini")]
    report = opened(replace(night, files=(*(replace(file, size=9_000) for file in night.files), *small)))
    report.page.locator(".map.wide .cell[data-path='/']").click()

    assert report.page.locator("#path").text_content() == "Only small files ✕"
    assert report.shown() == 0


def test_paper_shows_whole_code_and_whole_tables(opened, night):
    page = opened(night, width=720, color_scheme="dark").page
    page.locator("#theme").click()
    page.locator("#theme").click()
    page.emulate_media(media="print")
    cut = "[...document.querySelectorAll('.code, .scroll')].filter((one) => one.scrollWidth > one.clientWidth)"
    cut += ".map((one) => [one.ariaLabel, one.scrollWidth, one.clientWidth])"

    assert page.evaluate(cut) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 245, 242)"
    assert page.evaluate("getComputedStyle(document.querySelector('.file')).contentVisibility") == "visible"


def test_a_finding_links_to_its_record(opened, night):
    page = opened(night).page
    finding = page.locator(".finding").first
    finding.locator("details.more > summary").click()
    record = finding.locator(".record").text_content()
    link = finding.locator(".origin a")

    assert f'"id":"finding-{finding.get_attribute("id")}"' in record
    assert (link.get_attribute("href"), link.text_content()) == (
        "./report.provenance.jsonl",
        "report.provenance.jsonl",
    )


@pytest.mark.parametrize("width", [375, 800])
def test_nothing_is_wider_than_the_screen(opened, night, width):
    page = opened(night, width=width, height=812).page
    page.locator("#unfold").click()
    page.evaluate("document.querySelectorAll('details.more').forEach((one) => { one.open = true; })")
    page.set_viewport_size({"width": width, "height": 20_000})

    assert page.evaluate(SCROLL) == width
    assert page.locator(".map.narrow").is_visible() is (width == 375)


def test_hostile_text_does_nothing(opened):
    text = HOSTILE + "x" * 500 + '"><img src=x onerror=alert(1)><style>*{display:none}</style></pre></details>'
    report = opened(hostile(audit(8, 6), text), width=375)
    report.page.locator("#unfold").click()

    assert report.page.evaluate(SCROLL) == 375
    assert report.page.locator("img, iframe, .finding style, .finding script").count() == 0
    assert report.shown() == 8


def test_everything_can_be_read_without_script(opened, night):
    report = opened(night, java_script_enabled=False)
    page = report.page

    assert page.locator(".finding").count() == 60
    assert page.locator("#filter").is_hidden()
    assert page.locator("#theme").is_hidden()
    page.locator(".finding:not([open]) > summary").first.click()
    assert page.locator(".finding .prose").first.is_visible()
