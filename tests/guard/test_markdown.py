import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reviewer.guard.hidden import reveal
from reviewer.guard.markdown import cell, code, fence, hidden_comment, inline, prose, suggestion
from tests.guard.hostile import hostile_text, quick

REPOSITORY = "https://github.com/o/r"
JUDGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# What GitHub makes live in rendered text outside code: mentions and addresses, URLs, references, commits, emoji, math.
LIVE = re.compile(r"@[a-z0-9]|[a-z]://|www\.|#\d|\bgh-\d|\b[0-9a-f]{40}\b|:[\w+-]+:|\$", re.IGNORECASE)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def judged(markdown: str) -> tuple[set[str], list[str], str]:
    """The kinds of what a Markdown text holds, its runs of text outside code, and all that a reader sees."""
    tokens = [token for token in flat(JUDGE.parse(markdown)) if token.type != "inline"]
    runs, seen = [""], ""
    for token in tokens:
        if token.type in ("text", "text_special"):
            runs[-1] += token.content
        else:
            runs.append("")
        seen += " " if token.type == "softbreak" else token.content
    return {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}, runs, seen


def reads(text: str) -> str:
    """What a reader is to see of a text: its words with hidden characters shown."""
    return " ".join(reveal(text.replace("\r\n", "\n")).split())


@quick
@given(hostile_text.filter(str.strip), st.sampled_from(["{}", "a {} b", "### {}", "- {}", "**{}**", "x\n{}"]))
def test_inline_is_only_text_and_reads_as_given(text: str, place: str) -> None:
    kinds, runs, seen = judged(place.format(inline(text)))
    assert kinds <= {"paragraph", "heading", "bullet_list", "list_item", "strong", "text", "code_inline", "softbreak"}
    assert not [run for run in runs if LIVE.search(run)]
    assert letters(reads(text)) in letters(seen)
    if "`" not in text:
        assert reads(text) in seen


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain words, x_y = 3", "plain words, x\\_y = 3"),
        ("ask @octocat, (@org/team)!", "ask `@octocat`, (`@org/team`)\\!"),
        ("fixes #12 and o/r#3 and gh-4", "fixes `#12` and `o/r#3` and `gh-4`"),
        ("see https://evil.test/a_b.", "see `https://evil.test/a_b`."),
        ("www.evil.test a@b.c :tada:", "`www.evil.test` `a@b.c` `:tada`:"),
        ("0123456789abcdef0123456789abcdef01234567", "`0123456789abcdef0123456789abcdef01234567`"),
        ("![x](y) <b>&amp;", "\\!\\[x\\](y) &lt;b&gt;&amp;amp;"),
        ("`@a``", "``` `@a`` ```"),
        ("`a_b` is not `@c`, `", "`a_b` is not `@c`, \\`"),
        ("# head\n- item", "\\# head - item"),
        ("- item", "\\- item"),
        ("12. item", "12\\. item"),
        ("a\u202eb", "a\\\\u{202E}b"),
    ],
)
def test_inline(text: str, escaped: str) -> None:
    assert inline(text) == escaped


@quick
@given(hostile_text, hostile_text)
def test_cells_do_not_leave_their_cell(first: str, second: str) -> None:
    tokens = list(flat(JUDGE.parse(f"| h | i |\n|---|---|\n| {cell(first)} | {cell(second)} |")))
    inlines = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("tr_open") == 2
    seen = ["".join(child.content for child in token.children or []) for token in inlines[2:]]
    for text, shown in zip((first, second), seen, strict=True):
        # Ticks are not shown where they make code, nor are spaces at its ends.
        assert re.sub(r"[`\s]", "", shown) == re.sub(r"[`\s]", "", reads(text))
        assert "`" in text or shown == reads(text)


@quick
@given(hostile_text)
def test_code_is_one_span(text: str) -> None:
    [paragraph] = [token for token in JUDGE.parse(f"a {code(text)} b") if token.type == "inline"]
    before, span, after = paragraph.children or []
    assert (before.content, span.type, after.content) == ("a ", "code_inline", " b")
    assert span.content == reveal(text.replace("\r\n", "\n")).replace("\n", " ") or not span.content.strip()


@pytest.mark.parametrize(
    ("text", "span"),
    [("x", "`x`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a``b", "`a``b`"), (" x ", "`  x  `"), ("", "` `")],
)
def test_code(text: str, span: str) -> None:
    assert code(text) == span


@quick
@given(hostile_text, st.sampled_from(["", "python", "c++", "x\n```", "a`b", "suggestion"]))
def test_a_fence_cannot_be_closed_from_inside(text: str, language: str) -> None:
    [block] = JUDGE.parse(fence(text, language))
    assert block.type == "fence"
    assert block.info == (language if language.isalpha() or language == "c++" else "")
    assert block.content == reveal(text.replace("\r\n", "\n")).removesuffix("\n") + "\n"


def test_a_suggestion_keeps_every_line() -> None:
    assert suggestion("a\n```\n") == "````suggestion\na\n```\n\n````"


@quick
@given(hostile_text)
def test_a_hidden_comment_hides_all(text: str) -> None:
    comment = hidden_comment(text)
    assert re.fullmatch(r"<!-- (?:(?!--)[^<>])*-->", comment)
    assert judged(comment)[0] == {"html_block"}


def test_hidden_comment() -> None:
    assert hidden_comment("reviewer:v1 f=0a1b-2") == "<!-- reviewer:v1 f=0a1b-2 -->"
    assert hidden_comment("x--->\ny") == "<!-- x-&#45;&#45;&gt; y -->"


PROSE = {"paragraph", "bullet_list", "ordered_list", "list_item", "text", "softbreak", "code_inline", "fence", "link"}


@quick
@given(hostile_text)
def test_prose_is_text_lists_code_and_links_to_files(text: str) -> None:
    kinds, runs, _ = judged(prose(text, REPOSITORY))
    assert kinds <= PROSE
    assert not [run for run in runs if LIVE.search(run)]
    targets = [token.attrs["href"] for token in flat(JUDGE.parse(prose(text, REPOSITORY))) if token.type == "link_open"]
    assert set(targets) <= {f"{REPOSITORY}/blob/main/a.py#L3"}
    assert "link" not in judged(prose(text))[0]


def letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text)


@quick
@given(hostile_text.map(lambda text: re.sub(r"[`~\[]", "", text)))
def test_prose_keeps_every_letter(text: str) -> None:
    assert letters(judged(prose(text))[2]) == letters(reads(text))


def test_prose_keeps_its_shape() -> None:
    text = (
        "The `loop` never ends, **see** @me:\n\n"
        "* first\n  - `a``b` inside\n* second [f](https://github.com/o/r/blob/main/f.py#L1)\n\n"
        "1. one\n2. two\n\n  ```Python\n  x = '```'\n    y\n  ```\nlast\nline"
    )
    assert prose(text, REPOSITORY) == (
        "The `loop` never ends, \\*\\*see\\*\\* `@me`:\n\n"
        "- first\n    - `a``b` inside\n- second [f](https://github.com/o/r/blob/main/f.py#L1)\n\n"
        "1. one\n2. two\n\n````python\nx = '```'\n  y\n````\n\nlast\nline"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/blob/main/x",
        "https://github.com/o/r.evil/blob/main/x",
        "https://github.com/o/r/../../evil/x/blob/main",
        "https://github.com/o/r/blob/../../../evil",
        "https://github.com/o/r/blob/%2e%2e/x",
        "https://github.com/o/r/blob//evil",
        "https://github.com/o/r/issues/1",
        "https://github.com/o/r/commit/abc",
        "javascript:alert",
    ],
)
def test_other_links_show_as_text(url: str) -> None:
    assert "link" not in judged(prose(f"see [x]({url}) and ![y]({url})", REPOSITORY))[0]


@pytest.mark.parametrize("language", ["suggestion", "mermaid", "math", "geojson"])
def test_blocks_that_github_runs_are_plain_code(language: str) -> None:
    assert prose(f"~~~{language}\nx\n~~~") == "```\nx\n```"


def test_code_beside_a_word_that_becomes_code_stays_two_spans() -> None:
    assert prose("`x`@me`y`") == "`x` `@me` `y`"
