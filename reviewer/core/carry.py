"""A verdict that still holds: for the same change under the same policy nothing needs to be asked again.

What a complete review found is left in the summary comment's hidden marker, sealed with a key that only runs with the
API's secret have: another workflow may write comments under the same name, but it cannot make a verdict. Runs that go
without the secret, as a fork's do, cannot check the seal; for them the state's imprint stands in a commit status.
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from reviewer.core.change import ChangedFile, ChangeSet
from reviewer.core.digest import digest
from reviewer.core.finding import Category, Claim, Confidence, Severity

_MOST_FINDINGS = 400
"""Findings that a marker holds; a review with more is made anew."""
_MOST_TOLD = 16_000
"""Characters of a marker that may go into the findings' words: the comment has 65,536 for everything."""
_EXPLANATION, _QUOTE = 400, 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding that counts: who it is, and what was claimed; of a marker with no room for words, severity alone."""

    fingerprint: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class Carried:
    """What a complete review of a head left behind: which change, under which policy, and its findings that count."""

    patch: str
    policy: str
    findings: tuple[Kept, ...]


def patch_of(file: ChangedFile) -> str:
    """Identity of one file's change, wherever in the file it stands; empty where the change is not known."""
    if file.unreadable:
        return ""
    lines = [line.mark + line.text for line in file.lines() if line.mark != " "]
    counts = [] if lines else [str(file.additions), str(file.deletions)]
    return _digest(file.path, file.old_path or "", file.status, *counts, *lines)


def patch_id(changes: ChangeSet) -> str:
    """Identity of a whole change; empty where a part of it is not known, so that it equals no other."""
    parts = [patch_of(file) for file in sorted(changes.files, key=lambda file: file.path)]
    return "" if changes.missing or not all(parts) else _digest(*parts)


def policy_id(terms: Mapping[str, Any], guidelines: Mapping[str, str]) -> str:
    """Identity of what a review was made by: settings, guidelines, version."""
    return _digest(json.dumps(terms, sort_keys=True, default=str), json.dumps(dict(guidelines), sort_keys=True))


def seal(carried: Carried, head_sha: str, secret: str) -> dict[str, str]:
    """The marker's state; empty where there is no secret to seal it with, or nothing that could be carried."""
    if not secret or not carried.patch or len(carried.findings) > _MOST_FINDINGS:
        return {}
    found = ".".join(f"{kept.fingerprint}~{kept.claim.severity}" for kept in carried.findings)
    state = {"patch": carried.patch, "policy": carried.policy, "found": found, "told": _told(carried.findings)}
    return {**state, "seal": _mac(state, head_sha, secret)}


def unseal(state: Mapping[str, str], head_sha: str, secret: str) -> Carried | None:
    """What the marker says, if its seal is whole; None for anything else."""
    body = _body(state)
    if not secret or not hmac.compare_digest(_mac(body, head_sha, secret).encode(), state.get("seal", "").encode()):
        return None
    return _opened(body)


def imprint(state: Mapping[str, str], head_sha: str) -> str:
    """A digest of a sealed state, to be put where only the repository's own runs can write: it vouches for the state
    to runs that lack the secret. Empty where nothing is sealed."""
    return _digest(head_sha, *(f"{key}={state[key]}" for key in sorted(state))) if state.get("seal") else ""


def unseal_vouched(state: Mapping[str, str], head_sha: str, vouched: str) -> Carried | None:
    """What the marker says, if it is the state of which `vouched` is the imprint; None for anything else."""
    if not vouched or not hmac.compare_digest(imprint(state, head_sha).encode(), vouched.encode()):
        return None
    return _opened(_body(state))


def _body(state: Mapping[str, str]) -> dict[str, str]:
    return {key: state.get(key, "") for key in ("patch", "policy", "found", "told")}


def _opened(body: Mapping[str, str]) -> Carried | None:
    """Only for a body whose seal is whole: nothing but one's own is unpacked."""
    pairs = [entry.partition("~") for entry in body["found"].split(".") if entry]
    try:
        claims = _claims(body["told"]) if body["told"] else [_wordless(severity) for _, _, severity in pairs]
        named = zip(pairs, claims, strict=True)
        return Carried(body["patch"], body["policy"], tuple(Kept(pair[0], claim) for pair, claim in named))
    except (ValueError, TypeError, zlib.error):
        return None


def _told(findings: Sequence[Kept]) -> str:
    """The claims in few characters: without suggestions, without explanations where room is scarce, or not at all."""
    for explanation in (_EXPLANATION, 0):
        rows = [_row(kept.claim, explanation) for kept in findings]
        packed = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 9)
        told = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        if len(told) <= _MOST_TOLD:
            return told
    return ""


def _row(claim: Claim, explanation: int) -> list[Any]:
    words = claim.explanation
    if len(words) > explanation:
        words = words[:explanation].rpartition(" ")[0] + "…" if explanation else ""
    # A quote that is cut would be found nowhere.
    quote = claim.quote if len(claim.quote) <= _QUOTE else ""
    return [claim.path, claim.start_line, claim.end_line, quote, *astuple(claim)[4:8], words]


def _claims(told: str) -> list[Claim]:
    rows = json.loads(zlib.decompress(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))))
    return [
        Claim(path, start, end, quote, Severity(severity), Confidence(confidence), Category(category), title, words)
        for path, start, end, quote, severity, confidence, category, title, words in rows
    ]


def _wordless(severity: str) -> Claim:
    return Claim("", 0, 0, "", Severity(severity), Confidence.HIGH, Category.CORRECTNESS, "", "")


def _mac(state: Mapping[str, str], head_sha: str, secret: str) -> str:
    key = hashlib.sha256(b"reviewer carried verdict\0" + secret.encode("utf-8", "surrogateescape")).digest()
    return hmac.new(key, json.dumps([head_sha, sorted(state.items())]).encode(), "sha256").hexdigest()[:32]


def _digest(*parts: str) -> str:
    return digest(*parts, digits=32)
