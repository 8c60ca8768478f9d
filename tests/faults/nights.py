"""Audits in bad weather: the real commands on a simulated API and a fake GitHub, shared by all cells."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewer.simulator import Behaviour, Simulator
from tests.audit.commands import Command, Ran
from tests.audit.whole_night import Auditor, module
from tests.fakes.github import FakeGitHub, Issue, Repository
from tests.fakes.github.faults import Script
from tests.faults.matrix import Failure
from tests.faults.weather import FOR_EVER, Clock, Sky, Weather
from tests.forge.local_repository import Repository as Local

UNLISTED = 5.0
"""Seconds until a new batch is listed: the first look after its creation asks for it by its id."""
LATER = 1200.0
"""Seconds after which a batch whose creation was not confirmed is given up."""


@dataclass(frozen=True)
class NightScene:
    """Which remote call of an audit goes wrong; `filed`: the audit's issue is there from the night before."""

    kind: str = ""
    at: Mapping[str, Any] = field(default_factory=dict)
    filed: bool = False
    pause: float = 60.0


def kind_of(endpoint: str, body: Mapping[str, Any]) -> str:
    """What a call to the model's API is for: an audit's only synchronous calls are its sample."""
    return "sample" if endpoint == "messages" else endpoint


@dataclass
class Nights:
    """One world for many audits."""

    hub: FakeGitHub
    api: Simulator
    weather: Weather
    clock: Clock
    shop: Local
    filed: Issue | None = None

    def open(self, scene: NightScene, folder: Path, capsys: pytest.CaptureFixture[str]) -> "Night":
        """A new state, and a GitHub with at most the issue of the night before."""
        self.hub.requests.clear()
        self.hub.faults = Script()
        repository = self.hub.repository("octo/shop")
        if scene.filed and self.filed:
            made = repository.new_issue("The night before", self.filed.body, self.filed.user)
            made.labels = list(self.filed.labels)
        (folder / "shop").symlink_to(self.shop.folder)
        env = {
            "ANTHROPIC_BASE_URL": self.api.base_url,
            "ANTHROPIC_API_KEY": "sk-test",
            "GITHUB_TOKEN": self.hub.token,
            "GITHUB_API_URL": self.hub.api_url,
            "GITHUB_GRAPHQL_URL": self.hub.graphql_url,
            "GITHUB_REPOSITORY": "octo/shop",
        }
        return Night(self, scene, repository, Command(folder, capsys, env))

    @property
    def billed(self) -> Decimal:
        return sum((row.usd for lanes in self.api.billed.values() for row in lanes.values()), Decimal(0))

    @property
    def bought(self) -> int:
        return sum(row.requests for lanes in self.api.billed.values() for row in lanes.values())


@dataclass
class Night:
    """One audit."""

    world: Nights
    scene: NightScene
    repository: Repository
    command: Command

    @contextmanager
    def weather(self, failure: Failure, times: int) -> Iterator[None]:
        """The scene's call fails so many times."""
        sky = Sky(self.world.weather, self.world.hub, self.world.clock, kind_of)
        with sky.turns(failure, times, self.scene.kind, self.scene.at):
            yield
        self.world.hub.faults = Script()

    def go(self, name: str) -> Ran:
        """One command; then time goes by, in which batches end."""
        ran = self.command(name)
        self.world.clock.wait(self.scene.pause)
        time.sleep(0.005)  # the simulator does its batches beside us
        return ran

    def nights(self, most: int) -> list[Ran]:
        """Submit, then collect until the audit has ended, or `most` calls were made."""
        made = [self.go("submit")]
        while len(made) < most and made[-1].outputs.get("state") not in ("complete", "incomplete", "sampled-out"):
            made.append(self.go("collect"))
        return made


@contextmanager
def nights(folder: Path) -> Iterator[Nights]:
    """The world."""
    shop = Local(folder / "shop")
    shop.commit({"m.py": module("m")})
    weather, clock = Weather(), Clock()
    how = Behaviour(brain=Auditor(), faults=weather, clock=clock, batch_delay=30.0, list_lag=UNLISTED)
    with ExitStack() as stack:
        hub = stack.enter_context(FakeGitHub(rate_limit=FOR_EVER * 100))
        api = stack.enter_context(Simulator(how))
        yield Nights(hub, api, weather, clock, shop)
        assert api.failures == []


SCENES = {
    "the sample": NightScene("sample"),
    "making a batch": NightScene("batches.create"),
    "listing the batches": NightScene("batches.list"),
    "asking for a new batch": NightScene("batches.retrieve", pause=1.0),
    "reading results": NightScene("batches.results"),
    "looking for the issue": NightScene(at={"method": "GET", "path": "/issues$"}),
    "opening the issue": NightScene(at={"method": "POST", "path": "/issues$"}),
    "updating the issue": NightScene(at={"method": "PATCH", "path": "/issues/"}, filed=True),
}
