"""Credentials by their form, and values that are assigned to names of credentials. No value is ever repeated."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from . import problems
from .kinds import Hit, Rule, Source

FORMS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)(?![0-9A-Z]*EXAMPLE)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a GitHub token": r"\b(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})",
    "a Slack token": r"\bxox[abposr]-[A-Za-z0-9-]{20,}",
    "a Stripe live key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "an Anthropic API key": r"\bsk-ant-[A-Za-z0-9_-]{30,}",
    "a password inside a URL": r"\b[a-z][a-z0-9+]*://[^\s:/@'\"{}$<]+:(?!//)[^\s@'\"{}$<*]{6,}@(?!localhost)[\w.-]+",
}
PATTERNS = {what: re.compile(form) for what, form in FORMS.items()}
ASSIGNED = re.compile(
    r"""(?ix) (?:password|passwd|secret|api_?key|access_?key|auth_?token|private_?key) [\w]* ["']? \s*
        (?: : \s* str \s* = | [:=] >? ) \s* (["']) (?P<value> [^"'\s]{8,} ) \1"""
)
PLACEHOLDER = re.compile(
    r"(?i)\$\{|\{\{|%\(|<[^>]*>|x{4,}|\*{3,}|example|changeme|change-me|dummy|placeholder|your[-_]|secrets?[./]|env"
)
# Bits per character: words of a language stay below, generated values are above.
RANDOM = 3.2


def _find(source: Source) -> Iterator[Hit]:
    for number, text in source.reviewed_lines(comments=True):
        what = next((what for what, pattern in PATTERNS.items() if pattern.search(text)), None)
        assigned = ASSIGNED.search(text)
        if what is None and assigned and _looks_real(assigned["value"]):
            what = "a credential"
        if what:
            yield Hit(
                replace(
                    problems.SECRET,
                    title=f"{what[0].upper()}{what[1:]} in the source",
                    explanation=f"The line holds what looks like {what}. {problems.SECRET.explanation}",
                ),
                number,
                number,
            )


def _looks_real(value: str) -> bool:
    if PLACEHOLDER.search(value) or value.isalpha():
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= RANDOM or len(value) < 12


RULES = (Rule(frozenset(), _find),)
