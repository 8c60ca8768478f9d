"""What every step of `reviewer pr` needs: the pull request, the policy in force, and where to say things."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from reviewer import __version__
from reviewer.commands.reviewing import Reviewed, review_changes
from reviewer.config.settings import Settings
from reviewer.core.attributes import parse_attributes
from reviewer.core.carry import patch_id, policy_id
from reviewer.core.change import ChangeSet
from reviewer.forge.github import GitHub
from reviewer.forge.policy import PolicyFiles, mark
from reviewer.forge.pull import PullRequest
from reviewer.review.reporting import Terms
from reviewer.wiring import RunOptions, prices_of


@dataclass(frozen=True, slots=True)
class PullSession:
    """One run over one pull request. `checkout` is a clone, if there is one; `started` is monotonic."""

    hub: GitHub
    pull: PullRequest
    policy: PolicyFiles
    settings: Settings
    options: RunOptions
    env: Mapping[str, str]
    console: Console
    checkout: Path | None
    started: float

    def governed(self, changes: ChangeSet) -> ChangeSet:
        """The change set under the base commit's policy: its attributes and guidelines."""
        files = mark(changes.files, parse_attributes(self.policy.attributes))
        return replace(changes, files=files, guidelines=self.policy.guidelines)

    def review(self, changes: ChangeSet) -> Reviewed:
        """Ask the model."""
        made = review_changes(changes, self.settings, self.options, self.env, self.console, self.started)
        # Of the change as it is, since what the report has is masked.
        marks = {"policy": self.policy_id, "patch": patch_id(changes)}
        return replace(made, report=replace(made.report, extra={**made.report.extra, **marks}))

    @property
    def terms(self) -> Terms:
        """By what the verdict is decided."""
        settings, engine = self.settings, self.options.engine
        return Terms(engine, settings.fail_on, settings.on_incomplete, prices_of(settings, engine))

    @property
    def policy_id(self) -> str:
        """Identity of what the review is made by; what only decides the verdict plays no part in it."""
        deciding = {"fail_on", "on_incomplete", "limits", "budget_usd", "deadline", "cache_dir", "audit", "prices"}
        terms = self.settings.model_dump(mode="json", exclude=deciding)
        terms |= {"engine": self.options.engine, "version": __version__, "attributes": dict(self.policy.attributes)}
        return policy_id(terms, self.policy.guidelines)

    @property
    def secret(self) -> str:
        """What carried verdicts are sealed with: runs without the API's secret can neither make nor use one."""
        if self.options.engine == "offline":
            return "offline"
        return self.env.get("ANTHROPIC_API_KEY") or self.env.get("ANTHROPIC_AUTH_TOKEN") or ""
