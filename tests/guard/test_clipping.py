import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reviewer.guard.markdown import clip
from tests.guard.hostile import hostile_text, quick

JUDGE = MarkdownIt("commonmark")


def test_a_text_that_fits_is_left_alone() -> None:
    assert clip("a\nb", 3, "cut") == "a\nb"


def test_a_cut_is_at_the_end_of_a_line() -> None:
    assert clip("one\ntwo\nthree\nfour\n", 16, "(cut)") == "one\ntwo\n\n(cut)"
    assert clip("one long line without any end", 20, "(cut)") == "(cut)"


def test_what_is_open_is_closed() -> None:
    text = "<details><summary>s</summary>\n\n~~~~py\nx\n~~~\n" + "y\n" * 100
    assert clip(text, 80, "(cut)") == (
        "<details><summary>s</summary>\n\n~~~~py\nx\n~~~\ny\ny\ny\ny\ny\ny\n~~~~\n\n</details>\n\n(cut)"
    )


def test_a_limit_in_bytes() -> None:
    text = "é\n" * 10
    assert clip(text, 20, "!") == text
    assert clip(text, 20, "!", utf8=True) == "é\n" * 6 + "\n!"


def test_a_notice_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="the notice of 6 does not fit into 5"):
        clip("longer than that", 5, "notice")


@quick
@given(hostile_text, st.integers(20, 120), st.booleans())
def test_a_cut_fits_and_its_notice_shows(text: str, limit: int, utf8: bool) -> None:
    clipped = clip(text, limit, "THE-NOTICE", utf8=utf8)
    size = len(clipped.encode("utf-8", "surrogatepass")) if utf8 else len(clipped)
    assert size <= limit
    assert clipped == text or clipped.endswith("THE-NOTICE")


@quick
@given(
    st.lists(st.sampled_from(["```", "````py", "~~~", "~~~~", "x", "", "`` a", "``` `"]), max_size=12),
    st.integers(10, 50),
)
def test_a_cut_never_leaves_the_notice_in_a_fence(lines: list[str], limit: int) -> None:
    clipped = clip("\n".join([*lines, "z" * 60]), limit, "NOTICE")
    assert [token.type for token in JUDGE.parse(clipped)][-3:] == ["paragraph_open", "inline", "paragraph_close"]
