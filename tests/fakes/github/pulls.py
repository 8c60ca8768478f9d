"""Pull requests: reading them, their files and commits, comparing; and the diff media type with its limits."""

from tests.fakes.github import views
from tests.fakes.github.calls import Call, Reply, page, paged
from tests.fakes.github.errors import ApiError, check_body_length, forbidden, not_found, validation_failed
from tests.fakes.github.gitdata import FileRow, GitData, Limits


def list_pulls(call: Call) -> Reply:
    """Open ones unless asked otherwise; newest first."""
    state = call.query.get("state", "open")
    found = [pull for pull in call.repo.pulls.values() if state in ("all", pull.issue.state)]
    if head := call.query.get("head"):
        found = [p for p in found if head == f"{(p.head_repository or '').split('/')[0]}:{p.head_ref}"]
    if base := call.query.get("base"):
        found = [pull for pull in found if pull.base_ref == base]
    found.sort(key=lambda pull: pull.number, reverse=call.query.get("direction", "desc") == "desc")
    return paged(call, found, lambda pull: views.pull(pull, call.api, listed=True))


def get_pull(call: Call) -> Reply:
    """JSON, or the diff if the Accept header wants it."""
    pull = call.pull
    if call.wants("diff") or call.wants("patch"):
        check_diff_size(pull.git, pull.merge_base, pull.head_sha, call.limits)
        text = pull.git.diff_text(pull.merge_base, pull.head_sha)
        return Reply(200, text, content_type="application/vnd.github.diff; charset=utf-8")
    return Reply(200, views.pull(pull, call.api))


def check_diff_size(git: GitData, base: str, head: str, limits: Limits) -> None:
    """406, always the same for the same diff, when it is above what GitHub renders."""
    files = git.files(base, head)
    text = git.diff_text(base, head)
    for what, size, most in (
        ("files", len(files), limits.diff_files),
        ("lines", text.count("\n"), limits.diff_lines),
        ("bytes", len(text.encode()), limits.diff_bytes),
    ):
        if size > most:
            message = f"Sorry, the diff exceeded the maximum number of {what} ({most})."
            if what == "files":
                message += " Consider using 'List pull requests files' API or locally cloning the repository instead."
            raise ApiError(406, message, [{"resource": "PullRequest", "field": "diff", "code": "too_large"}])


def update_pull(call: Call) -> Reply:
    """Title, body, state."""
    body, issue = call.body or {}, call.pull.issue
    if "base" in body or "maintainer_can_modify" in body:
        raise forbidden()
    check_body_length("Issue", body.get("body"))
    if body.get("title") == "":
        raise validation_failed("PullRequest", "title", code="missing_field")
    for key, value in body.items():
        setattr(issue, key, value)
    return Reply(200, views.pull(call.pull, call.api))


def list_files(call: Call) -> Reply:
    """Changed files; the list ends silently at the limit."""
    files = call.pull.files()[: call.limits.listed_files]
    name, head = call.repo.full_name, call.pull.head_sha
    return paged(call, files, lambda row: views.file(row, call.api, name, head))


def list_commits(call: Call) -> Reply:
    """The commits, oldest first, up to GitHub's 250."""
    commits = call.pull.git.commits(call.pull.merge_base, call.pull.head_sha)[: call.limits.listed_commits]
    return paged(call, commits, lambda one: views.commit(one, call.api, call.repo.full_name))


def _git(call: Call) -> GitData:
    if call.repo.git is None:
        raise ApiError(409, "Git Repository is empty.")
    return call.repo.git


def get_commit(call: Call) -> Reply:
    """One commit with its files, 300 to a page."""
    git = _git(call)
    commit = git.commit(call.commit)
    parent = commit.parents[0] if commit.parents else "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    files = git.files(parent, commit.sha)[: call.limits.listed_files]
    size = call.limits.diff_files
    number = max(int(call.query.get("page", 1)), 1)
    shown = files[(number - 1) * size : number * size]
    return Reply(200, views.commit(commit, call.api, call.repo.full_name, shown))


def compare(call: Call) -> Reply:
    """`base...head`; files only on the first page and silently cut there."""
    git = _git(call)
    names = call.params["basehead"].split("...")
    ends = [call.repo.resolve(name.rpartition(":")[2]) for name in names]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        raise not_found()
    base, head = ends[0], ends[1]
    middle = git.merge_base(base, head)
    if middle is None:
        raise ApiError(404, f"No common ancestor between {names[0]} and {names[1]}.")
    if call.wants("diff"):
        check_diff_size(git, middle, head, call.limits)
        return Reply(200, git.diff_text(middle, head), content_type="application/vnd.github.diff; charset=utf-8")
    return _comparison(call, git, (base, head, middle))


def _comparison(call: Call, git: GitData, ends: tuple[str, str, str]) -> Reply:
    base, head, middle = ends
    name = call.repo.full_name
    ahead, behind = git.commits(base, head), git.commits(head, base)
    commits, headers = page(call, ahead)
    if "page" not in call.query and "per_page" not in call.query:
        commits, headers = ahead[: call.limits.listed_commits], {}
    first = int(call.query.get("page", 1)) <= 1
    files: tuple[FileRow, ...] = git.files(middle, head)[: call.limits.diff_files] if first else ()
    states = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    data = {
        "url": f"{call.api}{call.path}",
        "base_commit": views.commit(git.commit(base), call.api, name),
        "merge_base_commit": views.commit(git.commit(middle), call.api, name),
        "status": states[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [views.commit(one, call.api, name) for one in commits],
        "files": [views.file(row, call.api, name, head) for row in files],
    }
    return Reply(200, data, headers)


HANDLERS = {
    "pulls/list": list_pulls,
    "pulls/get": get_pull,
    "pulls/update": update_pull,
    "pulls/list-files": list_files,
    "pulls/list-commits": list_commits,
    "repos/get-commit": get_commit,
    "repos/compare-commits-with-basehead": compare,
}
