"""The review workflows end to end: act runs them on this machine, against the fake GitHub and a simulated API."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reviewer.simulator import Behaviour, Simulator
from tests.fakes.github import FakeGitHub, PullRequest, git_history
from tests.github.stage import MarkedBugs, code, title_of
from tests.project.act import PROJECT, Outcome, Runner

BASE = {"a.py": code(), "b.py": code()}
BUGS = {"a.py": code("high: Wrong sum"), "b.py": code("low: Odd name")}
FINE = {"a.py": code("low: Odd name")}
SECRETS = {"ANTHROPIC_API_KEY": "sk-simulated-key"}


@dataclass(frozen=True)
class Workplace:
    """A repository with its workflow on the runner, and its pull request on the fake GitHub."""

    runner: Runner
    hub: FakeGitHub
    api: Simulator
    pull: PullRequest

    def run(self, event: str, *, secrets: Mapping[str, str] = SECRETS, **payload: Any) -> Outcome:
        """The workflow `review.yml`, as GitHub would start it for an event."""
        env = {
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_API_URL": self.hub.api_url,
            "GITHUB_GRAPHQL_URL": self.hub.graphql_url,
            "ANTHROPIC_BASE_URL": self.api.base_url,
        }
        given = self.hub.event(event, pr=self.pull, **payload)
        return self.runner.run("review.yml", event, given, env=env, secrets={"GITHUB_TOKEN": self.hub.token, **secrets})

    @property
    def posted(self) -> list[str]:
        """Titles of the posted findings, sorted."""
        return sorted(map(title_of, self.pull.comments))

    @property
    def report(self) -> Any:
        """The uploaded JSON report."""
        return json.loads((self.runner.artifacts / "review-1/reviewer/report.json").read_text())


@pytest.fixture
def workplace(runner: Runner, request: pytest.FixtureRequest) -> Iterator[Workplace]:
    """This project's own `review.yml`, or where the test says `example`, the one that users copy."""
    change, example = getattr(request, "param", (BUGS, False))
    if example:
        runner = as_users_have_it(runner)
    else:
        runner.add_project()
    workflow = runner.origin / ".github/workflows/review.yml"
    # act's schema is older than this key, which only keeps the run out of the repository's list of deployments.
    workflow.write_text(workflow.read_text().replace("      deployment: false\n", ""))
    for path, text in BASE.items():
        (runner.origin / path).write_text(text)
    base = runner.commit()
    (head,) = git_history(runner.origin, change, branch="feature", onto=base)
    with FakeGitHub() as hub, Simulator(Behaviour(brain=MarkedBugs())) as api:
        pull = hub.repository("octo/shop").pull_request(number=7, git_dir=runner.origin, base_sha=base, head_sha=head)
        yield Workplace(runner, hub, api, pull)
        assert api.failures == []


class UsersRunner(Runner):
    """A user's repository has the workflow alone; the action comes from where it is published."""

    def _stand_ins(self) -> list[str]:
        published = Runner(self.root / "published")
        used = re.findall(r"uses: (reviewer-bot/reviewer@\w+)", (PROJECT / "examples/review.yml").read_text())
        own = [f"{name}={published.origin}" for name in used]
        return sorted({*Runner._stand_ins(self), *Runner._stand_ins(published), *own})


def as_users_have_it(runner: Runner, workflow: str = "review.yml") -> Runner:
    """The repository of a user who has copied one workflow."""
    published = Runner(runner.root / "published")
    published.origin.mkdir(parents=True)
    published.add_project()
    (published.root / "act").rename(runner.root / "act")
    shutil.copy(PROJECT / "examples" / workflow, runner.origin / ".github/workflows" / workflow)
    return UsersRunner(runner.root)


@pytest.mark.parametrize("workplace", [(BUGS, False), (BUGS, True)], indirect=True, ids=["own", "example"])
def test_pull_request_with_a_blocking_finding_fails_the_job(workplace: Workplace) -> None:
    done = workplace.run("pull_request")

    assert done.code == 1, done.log
    assert {name: done.outputs[name] for name in ("verdict", "findings", "blocking")} == {
        "verdict": "findings", "findings": "2", "blocking": "1",
    }, done.log  # fmt: skip
    assert done.outputs["report"].endswith("/reviewer/report.json")
    assert workplace.posted == ["Odd name", "Wrong sum"]
    assert workplace.report["verdict"] == "findings"
    assert SECRETS["ANTHROPIC_API_KEY"] not in done.log


@pytest.mark.parametrize("workplace", [(FINE, False)], indirect=True)
def test_pull_request_without_one_passes_and_so_does_its_merge_group(workplace: Workplace) -> None:
    assert workplace.run("pull_request").code == 0
    calls = len(workplace.api.calls)
    base = workplace.pull.base_sha
    group = {"base_sha": base, "head_sha": workplace.pull.head_sha, "base_ref": "refs/heads/main",
             "head_ref": f"refs/heads/gh-readonly-queue/main/pr-7-{base}"}  # fmt: skip

    done = workplace.run("merge_group", merge_group=group)

    assert (done.code, done.outputs["verdict"], done.outputs["cost-usd"]) == (0, "pass", "0.000000"), done.log
    assert len(workplace.api.calls) == calls


def test_dispatch_takes_answers_from_the_cache_and_force_asks_again(workplace: Workplace) -> None:
    first = workplace.run("workflow_dispatch", inputs={"pr-number": "7", "force": "false"})
    calls = len(workplace.api.calls)
    workplace.pull.issue_comments.clear()  # without the summary's state only the cache has the answers
    again = workplace.run("workflow_dispatch", inputs={"pr-number": "7", "force": "false"})
    assert len(workplace.api.calls) == calls > 0
    forced = workplace.run("workflow_dispatch", inputs={"pr-number": "7", "force": "true"})

    assert [(one.code, one.outputs["verdict"]) for one in (first, again, forced)] == [(1, "findings")] * 3, forced.log
    assert len(workplace.api.calls) == 2 * calls
    assert workplace.posted == ["Odd name", "Wrong sum"]


def test_missing_secret_fails_the_job_with_its_reason(workplace: Workplace) -> None:
    done = workplace.run("pull_request", secrets={})

    assert (done.code, done.outputs["verdict"], len(workplace.api.calls)) == (1, "incomplete", 0), done.log
    assert "There is no API key" in workplace.report["incomplete_because"][0]
