"""Terminals: text that can neither move the cursor nor change colours nor read in another order."""

from reviewer.guard.hidden import line_ends, reveal
from reviewer.guard.outgoing import clean


def plain(text: str) -> str:
    r"""The text with escape sequences, controls and hidden characters shown as `\u{1B}`; LF and TAB stay."""
    return reveal(line_ends(clean(text)))
