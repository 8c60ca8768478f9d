"""The project's pages as a reader uses them: links, anchors, fenced blocks, commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.project.act import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("examples/*.md")])
_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the words behind the fence, and its text."""

    kind: str
    text: str

    @property
    def language(self) -> str:
        return self.kind.split(" ")[0]


def read(page: Path) -> str:
    return page.read_text("utf-8")


def blocks(page: Path) -> list[Block]:
    return [Block(kind.strip(), text) for kind, text in _FENCE.findall(read(page))]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", read(page))


def links(page: Path) -> list[str]:
    """Targets of links and images, as written; what stands in code is no link."""
    return [one or other for one, other in _LINK.findall(_CODE.sub("", prose(page)))]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the page's headings, and those set by hand."""
    made: set[str] = set(re.findall(r'<a (?:id|name)="([^"]+)"', read(page)))
    for heading in _HEADING.findall(prose(page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        made.add(next(name for name in _numbered(slug) if name not in made))
    return made


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    for number in range(1, 100):
        yield f"{slug}-{number}"


def spans(page: Path) -> list[str]:
    """What stands in backticks outside of blocks."""
    return [found[1:-1] for found in _CODE.findall(prose(page))]
