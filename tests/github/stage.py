"""A pull request on the strict fake, a model that finds what is marked, and runs of `reviewer pr` on both.

The code under review says itself what is wrong with it: `total = a  # bug high: Forgets b` is a finding of that
severity and title on that line, wherever a push moves it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reviewer.forge import access
from reviewer.forge.client import Client
from reviewer.simulator import Answer, Behaviour, Simulator
from tests.commands.runner import Ran, Runner, simulated
from tests.commands.shop import Job, job
from tests.fakes.github import Comment, PullRequest, Thread, git_history
from tests.known_answers import Change, read_prompt

_MARK = re.compile(r"# bug (critical|high|medium|low): (.+)")
Files = Mapping[str, str]


@dataclass(frozen=True)
class MarkedBugs:
    """A brain: a finding for each marked line it is shown. `proposals` are suggestions by title, as text and number
    of lines that they replace; `words` is what each explanation says."""

    proposals: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    words: str = "The marked line is wrong."

    def __call__(self, body: dict[str, Any]) -> Answer:
        prompt = read_prompt(body)
        if prompt.is_verification:
            rows = prompt.candidates
            return _answer(verdicts=[_upheld(row) for row in rows])
        marked = [(path, n, line) for path, lines in prompt.items.items() for n, line in lines.items()]
        found = [] if prompt.is_integration else [self._finding(*place) for place in marked if _MARK.search(place[2])]
        return _answer(summary="A change.", interface_notes=[], findings=found)

    def _finding(self, path: str, number: int, line: str) -> dict[str, Any]:
        severity, title = _MARK.search(line).groups()  # type: ignore[union-attr]
        suggestion, length = self.proposals.get(title, ("", 1))
        return {
            "path": path, "start_line": number, "end_line": number + length - 1, "quote": line,
            "severity": severity, "confidence": "high", "category": "correctness",
            "title": title, "explanation": self.words, "suggestion": suggestion,
        }  # fmt: skip


def _answer(**value: Any) -> Answer:
    return Answer(json.dumps(value))


def _upheld(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "holds": True, "severity": row["severity"], "explanation": "It is so."}


def code(*bugs: str, lines: int = 30, at: int = 20) -> str:
    """A module of `lines` plain lines; from line `at` on every other line is a bug, given as `high: Title`."""
    text = [f"value_{n} = {n}\n" for n in range(1, lines + 1)]
    for number, bug in enumerate(bugs):
        text[at - 1 + 2 * number] = f"value_{at + 2 * number} = wrong()  # bug {bug}\n"
    return "".join(text)


@dataclass
class Stage:
    """One pull request and everything that happens on it. `sleeps` are the seconds that a run would have waited."""

    job: Job
    api: Simulator
    api_env: Mapping[str, str]
    reviewer: Runner
    git: Path
    sleeps: list[float]
    _seen: tuple[int, int] = (0, 0)

    @property
    def pull(self) -> PullRequest:
        return self.job.pull

    def run(self, *arguments: str, event: str = "pull_request", payload: Mapping[str, Any] = {}, **env: str) -> Ran:
        """`reviewer pr` in this process, as the job of an event."""
        given = {**self.job.env(event, **payload), **self.api_env, **env}
        return self.reviewer("pr", *arguments, **given)

    def commit(self, files: Mapping[str, str | None], onto: str | None = None) -> str:
        """A commit on top of the head, or of another one."""
        return git_history(self.git, files, branch=f"more{len(self.pull.heads)}", onto=onto or self.pull.head_sha)[0]

    def push(self, files: Mapping[str, str | None]) -> None:
        """A push to the pull request."""
        self.pull.push(self.commit(files))

    @property
    def spent(self) -> tuple[int, int]:
        """Model calls and writes to GitHub since this was last asked."""
        total = (len(self.api.calls), len(self.job.writes))
        calls, writes = total[0] - self._seen[0], total[1] - self._seen[1]
        self._seen = total
        return calls, writes

    @property
    def posted(self) -> list[str]:
        """Titles of the inline comments that Reviewer posted, in GitHub's order."""
        return [title_of(comment) for comment in self.pull.comments if "<!-- reviewer:finding" in comment.body]

    @property
    def summary(self) -> str:
        """The body of the one summary comment."""
        (comment,) = self.pull.issue_comments
        return comment.body

    def thread(self, title: str) -> Thread:
        """The thread that tells this finding."""
        (found,) = [one for one in self.pull.threads if title_of(one.comments[0]) == title]
        return found


def title_of(comment: Comment) -> str:
    """The finding's title in an inline comment."""
    return comment.body.split("\n\n")[1].strip("*").replace("\\", "")


@contextmanager
def stage(
    reviewer: Runner,
    folder: Path,
    before: Files,
    after: Files,
    *,
    brain: Any = None,
    behaviour: Mapping[str, Any] | None = None,
    hub: Mapping[str, Any] | None = None,
    **pull: Any,
) -> Iterator[Stage]:
    """Open a pull request from `before` to `after`; `hub` and `pull` are what FakeGitHub and its pull request take."""
    git = folder / "git"
    base, head = git_history(git, before, after)
    change, sleeps = Change(git, base, head, (), before, after), list[float]()
    how = Behaviour(brain=brain or MarkedBugs(), **(behaviour or {}))
    with (
        job(change, folder / "job", hub, **pull) as made,
        simulated(how) as (api, env),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(access, "Client", partial(Client, write_gap=0.0, sleep=sleeps.append))
        yield Stage(made, api, env, reviewer, git, sleeps)
