"""An audit of 100,000 requests: peak memory and time to plan, submit and collect, and how they grow from 10,000."""

import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.running import table

MODEL = "claude-opus-5-5"
PHASES = ("plan", "submit", "collect")
SMALL, LARGE = 10_000, 100_000


def main() -> None:
    """Each phase runs in a process of its own, so that its peak is its own; so does the simulator."""
    small, large = _measure(SMALL), _measure(LARGE)
    rows = [(f"peak memory of {phase} (MB)", f"{large[phase]['peak_mb']:.0f}", "< 500") for phase in PHASES]
    for phase in PHASES:
        factor = large[phase]["cpu"] / small[phase]["cpu"]
        rows.append((f"seconds to {phase}, the simulator's own included", f"{large[phase]['seconds']:.1f}", ""))
        rows.append((f"time of the processor to {phase}, 10 times as many", f"{factor:.1f} x", "<= 11 x"))
    rows.append(("batches", f"{large['submit']['batches']:.0f}", ""))
    rows.append(("answers kept", f"{large['collect']['answered']:,.0f}", f"{LARGE:,}"))
    rows.append(("state on disk before collecting (MB)", f"{large['submit']['state_mb']:.0f}", ""))
    table(f"An audit of {LARGE:,} requests", rows)


def _measure(count: int) -> dict[str, Any]:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.audit_scale", "serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            where = str(Path(folder) / "audit.db")
            return {phase: _run(phase, base_url, where, count) for phase in PHASES}
    finally:
        server.terminate()
        server.wait()


def _run(phase: str, base_url: str, where: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.audit_scale", phase, base_url, where, str(count)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _serve() -> None:
    from reviewer.simulator import Answer, Behaviour, Simulator

    answer = Answer(json.dumps({"summary": "Nothing found. " * 40, "interface_notes": [], "findings": []}))
    with Simulator(Behaviour(brain=lambda _: answer, keep_bodies=False, batch_wave=1000)) as simulator:
        print(simulator.base_url, flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _planned(count: int) -> Iterator[Any]:
    from reviewer.core.request import Block, Request, Turn
    from reviewer.store.audit_values import Planned

    rules = Block("You review code, and you answer by the contract. " * 30, "1h")
    for number in range(count):
        text = f"[tag] path: src/{number}.py\n" + "".join(
            f"{line}: value_{line * number % 900 + 100} = compute({line}, {number:06})\n" for line in range(60)
        )
        request = Request(
            f"u{number}", "file", (f"src/{number}.py",), MODEL, (rules,), (Turn("user", (Block(text),)),), "review",
            8000, None, "[tag]", 900, 300, 300,
        )  # fmt: skip
        yield Planned(request.unit, "files", "acme/shop", request, payload=b"{}")


def _child(phase: str, base_url: str, where: str, count: int) -> None:
    from reviewer.audit.collecting import collect_batches
    from reviewer.audit.submission import submit_round
    from reviewer.clock import SystemClock
    from reviewer.core.answer import Unusable, parse_review
    from reviewer.model.batches import BatchApi, make_batch_client
    from reviewer.store.audit import AuditState

    def judge(_: Any, answer: Any) -> str:
        parsed = parse_review(answer.text)
        return parsed.reason if isinstance(parsed, Unusable) else ""

    clock = SystemClock()
    figures: dict[str, float] = {}
    state = AuditState.open(where, clock.now())
    with make_batch_client({"ANTHROPIC_API_KEY": "bench", "ANTHROPIC_BASE_URL": base_url}) as client, state.exclusive():
        api = BatchApi(client)
        audit = (state.audits.unfinished() or state.audits.start({}, clock.now())).id
        while phase == "collect" and any(not batch.ended for batch in api.list_all()):
            time.sleep(1)
        started, worked = time.monotonic(), time.process_time()
        if phase == "plan":
            figures["new"] = state.requests.plan(audit, _planned(count), carry_over=True, now=clock.now()).new
        elif phase == "submit":
            figures["batches"] = submit_round(state, api, clock, audit, round="files").batches
        else:
            figures["answered"] = collect_batches(state, api, clock, audit, judge).kept.answered
        figures["seconds"], figures["cpu"] = time.monotonic() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = Path(where).stat().st_size / 1e6
    print(json.dumps({"peak_mb": peak, "state_mb": size, **figures}))


if __name__ == "__main__":
    if sys.argv[1:] == []:
        main()
    elif sys.argv[1] == "serve":
        _serve()
    else:
        _child(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
