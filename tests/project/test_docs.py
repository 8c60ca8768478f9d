"""Documentation that is made from the code is up to date, and links between pages lead somewhere."""

import re
from pathlib import Path

import pytest

from reviewer.config.documentation import document

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])


def test_the_configuration_page_is_made_from_the_settings():
    assert (ROOT / "docs/configuration.md").read_text("utf-8") == document(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_commands_in_the_readme_are_known_make_targets():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {one or other for one, other in named} <= targets
