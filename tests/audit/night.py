"""A night against the simulator: its clock stands still until told to move; answers name their question."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewer.audit.collecting import Collected, collect_batches
from reviewer.audit.submission import Submitted, submit_round
from reviewer.core.request import Answered, Block, Request, Turn
from reviewer.model.batch_body import BatchLimits
from reviewer.model.batches import BatchApi, make_batch_client
from reviewer.simulator import Answer, Behaviour, Simulator
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Planned, UnitRecord
from tests.simulator.test_wire_cache import Clock

MODEL = "claude-opus-5-5"
RULES = "You review code. " * 40
BAD = "this is not what was asked for"


def question(name: str, model: str = MODEL, **changes: Any) -> Request:
    values: dict[str, Any] = {
        "unit": name,
        "kind": "file",
        "files": (name,),
        "model": model,
        "system": (Block(RULES, "1h"),),
        "turns": (Turn("user", (Block(f"[tag1] Review {name}"),)),),
        "shape": "review",
        "max_tokens": 1000,
        "effort": None,
        "tag": "tag1",
        "estimated_input": 500,
        "estimated_output": 100,
        "estimated_prefix": 400,
    }
    return Request(**values | changes)


def unit(name: str, **changes: Any) -> Planned:
    return Planned(name, "files", "acme/shop", question(name, **changes), payload=f"about {name}".encode())


def asked(params: Any) -> str:
    """The unit that a simulated request asks about."""
    content = params["messages"][0]["content"]
    return str(content if isinstance(content, str) else content[0]["text"]).rsplit(" ", 1)[1]


def reply(body: dict[str, Any]) -> Answer:
    return Answer(f"reviewed {asked(body)}")


def judge(request: Request, answer: Answered) -> str:
    return "It is not usable." if BAD in answer.text else ""


@dataclass
class Night:
    clock: Clock
    simulator: Simulator
    state: AuditState
    api: BatchApi
    audit: str

    def plan(self, *names: str) -> None:
        self.state.requests.plan(self.audit, map(unit, names), carry_over=True, now=self.clock.now())

    def submit(self, **more: Any) -> Submitted:
        return submit_round(self.state, self.api, self.clock, self.audit, **{"round": "files", **more})

    def collect(self) -> Collected:
        return collect_batches(self.state, self.api, self.clock, self.audit, judge)

    def collect_all(self) -> Collected:
        """Collect until nothing is open, the simulator's own work included."""
        found: list[Collected] = []
        until(lambda: found.append(self.collect()) or not found[-1].open)
        return found[-1]

    def units(self) -> dict[str, UnitRecord]:
        return {record.unit: record for record in self.state.requests.units(self.audit)}

    def states(self) -> dict[str, int]:
        return dict(self.state.requests.counts(self.audit).get("files", {}))

    def creates(self) -> list[Any]:
        return [call for call in self.simulator.calls if call.endpoint == "batches.create" and call.body_bytes]

    def bought(self) -> int:
        """Batch answers that were billed."""
        return sum(lanes["batch"].requests for lanes in self.simulator.billed.values() if "batch" in lanes)

    @contextmanager
    def again(self, where: Path, **audit: Any) -> Iterator["Night"]:
        """Go on with another state against the same API; without an audit in it one is started."""
        state = AuditState.open(str(where), self.clock.now())
        with state.exclusive():
            found = state.audits.unfinished() or state.audits.start({}, self.clock.now(), **audit)
            yield Night(self.clock, self.simulator, state, self.api, found.id)
        state.close()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not get there"
        time.sleep(0.002)
    return found


@contextmanager
def night(folder: Path, clock: Clock | None = None, **behaviour: Any) -> Iterator[Night]:
    clock = clock or Clock()
    with Simulator(Behaviour(**{"brain": reply, "clock": clock, **behaviour})) as simulator:
        env = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": simulator.base_url}
        state = AuditState.open(str(folder / "audit.db"), clock.now())
        with make_batch_client(env) as client, state.exclusive():
            audit = state.audits.unfinished() or state.audits.start({"repositories": ["acme/shop"]}, clock.now())
            yield Night(clock, simulator, state, BatchApi(client, clock), audit.id)
        state.close()


def small(requests: int) -> BatchLimits:
    return BatchLimits(requests=requests)
