import pytest

from reviewer.guard.html import csp, sha256


def test_nothing_is_allowed_by_default() -> None:
    assert csp() == (
        "default-src 'none'; script-src 'none'; style-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_scripts_and_styles_by_hash() -> None:
    empty = sha256("")
    assert empty == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    policy = csp([empty], [empty, sha256("p{}")])
    assert f"script-src 'sha256-{empty}';" in policy
    assert f"style-src 'sha256-{empty}' 'sha256-" in policy


def test_what_is_no_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="not the base64 of a SHA-256"):
        csp(["x'; script-src *"])
