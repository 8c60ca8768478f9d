"""Local token estimates: good enough to plan by, deliberately a little high, corrected by what the API reports."""

CHARS_PER_TOKEN = 2.8
"""Characters a token, on the safe side: the 5.x tokenizers take about one token per 2.5 to 3.5 characters of code."""


def estimate_tokens(text: str) -> int:
    """Tokens that a text will take, rounded up; text outside ASCII takes more of them."""
    if text.isascii():
        return int(len(text) / CHARS_PER_TOKEN) + 1
    return int(len(text.encode("utf-8", "replace")) / CHARS_PER_TOKEN) + 1
