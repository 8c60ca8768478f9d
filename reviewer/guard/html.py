"""HTML reports: the content security policy. Escaping itself is jinja2's autoescape."""

import base64
import hashlib
import re
from collections.abc import Sequence

_SHA256 = re.compile(r"[A-Za-z0-9+/]{43}=")


def sha256(source: str) -> str:
    """The base64 SHA-256 of an inline script or style, exactly the text between its tags, as `csp` takes it."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def csp(script_sha256: Sequence[str] = (), style_sha256: Sequence[str] = ()) -> str:
    """The policy of a self-contained report: nothing is loaded, and only scripts and styles of these hashes run.

    ValueError when a hash is not the base64 of a SHA-256 digest.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_sources(script_sha256)}",
            f"style-src {_sources(style_sha256)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _sources(hashes: Sequence[str]) -> str:
    for digest in hashes:
        if not _SHA256.fullmatch(digest):
            raise ValueError(f"not the base64 of a SHA-256 digest: {digest!r}")
    return " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
