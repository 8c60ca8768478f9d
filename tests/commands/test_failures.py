"""Whatever keeps a review from being made: `incomplete`, exit code 3, one plain sentence: what happened, what to do."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reviewer.model.client import load_sdk
from reviewer.simulator import Answer, Behaviour, Fault
from tests.commands.runner import Ran, Runner, diff_arguments, simulated
from tests.known_answers import Change, KnownAnswers


def told(ran: Ran) -> str:
    """The one sentence, which must be in the report, the terminal and the job's summary."""
    assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (3, "incomplete", "incomplete")
    (reason,) = ran.report["incomplete_because"]
    assert " ".join(reason.split()[:6]) in " ".join(ran.out.split())
    assert reason.split(". ")[0][:40].replace("_", "") in ran.summary.replace("\\", "").replace("_", "")
    assert "Traceback" not in ran.out + ran.err
    return str(reason)


def test_no_key(reviewer: Runner, small: Change) -> None:
    reason = told(reviewer(*diff_arguments(small)))

    assert reason.startswith("There is no API key, so nothing was reviewed. Set the secret ANTHROPIC_API_KEY")


def test_refused_key(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(api_keys=frozenset({"another"}))) as (simulator, env):
        reason = told(reviewer(*diff_arguments(small), **env))

    assert reason.startswith("The model's API refused the API key: ")
    assert reason.endswith("Check the secret ANTHROPIC_API_KEY, and that its workspace may use this model.")
    assert len(simulator.calls) == 1


def test_unreachable_api(reviewer: Runner, small: Change) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nowhere = f"http://127.0.0.1:{server.getsockname()[1]}"
    env = {"ANTHROPIC_BASE_URL": nowhere, "ANTHROPIC_API_KEY": "sk-test"}
    load_sdk()  # not within the deadline

    reason = told(reviewer(*diff_arguments(small), "--deadline", "2s", **env))

    assert reason.startswith("The model's API cannot be reached")
    assert "deadline" in reason


def always(fault: Fault) -> Callable[[int, str, dict[str, Any]], Fault]:
    return lambda number, endpoint, body: fault


def _status(status: int, kind: str) -> Fault:
    return Fault("status", status=status, type=kind, message="claude-x")


@pytest.mark.parametrize(
    ("fault", "calls", "what", "step"),
    [
        (
            Fault("invalid_json"),
            2,
            "The model's answer on 12 files was not usable, also after one repair try (",
            "Run it",
        ),
        (Fault("thinking_only"), 2, "The model's answer on 12 files was not usable", "Run it again."),
        (Fault("refusal"), 1, "The model declined to review 12 files (cyber). This request was", "Review it by hand"),
        (Fault("truncated"), 2, "The answer on 12 files was cut off twice, at the model's output limit.", "Split"),
        (_status(404, "not_found_error"), 1, "The model's API does not know", "Check `models`"),
        (_status(413, "request_too_large"), 1, "The request is too large", "Split the change."),
    ],
    ids=["invalid_json", "empty", "refusal", "truncated", "unknown model", "too large"],
)
def test_answer_that_is_no_use(reviewer: Runner, small: Change, fault: Fault, calls: int, what: str, step: str) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted), faults=always(fault))) as (simulator, env):
        reason = told(reviewer(*diff_arguments(small), **env))

    assert reason.startswith(what)
    assert step in reason
    assert len(simulator.calls) == calls


@pytest.mark.parametrize("kind", ["invalid_json", "truncated", "thinking_only", "reset_before", "stream_cut", "html"])
def test_what_fails_once_is_mended(reviewer: Runner, small: Change, kind: Any) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        simulator.inject(Fault(kind))
        ran = reviewer(*diff_arguments(small), **env)

    assert (ran.code, ran.report["verdict"], ran.found) == (1, "findings", small.real)


def test_answer_that_is_repaired_keeps_the_room_that_it_was_given(reviewer: Runner, small: Change) -> None:
    with simulated(Behaviour(brain=KnownAnswers(small.planted))) as (simulator, env):
        simulator.inject(Fault("truncated"))
        simulator.inject(Fault("invalid_json"))
        ran = reviewer(*diff_arguments(small), **env)

    assert ran.report["verdict"] == "findings"
    first, *more = [call.body["max_tokens"] for call in simulator.calls[:3] if call.body]
    assert more == [2 * first, 2 * first]


def test_verification_that_fails_keeps_the_findings_unverified(reviewer: Runner, small: Change) -> None:
    def refuse(number: int, endpoint: str, body: dict[str, Any]) -> Fault | None:
        return Fault("refusal") if "verdicts" in str(body["output_config"]) else None

    with simulated(Behaviour(brain=KnownAnswers(small.planted), faults=refuse)) as (_, env):
        ran = reviewer(*diff_arguments(small), **env)

    claimed = sorted(bug.place for bug in small.planted)
    assert (ran.code, ran.report["verdict"], ran.found) == (3, "incomplete", claimed)
    assert "The model declined to review" in ran.because


def test_incomplete_may_be_neutral_by_cause(reviewer: Runner, small: Change) -> None:
    ran = reviewer(*diff_arguments(small), REVIEWER_ON_INCOMPLETE="no-key=neutral")

    assert (ran.code, ran.report["verdict"], ran.outputs["verdict"]) == (0, "incomplete", "incomplete")


@pytest.fixture(params=[signal.SIG_DFL, signal.SIG_IGN], ids=["foreground", "background"])
def inherited(request: pytest.FixtureRequest) -> Iterator[None]:
    """How a process finds SIGINT: a shell's background jobs are started with it ignored."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("inherited")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_with_130_and_outputs(reviewer: Runner, small: Change, number: signal.Signals) -> None:
    asked = threading.Event()

    def brain(body: dict[str, Any]) -> Answer:
        asked.set()
        return KnownAnswers(small.planted)(body)

    with simulated(Behaviour(brain=brain, latency=20.0, first_byte=20.0)) as (_, env):
        process = reviewer.start(*diff_arguments(small), cold=True, **env)
        assert asked.wait(timeout=30)
        started = time.monotonic()
        process.send_signal(number)
        ran = reviewer.ended(process, *process.communicate(timeout=20))

    assert ran.code == 130
    assert time.monotonic() - started < 15
    assert ran.outputs == {
        "verdict": "incomplete",
        "findings": "0",
        "blocking": "0",
        "cost-usd": "0.000000",
        "report": str(reviewer.folder / "report.json"),
    }
    assert "interrupted" in ran.err
    assert "Traceback" not in ran.err
