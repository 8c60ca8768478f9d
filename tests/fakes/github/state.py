"""Repositories and pull requests, over real git repositories."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.github import anchors
from tests.fakes.github.anchors import Anchor
from tests.fakes.github.gitdata import FileRow, GitData
from tests.fakes.github.records import CheckRun, Comment, Issue, IssueComment, Review, Thread, next_id, now


@dataclass(slots=True, eq=False)
class PullRequest:
    """A pull request over two commits of a real repository.

    `head_repository` is the fork's name, the repository's own, or None for a deleted fork.
    """

    repository: "Repository"
    issue: Issue
    git: GitData
    base_sha: str
    head_sha: str
    base_ref: str
    head_ref: str
    head_repository: str | None
    draft: bool
    all_reviews: list[Review] = field(default_factory=list)
    all_threads: list[Thread] = field(default_factory=list)
    mergeable: bool | None = True
    heads: list[str] = field(default_factory=list)
    association: str = "CONTRIBUTOR"

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def node_id(self) -> str:
        return f"PR_{self.issue.id}"

    @property
    def reviews(self) -> list[Review]:
        """Reviews that everybody sees: all but pending ones."""
        return [review for review in self.all_reviews if review.state != "PENDING"]

    @property
    def threads(self) -> list[Thread]:
        """Threads that everybody sees."""
        return [thread for thread in self.all_threads if thread.is_posted]

    @property
    def comments(self) -> list[Comment]:
        """Posted inline comments, oldest first."""
        posted = [c for thread in self.all_threads for c in thread.comments if c.is_posted]
        return sorted(posted, key=lambda comment: comment.id)

    @property
    def issue_comments(self) -> list[IssueComment]:
        return self.issue.comments

    @property
    def merge_base(self) -> str:
        return self.git.merge_base(self.base_sha, self.head_sha) or self.base_sha

    @property
    def merge_sha(self) -> str:
        """The test merge's name; no such commit exists in the repository."""
        return hashlib.sha1(f"{self.base_sha} {self.head_sha}".encode()).hexdigest()

    def files(self, head_sha: str | None = None) -> tuple[FileRow, ...]:
        """Changed files since the merge base, at the head or at another commit."""
        head = head_sha or self.head_sha
        return self.git.files(self.git.merge_base(self.base_sha, head) or self.base_sha, head)

    def patch(self, path: str, head_sha: str | None = None) -> str | None:
        """The patch of a changed path, None without one."""
        return next((row.patch for row in self.files(head_sha) if row.path == path), None)

    def has_commit(self, sha: str) -> bool:
        """Whether a commit is, or was before a push, part of this pull request."""
        listed = (c.sha for head in self.heads for c in self.git.commits(self.base_sha, head))
        return sha in self.heads or sha in listed

    def pending_review(self, user: str) -> Review | None:
        """The review that a user has begun and not submitted."""
        return next((r for r in self.all_reviews if r.user == user and r.state == "PENDING"), None)

    def open_thread(self, thread: Thread) -> Thread:
        """Keep a new thread and place it on the present head."""
        row = anchors.find(anchors.rows(self.patch(thread.path, thread.commit_id)), thread.side, thread.line)
        thread.diff_hunk = anchors.diff_hunk(self.patch(thread.path, thread.commit_id), row)
        thread.position = thread.original_position = row.position if row else None
        self.all_threads.append(thread)
        if thread.commit_id != self.head_sha:
            self._follow(thread)
        return thread

    def push(self, head_sha: str) -> None:
        """A new head: threads follow their lines, or are outdated when a line has changed or left the diff."""
        self.head_sha = self.git.resolve(head_sha) or head_sha
        self.heads.append(self.head_sha)
        for thread in self.all_threads:
            self._follow(thread)

    def _follow(self, thread: Thread) -> None:
        if thread.is_outdated or thread.lost:
            return
        patch = self.patch(thread.path)
        if thread.subject_type == "file":
            thread.is_outdated = all(row.path != thread.path for row in self.files())
            return
        anchor = self._moved(thread)
        if anchor is None or anchors.problems(patch, anchor):
            thread.is_outdated, thread.position = True, None
            thread.anchor = Anchor(thread.side, None, thread.anchor.start_side, None)
            return
        row = anchors.find(anchors.rows(patch), anchor.side, anchor.line)
        thread.anchor, thread.position, thread.commit_id = anchor, row.position if row else None, self.head_sha

    def _moved(self, thread: Thread) -> Anchor | None:
        old = thread.anchor
        shifts: dict[str, str] = {}

        def move(side: str, line: int | None) -> int | None:
            if side not in shifts:
                shifts[side] = self._shift(thread, side)
            return anchors.moved(shifts[side], line)

        line = move(old.side, old.line)
        start = move(old.start_side or old.side, old.start_line)
        if line is None or (start is None and old.start_line is not None):
            return None
        return Anchor(old.side, line, old.start_side, start)

    def _shift(self, thread: Thread, side: str) -> str:
        if side == "RIGHT":
            return self.git.shift(thread.commit_id, self.head_sha, thread.path)
        before = self.git.merge_base(self.base_sha, thread.commit_id) or self.base_sha
        return self.git.shift(before, self.merge_base, thread.path)

    def reply(self, thread: Thread, body: str, author: str) -> Comment:
        """Somebody answers in a thread."""
        review = Review(author, "", "COMMENTED", self.head_sha, submitted_at=now())
        comment = Comment(author, body, thread, review, in_reply_to=thread.comments[0].id)
        self.all_reviews.append(review)
        thread.comments.append(comment)
        return comment

    def resolve(self, thread: Thread, by: str) -> None:
        """Somebody resolves a thread."""
        thread.is_resolved, thread.resolved_by = True, by


@dataclass(slots=True, eq=False)
class Repository:
    """A repository: its issues share their numbers with its pull requests."""

    full_name: str
    default_branch: str
    private: bool
    make_git: Callable[..., GitData]
    git: GitData | None = None
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    check_runs: list[CheckRun] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    sarifs: list[dict[str, Any]] = field(default_factory=list)
    id: int = field(default_factory=next_id)

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.split("/")[1]

    def pull_request(
        self,
        *,
        number: int,
        git_dir: Any,
        base_sha: str,
        head_sha: str,
        title: str = "A change",
        body: str | None = None,
        draft: bool = False,
        author: str = "octocat",
        fork: bool | str = False,
        base_ref: str | None = None,
        head_ref: str = "feature",
        association: str = "CONTRIBUTOR",
    ) -> PullRequest:
        """Open a pull request between two commits of a local repository; `fork="deleted"` leaves no head repository.

        `association` is the author's to the repository.
        """
        git = self.make_git(git_dir)
        self.git = self.git or git
        base, head = git.resolve(base_sha), git.resolve(head_sha)
        if base is None or head is None:
            raise LookupError(f"{base_sha if base is None else head_sha} is no commit of {git_dir}")
        if number in self.issues:
            raise ValueError(f"number {number} of {self.full_name} is taken")
        self.issues[number] = issue = Issue(number, title, body, author, is_pull=True)
        own = {False: self.full_name, True: f"{author}/{self.name}", "deleted": None}[fork]
        self.pulls[number] = pull = PullRequest(
            self, issue, git, base, head, base_ref or self.default_branch, head_ref, own, draft, heads=[head],
            association=association,
        )  # fmt: skip
        return pull

    def new_issue(self, title: str, body: str | None, user: str) -> Issue:
        """Open an issue under the next free number."""
        number = max(self.issues, default=0) + 1
        self.issues[number] = issue = Issue(number, title, body, user)
        return issue

    def resolve(self, ref: str) -> str | None:
        """The commit that a ref of the API means: a sha, branch, tag, or `refs/pull/N/head`."""
        for pull in self.pulls.values():
            if ref in (f"refs/pull/{pull.number}/head", f"pull/{pull.number}/head", pull.head_ref):
                return pull.head_sha
        if self.git is None:
            return None
        short = ref.removeprefix("refs/").removeprefix("heads/")
        found = self.git.resolve(short)
        if found is None and short == self.default_branch and self.pulls:
            return next(iter(self.pulls.values())).base_sha
        return found
