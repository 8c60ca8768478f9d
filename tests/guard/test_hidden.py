import pytest
from hypothesis import given

from reviewer.guard.hidden import Disguised, Hidden, decode_tags, find_disguised, find_hidden, reveal
from reviewer.guard.terminal import plain
from tests.guard.hostile import hostile_text, quick

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\u202e", "bidi"),
        ("\u2066", "bidi"),
        ("\u200f", "bidi"),
        ("\u200b", "zero-width"),
        ("\ufeff", "zero-width"),
        ("\u00ad", "zero-width"),
        ("\u3164", "zero-width"),
        ("\U000e0041", "tag"),
        ("\x1b", "control"),
        ("\r", "control"),
        ("\x9b", "control"),
        ("\u2028", "control"),
        ("\ud800", "control"),
        ("\ufe0f", "variation"),
        ("\U000e0100", "variation"),
    ],
)
def test_each_kind_is_found_and_shown(text: str, kind: str) -> None:
    assert find_hidden(f"ab{text}c") == (Hidden(2, ord(text), kind),)
    assert reveal(f"ab{text}c") == f"ab\\u{{{ord(text):X}}}c"


@pytest.mark.parametrize(
    "text",
    [
        "tab\tand\nline",
        "crlf\r\n",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\u2764\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3",
        SCOTLAND,
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
    ],
)
def test_ordinary_text_is_not_flagged(text: str) -> None:
    assert find_hidden(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db",
        "\U0001f600\ufe0f\ufe01",
        "\u0645\u200c\u200c\u062e",
        "\U0001f469\u200dx",
        "\U0001f3f4" + tags("hello"),
    ],
)
def test_joiners_and_selectors_elsewhere_are_flagged(text: str) -> None:
    assert find_hidden(text)


def test_ascii_in_tag_characters_is_decoded() -> None:
    assert decode_tags(f"ok{tags('do it')} {SCOTLAND}{tags('!')}") == "do it!"
    assert decode_tags("nothing here") == ""


def test_lookalike_letters_in_latin_words() -> None:
    assert find_disguised("is_\u0430dmin") == (Disguised(3, "\u0430dmin", "admin", True),)
    assert [word.mixed for word in find_disguised("user_\u0438\u043c\u044f + \u0394x + \u0441\u043e\u0440")] == [False]
    assert find_disguised("admin") == ()


@quick
@given(hostile_text)
def test_what_is_shown_hides_nothing(text: str) -> None:
    assert find_hidden(reveal(text)) == ()
    shown = plain(text)
    assert not set(shown) & set("\x1b\r\x00\x85\u202e\u200b\u2028")
    assert shown.encode().decode() == shown
    assert shown.count("\n") == text.count("\n")


def test_a_terminal_gets_no_escape_sequence() -> None:
    assert plain("a\r\n\x1b]0;title\x07\tb") == "a\n\\u{1B}]0;title\\u{7}\tb"
