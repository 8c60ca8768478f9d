"""Pages say what is there: links lead somewhere, parts made from the code are fresh, what is named exists."""

import re
from pathlib import Path

import pytest

from reviewer import __version__
from reviewer.config.documentation import document
from reviewer.config.loading import load, schema
from reviewer.publish.json_report import SCHEMA_URL
from tests.faults.page import page
from tests.project.act import PROJECT
from tests.project.pages import PAGES, anchors, blocks, links, prose, read, spans

AS_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
_OURS = re.compile(r"(?:reviewer|tests|docs|examples|benchmarks|locks)/[\w./-]*[\w/]|\.github/[\w./-]+|[\w-]+\.yml")
_READERS = {".github/reviewer.yml", ".github/CODEOWNERS"}
"""Files of the reader's repository, not of this one."""


def test_the_page_of_failures_is_made_from_the_matrix() -> None:
    assert read(PROJECT / "docs/failures.md") == page(), "run `make docs`"


def test_the_configuration_page_is_made_from_the_settings() -> None:
    assert read(PROJECT / "docs/configuration.md") == document(), "run `make docs`"


@AS_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    local = [link.partition("#") for link in links(page) if "://" not in link and not link.startswith("mailto:")]
    targets = [((page.parent / path) if path else page, anchor) for path, _, anchor in local]
    missing = [str(target) for target, _ in targets if not target.exists()]
    dangling = [f"{path.name}#{anchor}" for path, anchor in targets if anchor and anchor not in anchors(path)]

    assert (missing, dangling) == ([], [])


@AS_PAGE
def test_addresses_are_whole(page: Path) -> None:
    addresses = [link for link in links(page) if "://" in link]

    assert [
        one for one in addresses if not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(?:/[\w./%#?=&@:+~-]*)?", one)
    ] == []


@AS_PAGE
def test_files_that_are_named_exist(page: Path) -> None:
    named = {span for span in spans(page) if _OURS.fullmatch(span) and span not in _READERS}
    places = (PROJECT, page.parent, PROJECT / "examples", PROJECT / ".github/workflows")

    assert sorted(name for name in named if not any((place / name).exists() for place in places)) == []


@AS_PAGE
def test_make_targets_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", read(PROJECT / "Makefile"), re.MULTILINE))
    named = {span.split()[1] for span in spans(page) if re.fullmatch(r"make [a-z]+( [A-Z]+=.*)?", span)}

    assert sorted(named - targets) == []


@AS_PAGE
def test_every_page_is_reached_from_the_readme(page: Path) -> None:
    seen, waiting = set[Path](), [PROJECT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        found = [(here.parent / link.partition("#")[0]).resolve() for link in links(here) if "://" not in link]
        waiting += [path for path in found if path.suffix == ".md"]

    assert page in seen


@AS_PAGE
def test_sentences_keep_their_voice_down(page: Path) -> None:
    assert re.findall(r"\w!(?=\s|$)", re.sub(r"`[^`]*`|!\[", "", prose(page))) == []


def test_schemas_are_named_in_the_version_that_they_belong_to() -> None:
    config = f"https://raw.githubusercontent.com/reviewer-bot/reviewer/v{__version__}/reviewer/config/schema.json"
    first = read(PROJECT / "examples/reviewer.yml").splitlines()[0]

    assert first == f"# yaml-language-server: $schema={config}"
    assert config.replace("config/schema.json", "publish/report.schema.json") == SCHEMA_URL
    assert schema()["$schema"].startswith("https://json-schema.org/")


@AS_PAGE
def test_configurations_that_are_shown_are_accepted(page: Path) -> None:
    shown = [block.text for block in blocks(page) if block.language == "yaml" and "jobs:" not in block.text]

    for text in shown:
        load(text, str(page), {}, {})
