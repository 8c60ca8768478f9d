import pytest

from reviewer.guard.sarif import message


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("items[0] is read (twice)", "items[0] is read (twice)"),
        ("see [x](https://evil.test)", "see \\[x\\](https://evil.test)"),
        ("![a[b]](1)", "!\\[a\\[b\\]\\](1)"),
        ("a\u202eb\r\nc", "a\\u{202E}b\nc"),
    ],
)
def test_message_has_no_links_and_hides_nothing(text: str, written: str) -> None:
    assert message(text) == written
