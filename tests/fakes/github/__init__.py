"""A stateful, strict stand-in for GitHub's REST and GraphQL APIs, for tests: never more generous than GitHub."""

from tests.fakes.github.app import Record
from tests.fakes.github.faults import Fault
from tests.fakes.github.gitdata import Limits
from tests.fakes.github.history import git_history
from tests.fakes.github.hub import FakeGitHub
from tests.fakes.github.records import Comment, Issue, IssueComment, Review, Thread
from tests.fakes.github.state import PullRequest, Repository

__all__ = [
    "Comment",
    "FakeGitHub",
    "Fault",
    "Issue",
    "IssueComment",
    "Limits",
    "PullRequest",
    "Record",
    "Repository",
    "Review",
    "Thread",
    "git_history",
]
