"""Names made from content: the same for the same texts, on any machine."""

import hashlib


def digest(*parts: str, digits: int = 16) -> str:
    """The first so many hexadecimal digits (64 at most) of the SHA-256 of the parts, whose bounds count."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:digits]
