"""What no text may do in the medium that it goes out by, judged by other means than those that made it safe."""

import hashlib
import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

HOME = "https://github.com/octo/shop"
OURS = ("https://github.com/octo/shop/", "#")
_JUDGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_OUR_TAGS = re.compile(
    r"</?(?:details|summary|sub|sup|br|b|code|table|tr|td|th|kbd)(?: open)?>|<!-- (?:(?!--)[^<>])*-->"
)
_LIVE = re.compile(r"@[a-z0-9]|[a-z]://|www\.|#\d|\bgh-\d|\b[0-9a-f]{40}\b|\$(?!\d)", re.IGNORECASE)
_COMMAND = re.compile(r"::(?:error|warning|notice)(?: (?:(?:file|line|endLine|title)=[^:,]*,?)+)?::[^\n]*")
_CHAT = re.compile(
    r"<\s*/?\s*(?:antml:|system|assistant|human|function_calls|invoke|tool_use)|<\||\[/?INST\]", re.IGNORECASE
)
_STEP_OUTPUTS = {
    "verdict": "pass|findings|incomplete",
    "findings": r"\d+",
    "blocking": r"\d+",
    "cost-usd": r"\d+\.\d{6}",
    "report": ".*",
}


def invisible(text: str) -> set[str]:
    """Characters that nobody sees, but for line ends and tabs. What pictures are made of is left aside."""
    hidden = {letter for letter in set(text) if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs")}
    return hidden - set("\n\t\u200d")


def check_markdown(text: str) -> None:
    """GitHub shows it: nothing alive but our own few tags and links into the repository."""
    assert not invisible(text)
    for token in _flat(_JUDGE.parse(text)):
        assert token.type not in ("image", "code_block"), token.content
        if token.type in ("html_block", "html_inline"):
            assert not _OUR_TAGS.sub("", token.content).strip().startswith("<"), token.content
        elif token.type == "text":
            assert not _LIVE.search(token.content), token.content
        elif token.type == "link_open":
            assert str(token.attrs["href"]).startswith(OURS), token.attrs
        elif token.type == "fence":
            assert token.info.split(" ")[0] not in ("math", "geojson", "stl"), token.info


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def check_log(text: str) -> None:
    """The runner reads it: the only commands are our annotations, one to a line."""
    assert not invisible(text)
    assert "##[" not in text
    for line in text.splitlines():
        if line.lstrip().startswith("::"):
            assert _COMMAND.fullmatch(line), line


def check_step_outputs(values: Mapping[str, str]) -> None:
    """The runner has set these five and no others."""
    assert set(values) == set(_STEP_OUTPUTS)
    for name, value in values.items():
        assert re.fullmatch(_STEP_OUTPUTS[name], value), (name, value)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in self.texts:
            self.texts[self._inside].append(data)
        self._inside = ""


def check_html(text: str) -> None:
    """A browser opens it: no script or style but the two that the policy names, no resource, no handler."""
    assert not invisible(text)
    page = _Page(text)
    (policy,) = [given["content"] for tag, given in page.tags if given.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    for written in (*page.texts["script"], *page.texts["style"]):
        assert b64encode(hashlib.sha256(written.encode()).digest()).decode() in policy
    for tag, given in page.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base", "link", "audio", "video")
        assert not [name for name in given if name.startswith("on") or name in ("style", "src", "srcdoc", "action")]
        assert given.get("href", "#").startswith(OURS), given


def check_sarif(text: str) -> None:
    """A viewer shows it: plain text, with nothing that a viewer makes a link of."""
    results = json.loads(text)["runs"][0]["results"]
    assert not [string for string in _strings(results) if invisible(string)]
    told = [result["message"]["text"] for result in results]
    assert not [text for text in told if re.search(r"(?<!\\)\]\(", text)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def check_request(body: Mapping[str, Any]) -> None:
    """The model reads it: all blocks are ours and closed, and nothing in them passes for the conversation itself."""
    text = "\n".join(block["text"] for turn in body["messages"] for block in turn["content"])
    tag = re.findall(r"blocks is ([0-9a-f]{16})\.", text)[0]
    inside = re.findall(rf'^<([a-z_]+) id="{tag}">\n(.*?)\n</\1 id="{tag}">$', text, re.DOTALL | re.MULTILINE)
    assert text.count(tag) == 1 + 2 * len(inside)
    for _, payload in inside:
        json.loads(payload)
        assert not _CHAT.search(payload), payload
        assert not invisible(payload)
