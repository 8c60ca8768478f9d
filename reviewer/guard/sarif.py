"""SARIF messages: text in which viewers find no links but those that the format itself allows (SARIF 2.1.0, 3.11.6)."""

import re

from reviewer.guard.hidden import line_ends, reveal
from reviewer.guard.outgoing import clean

_BRACKETS = re.compile(r"[\[\]]")


def message(text: str) -> str:
    """Plain text for a message: hidden characters shown, and nothing in it that a viewer takes for `[text](target)`.

    Brackets are escaped only in texts that hold such a form: not every viewer takes the escapes off again.
    """
    shown = reveal(line_ends(clean(text)))
    return _BRACKETS.sub(r"\\\g<0>", shown) if "](" in shown else shown
