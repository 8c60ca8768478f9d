import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.guard.markdown import inline
from reviewer.guard.secrets import Redactor
from tests.guard.hostile import quick

SECRET = 'k3y/with+odd "chars_é'
DATA = SECRET.encode()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper().replace("É", "é"),
        SECRET[::-1],
        base64.b64encode(DATA).decode(),
        base64.urlsafe_b64encode(DATA).decode().rstrip("="),
        DATA.hex(),
        DATA.hex().upper(),
        DATA.hex(":"),
        "".join(f"\\x{byte:02x}" for byte in DATA),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        "k3y/with+odd &quot;chars_é",
        'k 3 y / w i t h + o d d " c h a r s _ é',
        'k3y/with\u200b+odd "chars_é',
        inline(SECRET),
    ],
)
def test_each_form_is_removed(form: str) -> None:
    assert Redactor([SECRET]).redact(f"<{form}>").rstrip("=>") + ">" == "<[redacted]>"


@quick
@given(
    st.binary(max_size=6), st.binary(max_size=6), st.text(st.characters(codec="ascii"), min_size=8).filter(str.strip)
)
def test_base64_of_a_text_around_the_secret(before: bytes, after: bytes, filler: str) -> None:
    encoded = base64.b64encode(before + DATA + after).decode()
    redacted = Redactor([SECRET]).redact(encoded)
    assert "[redacted]" in redacted
    # The characters at both borders depend on what stands beside the secret.
    assert len(redacted) - len("[redacted]") <= len(encoded) - (len(DATA) * 8 // 6 - 2)


@quick
@given(st.lists(st.text(min_size=8, max_size=12).filter(lambda value: len(value.strip()) >= 8), max_size=3), st.data())
def test_no_value_is_left(values: list[str], data: st.DataObject) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from([*values, " ", "a", "\n"]), max_size=8)))
    redacted = Redactor(values).redact(text)
    assert not [value for value in values if value in redacted]
    assert redacted.count("\n") == text.count("\n")


def test_a_wrapped_secret_keeps_the_lines() -> None:
    encoded = base64.b64encode(DATA).decode()
    assert Redactor([SECRET]).redact(f"a\n{encoded[:9]}\n{encoded[9:]}\nb") == "a\n[redacted]\n==\nb"


def test_lines_of_a_longer_value_are_values() -> None:
    redactor = Redactor(["-----BEGIN-----\nMIIEabcdef\nshort\n"])
    assert redactor.redact("x MIIEabcdef short") == "x [redacted] short"


def test_short_values_are_left() -> None:
    assert Redactor(["", "abc", "       x       "]).redact("abc x abc") == "abc x abc"
