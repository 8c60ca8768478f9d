"""Pull requests in bad weather: the real command on one simulated API and one fake GitHub, shared by all cells."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from reviewer.simulator import Behaviour, Simulator
from tests.commands.runner import Ran, Runner
from tests.commands.shop import NUMBER, Job
from tests.fakes.github import FakeGitHub, PullRequest, git_history
from tests.fakes.github.faults import Script
from tests.fakes.github.gitdata import GitData, Limits
from tests.faults.matrix import Failure
from tests.faults.weather import FOR_EVER, Clock, HubFault, Sky, Weather
from tests.github.stage import MarkedBugs, code
from tests.known_answers import read_prompt

ONE = {"a.py": code("high: Wrong sum")}
TWO = ONE | {"b.py": code("low: Odd name")}
FIXED = TWO | {"a.py": code()}


class Remembering(GitData):
    """A repository that does not change any more: no question is put to git twice."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        super().__init__(folder, limits)
        self._known: dict[tuple[str, ...], bytes | None] = {}

    def run(self, *arguments: str) -> bytes | None:
        if arguments not in self._known:
            self._known[arguments] = super().run(*arguments)
        return self._known[arguments]


@dataclass(frozen=True)
class Scene:
    """How a remote call comes about, and which one it is.

    `at` matches GitHub's requests; `kind` names the model's. `lacking` is what GitHub does not have all along.
    `fixed`: a review went before, and a push that mends one of its two findings.
    """

    kind: str = ""
    at: Mapping[str, Any] = field(default_factory=dict)
    files: int = 1
    arguments: tuple[str, ...] = ()
    event: str = "pull_request"
    fixed: bool = False
    lacking: Mapping[str, Any] | None = None


_MULTI = ("--multi-pass-at", "2")
_OBJECTS = {"path": "/graphql", "words": r"object\(expression"}
SCENES = {
    "the single pass": Scene("review"),
    "a file's pass": Scene("review", files=2, arguments=_MULTI),
    "the integration pass": Scene("integration", files=2, arguments=_MULTI),
    "the verify pass": Scene("verify"),
    "counting tokens": Scene("count_tokens", arguments=("--budget-usd", "0.06")),
    "the pull request": Scene(at={"method": "GET", "path": "/pulls/7$"}),
    "its files": Scene(at={"method": "GET", "path": "/pulls/7/files$"}),
    "policy and contents": Scene(at=_OBJECTS),
    "policy, without GraphQL": Scene(at={"method": "GET", "path": "/contents/"}, lacking=_OBJECTS),
    "contents, without GraphQL": Scene(at={"method": "GET", "path": "/git/blobs/"}, lacking=_OBJECTS),
    "a merge group's change": Scene(at={"method": "GET", "path": "/compare/"}, event="merge_group"),
    "the summary of the last run": Scene(at={"method": "GET", "path": "/issues/7/comments$"}),
    "what stands there": Scene(at={"path": "/graphql", "words": "reviewThreads"}),
    "posting the review": Scene(at={"method": "POST", "path": "/pulls/7/reviews$"}),
    "posting the summary": Scene(at={"method": "POST", "path": "/issues/7/comments$"}),
    "updating the summary": Scene(at={"method": "PATCH", "path": "/issues/comments/"}, files=2, fixed=True),
    "resolving a thread": Scene(at={"path": "/graphql", "words": "resolveReviewThread"}, files=2, fixed=True),
}


def kind_of(endpoint: str, body: Mapping[str, Any]) -> str:
    """What a call to the model's API is for."""
    if endpoint != "messages":
        return endpoint
    prompt = read_prompt(body)
    if prompt.is_verification:
        return "verify"
    return "integration" if prompt.is_integration else "review"


@dataclass
class Pulls:
    """One world for many pull requests."""

    hub: FakeGitHub
    api: Simulator
    weather: Weather
    clock: Clock
    git: Path
    commits: Mapping[str, str]

    def open(self, scene: Scene, folder: Path, reviewer: Runner) -> "Case":
        """A new pull request, with what happens before the weather turns."""
        self.clock.skipped = 0.0
        self.hub.requests.clear()
        self.hub.faults = Script()
        head = self.commits["one" if scene.files == 1 else "two"]
        known = next(iter(self.hub.repositories.values()), None)
        repository = self.hub.repository("octo/shop")
        repository.make_git = lambda folder: (known and known.git) or Remembering(folder, self.hub.limits)
        pull = repository.pull_request(
            number=NUMBER, title="A change", git_dir=self.git, base_sha=self.commits["base"], head_sha=head, author="m"
        )
        case = Case(self, scene, pull, Job(self.hub, pull, folder), reviewer, folder)
        if scene.fixed:
            assert case.run().code == 1
            pull.push(self.commits["fixed"])
        return case

    @property
    def billed(self) -> Decimal:
        return sum((row.usd for lanes in self.api.billed.values() for row in lanes.values()), Decimal(0))


@dataclass
class Case:
    """One pull request."""

    world: Pulls
    scene: Scene
    pull: PullRequest
    job: Job
    reviewer: Runner
    folder: Path

    def run(self, *arguments: str, **env: str) -> Ran:
        api = {"ANTHROPIC_BASE_URL": self.world.api.base_url, "ANTHROPIC_API_KEY": "sk-test"}
        given = {**self.job.env(self.scene.event, **self._payload()), **api, **env}
        cache = ("--cache-dir", str(self.folder / "cache"))
        return self.reviewer("pr", *self.scene.arguments, *cache, *arguments, **given)

    def _payload(self) -> dict[str, Any]:
        if self.scene.event != "merge_group":
            return {}
        base, head = self.pull.base_sha, self.pull.head_sha
        ref = f"refs/heads/gh-readonly-queue/main/pr-{NUMBER}-{base}"
        return {"merge_group": {"base_sha": base, "head_sha": head, "base_ref": "refs/heads/main", "head_ref": ref}}

    @contextmanager
    def weather(self, failure: Failure, times: int) -> Iterator[None]:
        """The scene's call fails so many times."""
        if self.scene.lacking:
            self.world.hub.fail(HubFault(times=FOR_EVER, **self.scene.lacking))
        sky = Sky(self.world.weather, self.world.hub, self.world.clock, kind_of)
        with sky.turns(failure, times, self.scene.kind, self.scene.at):
            yield
        self.world.hub.faults = Script()

    @property
    def stands(self) -> tuple[int, int, int]:
        """Reviews, inline comments and summaries on the pull request."""
        return len(self.pull.reviews), len(self.pull.comments), len(self.pull.issue_comments)

    @property
    def fair(self) -> tuple[int, tuple[int, int, int]]:
        """Exit code and what stands there when nothing goes wrong."""
        if self.scene.event == "merge_group":
            return 1, (0, 0, 0)
        return (0 if self.scene.fixed else 1), (1, self.scene.files, 1)


@contextmanager
def pulls(folder: Path) -> Iterator[Pulls]:
    """The world."""
    git = folder / "git"
    before = {"a.py": code(), "b.py": code()}
    base, two, fixed = git_history(git, before, TWO, FIXED)
    (one,) = git_history(git, ONE, branch="one", onto=base)
    commits = {"base": base, "one": one, "two": two, "fixed": fixed}
    weather, clock = Weather(), Clock()
    how = Behaviour(brain=MarkedBugs(), faults=weather, clock=clock)
    with ExitStack() as stack:
        hub = stack.enter_context(FakeGitHub(rate_limit=FOR_EVER * 100, contents_write=True))
        api = stack.enter_context(Simulator(how))
        yield Pulls(hub, api, weather, clock, git, commits)
        assert api.failures == []
