"""Hostile text for property tests: fragments that mean something to one medium or another, in any order."""

from hypothesis import settings
from hypothesis import strategies as st

FRAGMENTS = (
    "`", "``", "```", "~~~", "\n", "\n\n", "\r", "\r\n", " ", "  ", "    ", "\t", "\\", "*", "**", "_", "~~", "|", "#",
    "# ", "- ", "* ", "1. ", "2) ", "> ", "---", "===", ":-:", "+ ", "[", "]", "(", ")", "![", "](", "[x](https://evil.test)",
    "[a](https://github.com/o/r/blob/main/a.py#L3)", "https://github.com/o/r", "https://github.com/o/r/issues/4",
    "http://evil.test/a", "www.evil.test", "a@evil.test", "mailto:a@b.c", "@octocat", "@org/team", "#12", "GH-3",
    "o/r#7", "0123456789abcdef0123456789abcdef01234567", "abc1234", ":tada:", "$x$", "&#64;", "&lt;", "&", "<", ">",
    "<b>", "</details>", "<details>", "<!--", "-->", "--", "<img src=x>", "<https://evil.test>", "[^1]", "[^1]: x",
    "[x]: https://evil.test", "::", "::error::", "##[", "##[set-output name=a]b", "#", "%0A", "\x1b[31m", "\x00",
    "\u2028", "\u202e", "\u200b", "\u200d", "\ufe0f", "\U000e0041", "\U0001f469", "\ud800", "x", "word", "7",
    "\x85", "\xa0", "\u3000",
)  # fmt: skip

hostile_text = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters()), max_size=24).map("".join)

quick = settings(max_examples=60, deadline=None, database=None)
