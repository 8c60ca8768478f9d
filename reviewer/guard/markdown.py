"""GitHub Markdown: untrusted text that shows as text.

GitHub looks for mentions, references, URLs and emoji after Markdown is rendered, so backslashes and HTML entities do
not stop them; only code does. Words that would come alive are therefore set as code, all else is escaped.
"""

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile

from reviewer.guard.clipping import clip
from reviewer.guard.hidden import line_ends, reveal
from reviewer.guard.outgoing import clean

__all__ = ["cell", "clip", "code", "fence", "hidden_comment", "inline", "prose", "suggestion"]

_LIVE = re.compile(
    r"@|://|www\.|\$|#\d|\bgh-\d|:[\w+-]+:"
    r"|(?<![0-9a-z])(?:(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}|[0-9a-f]{40})(?![0-9a-z])",
    re.IGNORECASE,
)
"""Mentions and addresses, URLs, mathematics, references to issues, emoji, commits."""

_WORD = re.compile(r"\S+")
_CORE = re.compile(r"([(\[{\"']*+)(\S*[^\s.,;:!?)\]}\"'])?(\S*)")
_SPECIAL = re.compile(r"[\\`*_\[\]|~!#]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINE_START = re.compile(r"\A(\d{0,9})([-+=:.)])")
_BACKTICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"[a-z0-9+-]{1,32}")
# GitHub runs these blocks instead of showing them.
_ACTIVE_LANGUAGES = frozenset({"suggestion", "mermaid", "geojson", "topojson", "stl", "math"})

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*")
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,2}[.)])[ \t]+(?=\S)")
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\(([A-Za-z0-9\-._~/#=%+:,]{1,1000})\)")
_LEAVES = re.compile(r"//|/\.{1,2}(?:[/#]|$)|%2e|%2f|%5c", re.IGNORECASE)


def inline(text: str) -> str:
    """The text on one line, safe inside a line and at its start: code stays code; no other markup, link or mention."""
    return _line(" ".join(_shown(text).split()), "")


def cell(text: str) -> str:
    """The text for one cell of a table."""
    # A row takes one backslash off before each bar, inside code too, before anything else is read.
    return inline(text).replace("|", "\\|")


def code(text: str) -> str:
    """The text as an inline code span, whatever backticks it contains."""
    content = _shown(text).replace("\n", " ")
    if not content.strip(" "):
        return "` `"
    runs = {len(run) for run in _BACKTICKS.findall(content)}
    ticks = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    # One space is taken off on each side when both are there.
    pad = " " if content[0] in "` " or content[-1] in "` " else ""
    return f"{ticks}{pad}{content}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """The text as a fenced code block that cannot be closed from inside; an odd name of a language is left out."""
    name = language.lower()
    return _fenced(_shown(text).removesuffix("\n"), name if _LANGUAGE.fullmatch(name) else "")


def suggestion(text: str) -> str:
    """A block by which GitHub offers to replace the commented lines by exactly the lines of the text."""
    return _fenced(_shown(text), "suggestion")


def hidden_comment(text: str) -> str:
    """The text in an HTML comment on one line; the same text always gives the same comment."""
    content = " ".join(_shown(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<!-- {re.sub('(?<=-)-', '&#45;', content)} -->"


def prose(text: str, repository_url: str = "") -> str:
    """Text of several lines: paragraphs, lists, code and fenced code stay, all else shows as it was written.

    Links stay when they lead to files of `repository_url` (`https://host/owner/name`).
    """
    written: list[str] = [""]
    indents: list[int] = []
    lines = iter(_shown(text).split("\n"))
    for line in lines:
        if opening := _FENCE.fullmatch(line):
            written += ["", _refenced(opening, lines), ""]
            indents.clear()
        elif item := _ITEM.match(line):
            # Only after a blank line does any list begin a list, whatever its number.
            written += [] if indents else [""]
            level = _level(indents, len(item[1].expandtabs(4)))
            mark = "-" if item[2] in "-*+" else item[2]
            written.append(f"{'    ' * level}{mark} {_line(line[item.end() :], repository_url)}")
        else:
            if not written[-1]:
                indents.clear()
            written.append(_line(line, repository_url))
    return "\n".join(line for previous, line in pairwise(written) if line or previous).rstrip("\n")


def _shown(text: str) -> str:
    return reveal(line_ends(clean(text)))


def _fenced(body: str, language: str) -> str:
    ticks = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(body)), default=0))
    return f"{ticks}{language}\n{body}\n{ticks}"


def _refenced(opening: re.Match[str], lines: Iterator[str]) -> str:
    """The block that the opening line begins, written anew; it takes its lines, to the end when it is not closed."""
    closing = re.compile(rf"[ \t]*{opening[2][0]}{{{len(opening[2])},}}[ \t]*")
    indent = re.compile(rf"[ \t]{{0,{len(opening[1])}}}")
    body = [indent.sub("", line, count=1) for line in takewhile(lambda line: not closing.fullmatch(line), lines)]
    language = opening[3].lower()
    return fence("\n".join(body), "" if language in _ACTIVE_LANGUAGES else language)


def _level(indents: list[int], indent: int) -> int:
    """How deep a list item stands; `indents` has those of the items around it and is brought up to date."""
    while indents and indent < indents[-1]:
        indents.pop()
    if not indents or indent >= indents[-1] + 2:
        indents.append(indent)
    return len(indents) - 1


def _line(line: str, repository_url: str) -> str:
    """One line with its code spans and links; two spans side by side are kept apart."""
    written = ""
    for piece in _pieces(line.strip(), repository_url):
        written += " " + piece if written.endswith("`") and piece.startswith("`") else piece
    return _line_start(written)


def _pieces(line: str, repository_url: str) -> Iterator[str]:
    position = 0
    for start, end, content in _code_spans(line):
        yield from _with_links(line[position:start], repository_url)
        yield code(content)
        position = end
    yield from _with_links(line[position:], repository_url)


def _code_spans(line: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and content of each code span: from a run of backticks to the next run of the same length."""
    runs = [run.span() for run in _BACKTICKS.finditer(line)]
    following: dict[int, int] = {}
    partner: list[int | None] = [None] * len(runs)
    for index in reversed(range(len(runs))):
        length = runs[index][1] - runs[index][0]
        partner[index], following[length] = following.get(length), index
    index = 0
    while index < len(runs):
        if (closing := partner[index]) is None:
            index += 1
            continue
        content = line[runs[index][1] : runs[closing][0]]
        padded = content.startswith(" ") and content.endswith(" ") and content.strip()
        yield runs[index][0], runs[closing][1], content[1:-1] if padded else content
        index = closing + 1


def _with_links(text: str, repository_url: str) -> Iterator[str]:
    position = 0
    for link in _LINK.finditer(text) if repository_url else ():
        if _leads_to_file(link[2], repository_url) and link[1].strip():
            yield from (_text(text[position : link.start()]), f"[{_text(link[1].strip())}]({link[2]})")
            position = link.end()
    yield _text(text[position:])


def _leads_to_file(url: str, repository_url: str) -> bool:
    # A link to an issue or a commit would leave a reference there; dots could climb out of the repository.
    repository = repository_url.rstrip("/")
    path = url.removeprefix(repository)
    return path != url and path.startswith(("/blob/", "/tree/")) and not _LEAVES.search(path)


def _text(text: str) -> str:
    """Text without any markup: words that come alive as code without the punctuation around them, others escaped."""
    return _WORD.sub(lambda word: _word(word[0]), text)


def _word(word: str) -> str:
    if not _LIVE.search(word) or not (parts := _CORE.fullmatch(word)) or not parts[2]:
        return _escape(word)
    return f"{_escape(parts[1])}{code(parts[2])}{_escape(parts[3])}"


def _escape(text: str) -> str:
    return re.sub("[&<>]", lambda sign: _ENTITIES[sign[0]], _SPECIAL.sub(r"\\\g<0>", text))


def _line_start(line: str) -> str:
    return _LINE_START.sub(r"\1\\\2", line)
