"""The audit workflows end to end: act runs them on this machine, the state goes from run to run as on GitHub."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from reviewer.simulator import Behaviour, Simulator
from tests.audit.whole_night import Auditor
from tests.fakes.github import FakeGitHub, Issue, Repository
from tests.project.act import Outcome, Runner
from tests.project.test_act_review import as_users_have_it

SUBMIT, COLLECT = "23 2,6,10,14,18,22 * * *", "41 * * * *"
FILES = {
    "shop/till/a.py": "total = 1  # bug sum\n" + "kept = 1\n" * 20,
    "shop/cart/b.py": "name = 2\n" * 20,
    "shop/mail/c.py": "text = 3\n" * 20,
    ".github/reviewer.yml": "audit: {paths: [/shop/], sla: 30h}\n",
}
"""Three folders, so three requests: one is the sample, two go into the first batch."""
READY = 1.0
"""Seconds from a batch's creation to its end: no run sees the end of what it submits."""
MOST_RUNS = 12


@dataclass(frozen=True)
class Nights:
    """A repository with `audit.yml` on the runner and on the fake GitHub, and the API that audits it."""

    runner: Runner
    hub: FakeGitHub
    repo: Repository
    api: Simulator
    runs: list[str] = field(default_factory=list)

    def run(self, event: str, **payload: Any) -> Outcome:
        """The workflow, as GitHub would start it. Each run has an id of its own, and so names for what it keeps."""
        self.runs.append(event)
        env = {
            "GITHUB_REPOSITORY": self.repo.full_name,
            "GITHUB_RUN_ID": str(1000 + len(self.runs)),
            "GITHUB_API_URL": self.hub.api_url,
            "GITHUB_GRAPHQL_URL": self.hub.graphql_url,
            "ANTHROPIC_BASE_URL": self.api.base_url,
        }
        secrets = {"GITHUB_TOKEN": self.hub.token, "ANTHROPIC_API_KEY": "sk-simulated-key"}
        given = self.hub.event(event, repo=self.repo, **payload)
        return self.runner.run("audit.yml", event, given, env=env, secrets=secrets)

    def collected(self) -> Outcome:
        """Runs of the collecting schedule, until one of them ends the audit."""
        for _ in range(MOST_RUNS):
            done = self.run("schedule", schedule=COLLECT)
            if done.outputs.get("state") != "in-progress":
                return done
            assert done.code == 0, done.log
        raise AssertionError(done.log)

    @property
    def calls(self) -> list[str]:
        """Endpoints that were called, in order."""
        return [call.endpoint for call in self.api.calls]

    @property
    def issues(self) -> list[Issue]:
        return [issue for issue in self.repo.issues.values() if not issue.is_pull]


@pytest.fixture
def nights(runner: Runner, request: pytest.FixtureRequest) -> Iterator[Nights]:
    """This project's own `audit.yml`, or where the test says `example`, the one that users copy."""
    if request.param == "example":
        runner = as_users_have_it(runner, "audit.yml")
    else:
        runner.add_project()
    workflow = runner.origin / ".github/workflows/audit.yml"
    # act's schema is older than these keys: one keeps runs out of the list of deployments, one lets them queue.
    workflow.write_text(workflow.read_text().replace("      deployment: false\n", "").replace("  queue: max\n", ""))
    for path, content in FILES.items():
        (runner.origin / path).parent.mkdir(parents=True, exist_ok=True)
        (runner.origin / path).write_text(content)
    runner.commit()
    with FakeGitHub() as hub, Simulator(Behaviour(brain=Auditor(), batch_delay=READY)) as api:
        yield Nights(runner, hub, hub.repository("octo/shop", git_dir=runner.origin), api)
        assert api.failures == []


def assert_begun(nights: Nights, done: Outcome) -> None:
    assert (done.code, done.outputs["state"], nights.issues, nights.repo.sarifs) == (0, "in-progress", [], []), done.log
    assert nights.calls.count("batches.create") == 1


def assert_ended(nights: Nights, done: Outcome) -> None:
    assert (done.code, done.outputs["state"], done.outputs["verdict"]) == (1, "complete", "findings"), done.log
    (issue,) = nights.issues
    assert "Bug sum bites" in (issue.body or "")
    (upload,) = nights.repo.sarifs
    (result,) = upload["sarif"]["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop/till/a.py"
    kept = nights.runner.artifacts / "audit-1"
    assert json.loads((kept / "reviewer/report.json").read_text())["coverage"]["files_reviewed"] == 3
    assert "Bug sum bites" in (kept / "reviewer/report.html").read_text()
    assert (kept / "reviewer-state/audit.db").exists()


@pytest.mark.parametrize("nights", ["own"], indirect=True)
def test_one_schedule_submits_and_the_other_collects(nights: Nights) -> None:
    assert_begun(nights, nights.run("schedule", schedule=SUBMIT))

    assert_ended(nights, nights.collected())


@pytest.mark.parametrize("nights", ["example"], indirect=True)
def test_by_hand_it_plans_submits_and_goes_on(nights: Nights) -> None:
    planned = nights.run("workflow_dispatch", inputs={"command": "audit-plan"})
    assert (planned.code, nights.calls) == (0, []), planned.log
    assert_begun(nights, nights.run("workflow_dispatch", inputs={"command": "audit-submit"}))
    calls = len(nights.calls)

    gone_on = nights.run("workflow_dispatch", inputs={"command": "audit-collect"})

    assert (gone_on.code, gone_on.outputs["state"]) == (0, "in-progress"), gone_on.log
    assert nights.calls[calls:].count("messages") == 0
    assert nights.calls.count("batches.create") == 2


@pytest.mark.parametrize("nights", ["own"], indirect=True)
def test_collecting_without_an_audit_is_green_and_does_nothing(nights: Nights) -> None:
    done = nights.run("schedule", schedule=COLLECT)

    assert (done.code, nights.calls, nights.issues, nights.repo.sarifs) == (0, [], [], []), done.log
