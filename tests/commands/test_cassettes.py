"""The wire format of both APIs, held still: what is sent today is what the cassettes have answers to, byte for byte."""

import re
import secrets
from pathlib import Path

import pytest
import yaml

from reviewer.commands.session import PullSession
from tests.cassettes import recorder
from tests.commands.runner import Ran, Runner, diff_arguments
from tests.known_answers import Change, make_change


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Three files, always the same commits, and what differs from run to run held still: the prompts' marker, and the
    seal of the verdict in the summary comment, which is made with the API key."""
    monkeypatch.setattr(secrets, "token_bytes", lambda count: bytes(range(count)))
    monkeypatch.setattr(PullSession, "secret", "")
    return make_change(tmp_path / "shop", 3, across=1, wrong=1, length=3)


def told(ran: Ran) -> dict[str, object]:
    report = ran.report
    keys = ("verdict", "incomplete_because", "repository", "pull_request", "coverage")
    passes = [[made["kind"], made["model"], made["outcome"], made["usage"]] for made in report["passes"]]
    found = [[f["path"], f["start_line"], f["title"], f["disposition"]] for f in report["findings"]]
    return {key: report[key] for key in keys} | {"passes": sorted(passes, key=str), "findings": sorted(found, key=str)}


def test_messages_of_a_local_review(reviewer: Runner, change: Change, tmp_path: Path) -> None:
    with recorder.session("messages", change, tmp_path / "job") as tape:
        ran = reviewer(*diff_arguments(change), **tape.env)

    tape.check(told(ran))
    assert ran.report["verdict"] != "incomplete"


def test_pull_request_with_both_apis(reviewer: Runner, change: Change, tmp_path: Path) -> None:
    repository, number = recorder.target("pull_request")
    with recorder.session("pull_request", change, tmp_path / "job", github=True) as tape:
        ran = reviewer("pr", "--repository", repository, "--number", number, "--repo", str(tmp_path), **tape.env)

    tape.check(told(ran))
    assert ran.report["verdict"] != "incomplete"


@pytest.mark.parametrize("path", sorted(recorder.FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_cassettes_tell_nothing_of_who_recorded_them(path: Path) -> None:
    tape = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = {name.lower() for row in tape["interactions"] for name in row["request"]["headers"]}

    assert {row["request"]["uri"].split("/")[2] for row in tape["interactions"]} <= {
        "api.anthropic.com",
        "api.github.com",
    }
    assert names <= {"content-type", "anthropic-version", "x-github-api-version"}
    assert not re.search(r"127\.0\.0\.1|sk-(?!recorded)|gh[ps]_|/home/|/tmp/|/root/", path.read_text(encoding="utf-8"))
