"""Cassettes of both APIs: played by default, recorded anew by `make record`, and scrubbed of who recorded them where.

With ANTHROPIC_API_KEY set, `make record` asks the real model; with GITHUB_TOKEN, REVIEWER_RECORD_REPOSITORY and
REVIEWER_RECORD_NUMBER it reviews that pull request. What is not set is recorded from the stand-ins.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vcr
from vcr.cassette import Cassette
from vcr.request import Request

from reviewer.simulator import Behaviour
from tests.commands.runner import simulated
from tests.commands.shop import job
from tests.conftest import GIVEN
from tests.known_answers import Change, KnownAnswers

FOLDER = Path(__file__).parent
ANTHROPIC, GITHUB = "https://api.anthropic.com", "https://api.github.com"
RECORDING = GIVEN.get("VCR_RECORD_MODE", "none") != "none"

_LOOPBACK = re.compile(r"http://127\.0\.0\.1:\d+")
_KEPT = ("content-type", "link", "retry-after", "anthropic-ratelimit-", "anthropic-version", "x-github-api-version")


@dataclass(frozen=True)
class Session:
    """One recorded run: the environment that leads to the APIs (or to the tape), and what the run is to find."""

    name: str
    env: Mapping[str, str]
    cassette: Cassette

    def check(self, told: Mapping[str, Any]) -> None:
        """Compare with what was found when the tape was recorded; a recording writes that down."""
        path = FOLDER / f"{self.name}.json"
        if RECORDING:
            path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        known = json.loads(path.read_text(encoding="utf-8"))
        assert json.loads(json.dumps(told)) == known, "requests or answers have another form now; see `make record`"
        assert RECORDING or self.cassette.all_played, "not everything on the tape was asked for; see `make record`"


@contextmanager
def session(name: str, change: Change, folder: Path, *, github: bool = False) -> Iterator[Session]:
    """Play a cassette, or record it from what the environment allows."""
    if RECORDING:
        (FOLDER / f"{name}.yaml").unlink(missing_ok=True)  # what is there would be kept beside the new
    with ExitStack() as stack:
        env = _recording_env(stack, change, folder, github=github) if RECORDING else _playing_env(github=github)
        cassette = stack.enter_context(_recorder().use_cassette(f"{name}.yaml"))
        yield Session(name, env, cassette)


def _playing_env(*, github: bool) -> dict[str, str]:
    env = {"ANTHROPIC_API_KEY": "sk-recorded"}
    return env | {"GITHUB_TOKEN": "ghs_recorded", "GITHUB_API_URL": GITHUB} if github else env


def _recording_env(stack: ExitStack, change: Change, folder: Path, *, github: bool) -> dict[str, str]:
    if GIVEN.get("ANTHROPIC_API_KEY"):
        env = {name: value for name, value in GIVEN.items() if name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")}
    else:
        _, env = stack.enter_context(simulated(Behaviour(brain=KnownAnswers(change.planted))))
    if github and GIVEN.get("GITHUB_TOKEN") and GIVEN.get("REVIEWER_RECORD_NUMBER"):
        env |= {"GITHUB_TOKEN": GIVEN["GITHUB_TOKEN"], "GITHUB_API_URL": GITHUB}
    elif github:
        shop = stack.enter_context(job(change, folder))
        env |= {"GITHUB_TOKEN": shop.hub.token, "GITHUB_API_URL": shop.hub.api_url}
    return env


def target(name: str) -> tuple[str, str]:
    """Repository and number of the pull request that is, or was, recorded."""
    if not RECORDING:
        known = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        return known["repository"], str(known["pull_request"])
    return os.fspath(GIVEN.get("REVIEWER_RECORD_REPOSITORY", "octo/shop")), GIVEN.get("REVIEWER_RECORD_NUMBER", "7")


def _recorder() -> vcr.VCR:
    return vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode=GIVEN.get("VCR_RECORD_MODE", "none"),
        match_on=["method", "path", "query", "body"],
        before_record_request=_scrub_request,
        before_record_response=_scrub_response,
        decode_compressed_response=True,
    )


def _scrub_request(request: Request) -> Request:
    """What is compared and kept: no credentials, no client's version, no port."""
    host = ANTHROPIC if "/v1/" in request.uri else GITHUB
    request.uri = _LOOPBACK.sub(host, request.uri)
    request.headers = {name: value for name, value in request.headers.items() if _is_kept(name)}
    if request.body:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        request.body = _LOOPBACK.sub(host, body).encode()
    return request


def _scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    body = response["body"]["string"]
    kept = {name: values for name, values in response["headers"].items() if _is_kept(name)}
    scrubbed = {name: [_LOOPBACK.sub(GITHUB, value) for value in values] for name, values in kept.items()}
    text = _LOOPBACK.sub(GITHUB, body.decode() if isinstance(body, bytes) else body)
    return {**response, "headers": scrubbed, "body": {"string": text.encode()}}


def _is_kept(name: str) -> bool:
    return name.lower().startswith(_KEPT)
