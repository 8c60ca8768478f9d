"""A verdict that still holds: for the same change under the same policy nothing needs to be asked again.

What a complete review found is left in the summary comment's hidden marker, sealed with a key that only runs with the
API's secret have: another workflow may write comments under the same name, but it cannot make a verdict. Runs that go
without the secret, as a fork's do, cannot check the seal; for them the state's imprint stands in a commit status.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewer.core.change import ChangedFile, ChangeSet
from reviewer.core.finding import Severity

_MOST_FINDINGS = 400
"""Findings that a marker holds; a review with more is made anew."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a complete review of a head left behind: which change, under which policy, and its findings that count."""

    patch: str
    policy: str
    findings: tuple[tuple[str, Severity], ...]


def patch_of(file: ChangedFile) -> str:
    """Identity of one file's change, wherever in the file it stands; empty where the change is not known."""
    if file.unreadable:
        return ""
    lines = [line.mark + line.text for line in file.lines() if line.mark != " "]
    counts = [] if lines else [str(file.additions), str(file.deletions)]
    return _digest([file.path, file.old_path or "", file.status, *counts, *lines])


def patch_id(changes: ChangeSet) -> str:
    """Identity of a whole change; empty where a part of it is not known, so that it equals no other."""
    parts = [patch_of(file) for file in sorted(changes.files, key=lambda file: file.path)]
    return "" if changes.missing or not all(parts) else _digest(parts)


def policy_id(terms: Mapping[str, Any], guidelines: Mapping[str, str]) -> str:
    """Identity of what a review was made by: settings, guidelines, version."""
    return _digest([json.dumps(terms, sort_keys=True, default=str), json.dumps(dict(guidelines), sort_keys=True)])


def seal(carried: Carried, head_sha: str, secret: str) -> dict[str, str]:
    """The marker's state; empty where there is no secret to seal it with, or nothing that could be carried."""
    if not secret or not carried.patch or len(carried.findings) > _MOST_FINDINGS:
        return {}
    found = ".".join(f"{fingerprint}~{severity}" for fingerprint, severity in carried.findings)
    state = {"patch": carried.patch, "policy": carried.policy, "found": found}
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
    return _digest([head_sha, *(f"{key}={state[key]}" for key in sorted(state))]) if state.get("seal") else ""


def unseal_vouched(state: Mapping[str, str], head_sha: str, vouched: str) -> Carried | None:
    """What the marker says, if it is the state of which `vouched` is the imprint; None for anything else."""
    if not vouched or not hmac.compare_digest(imprint(state, head_sha).encode(), vouched.encode()):
        return None
    return _opened(_body(state))


def _body(state: Mapping[str, str]) -> dict[str, str]:
    return {key: state.get(key, "") for key in ("patch", "policy", "found")}


def _opened(body: Mapping[str, str]) -> Carried | None:
    pairs = [entry.partition("~") for entry in body["found"].split(".") if entry]
    try:
        findings = tuple((fingerprint, Severity(severity)) for fingerprint, _, severity in pairs)
    except ValueError:
        return None
    return Carried(body["patch"], body["policy"], findings)


def _mac(state: Mapping[str, str], head_sha: str, secret: str) -> str:
    key = hashlib.sha256(b"reviewer carried verdict\0" + secret.encode("utf-8", "surrogateescape")).digest()
    return hmac.new(key, json.dumps([head_sha, sorted(state.items())]).encode(), "sha256").hexdigest()[:32]


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
