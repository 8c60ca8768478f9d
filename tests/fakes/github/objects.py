"""State as GraphQL shows it: dictionaries that the schema's default resolvers read."""

from typing import Any

from tests.fakes.github.calls import Call
from tests.fakes.github.gitdata import GitData, Limits
from tests.fakes.github.records import Comment, IssueComment, Review, Thread
from tests.fakes.github.state import PullRequest, Repository
from tests.fakes.github.views import WEB

Json = dict[str, Any]
CHANGES = {"added": "ADDED", "modified": "MODIFIED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED"}


class GraphError(Exception):
    """An error of one field; `kind` is GitHub's `type`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def actor(login: str) -> Json:
    """An author. GraphQL knows bots without the `[bot]` of their REST login."""
    bot = login.endswith("[bot]")
    name = login.removesuffix("[bot]")
    kind = "Bot" if bot else "User"
    return {"__typename": kind, "id": f"{kind}_{name}", "login": name, "url": f"{WEB}/{name}", "databaseId": None}


def repository(repo: Repository) -> Json:
    """A repository; its objects and pull requests are looked up on demand."""
    return {
        "__typename": "Repository",
        "id": f"R_{repo.id}",
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "isPrivate": repo.private,
        "state": repo,
    }


def pull_request(pull: PullRequest, call: Call) -> Json:
    """A pull request with its threads, pending ones only if the viewer's own."""
    login = call.rights.login
    own = [t for t in pull.all_threads if any(c.is_posted or c.user == login for c in t.comments)]
    files = pull.files()
    return {
        "__typename": "PullRequest",
        "id": pull.node_id,
        "number": pull.number,
        "title": pull.issue.title,
        "body": pull.issue.body or "",
        "state": pull.issue.state.upper(),
        "isDraft": pull.draft,
        "isCrossRepository": pull.head_repository != pull.repository.full_name,
        "author": actor(pull.issue.user),
        "authorAssociation": pull.association,
        "headRefOid": pull.head_sha,
        "headRefName": pull.head_ref,
        "baseRefOid": pull.base_sha,
        "baseRefName": pull.base_ref,
        "changedFiles": len(files),
        "threads": [thread(one, call) for one in own],
        "read_commits": lambda: [
            {"commit": {"oid": one.sha, "message": one.message}}
            for one in pull.git.commits(pull.base_sha, pull.head_sha)
        ],
        "files": [
            {
                "path": row.path,
                "additions": row.additions,
                "deletions": row.deletions,
                "changeType": CHANGES.get(row.status, "CHANGED"),
            }
            for row in files
        ],
    }


def thread(one: Thread, call: Call) -> Json:
    """A review thread."""
    may = call.rights.writable and call.rights.contents_write
    comments = [c for c in one.comments if c.is_posted or c.user == call.rights.login]
    return {
        "__typename": "PullRequestReviewThread",
        "id": one.node_id,
        "isResolved": one.is_resolved,
        "isOutdated": one.is_outdated,
        "isCollapsed": one.is_resolved or one.is_outdated,
        "path": one.path,
        "line": one.line,
        "originalLine": one.original_line,
        "startLine": one.start_line,
        "originalStartLine": one.original.start_line,
        "diffSide": one.side,
        "startDiffSide": one.anchor.start_side,
        "subjectType": one.subject_type.upper(),
        "resolvedBy": actor(one.resolved_by) if one.resolved_by else None,
        "viewerCanReply": call.rights.writable,
        "viewerCanResolve": may and not one.is_resolved,
        "viewerCanUnresolve": may and one.is_resolved,
        "comments": [comment(c, call) for c in comments],
    }


def comment(one: Comment, call: Call) -> Json:
    """An inline comment. `databaseId` is a 32-bit Int and null for ids beyond that."""
    return {
        "__typename": "PullRequestReviewComment",
        "id": one.node_id,
        "databaseId": one.id if one.id < 2**31 else None,
        "fullDatabaseId": str(one.id),
        "author": actor(one.user),
        "body": one.body,
        "createdAt": one.created_at,
        "path": one.path,
        "line": one.line,
        "originalLine": one.thread.original_line,
        "startLine": one.start_line,
        "outdated": one.thread.is_outdated,
        "diffHunk": one.thread.diff_hunk,
        "isMinimized": one.minimized is not None,
        "minimizedReason": one.minimized,
        "pullRequestReview": review(one.review),
        "replyTo": None,
        "state": "SUBMITTED" if one.is_posted else "PENDING",
        "subjectType": one.thread.subject_type.upper(),
        "url": f"{WEB}/comment/{one.id}",
        "viewerCanMinimize": call.rights.writable,
        "viewerDidAuthor": one.user == call.rights.login,
    }


def review(one: Review) -> Json:
    """A review."""
    return {
        "__typename": "PullRequestReview",
        "id": one.node_id,
        "databaseId": one.id if one.id < 2**31 else None,
        "fullDatabaseId": str(one.id),
        "author": actor(one.user),
        "body": one.body,
        "state": one.state,
    }


def issue_comment(one: IssueComment, call: Call) -> Json:
    """A comment of the conversation."""
    return {
        "__typename": "IssueComment",
        "id": one.node_id,
        "fullDatabaseId": str(one.id),
        "author": actor(one.user),
        "body": one.body,
        "isMinimized": one.minimized is not None,
        "minimizedReason": one.minimized,
        "viewerCanMinimize": call.rights.writable,
    }


def git_object(repo: Repository, expression: str, limits: Limits) -> Json | None:
    """What `sha`, `ref` or `ref:path` names; None if there is nothing."""
    if repo.git is None:
        return None
    revision, colon, path = expression.partition(":")
    commit = repo.resolve(revision)
    if not colon:
        if commit is not None:
            message = repo.git.commit(commit).message
            return _base("Commit", commit) | {"message": message}
        return _blob(repo.git, revision, limits) if repo.git.blob(revision) is not None else None
    if commit is None:
        return None
    entry = repo.git.entry(commit, path) if path else None
    if not path or (entry and entry.type == "tree"):
        return _tree(repo.git, entry.sha if entry else repo.git.commit(commit).tree, path, limits)
    return _blob(repo.git, entry.sha, limits) if entry and entry.type == "blob" else None


def _base(kind: str, sha: str) -> Json:
    return {"__typename": kind, "id": f"{kind[0]}_{sha}", "oid": sha, "abbreviatedOid": sha[:7]}


def _tree(git: GitData, sha: str, path: str, limits: Limits) -> Json:
    entries = [
        {
            "name": entry.path,
            "path": f"{path}/{entry.path}" if path else entry.path,
            "type": entry.type,
            "mode": int(entry.mode, 8),
            "oid": entry.sha,
            "size": entry.size or 0,
            "object": _blob(git, entry.sha, limits) if entry.type == "blob" else None,
        }
        for entry in git.tree(sha) or []
    ]
    return _base("Tree", sha) | {"entries": entries}


def _blob(git: GitData, sha: str, limits: Limits) -> Json:
    content = git.blob(sha) or b""
    binary = b"\0" in content[:8000]
    text = None if binary else content[: limits.graphql_text_bytes].decode(errors="replace")
    size = {"byteSize": len(content), "isTruncated": len(content) > limits.graphql_text_bytes}
    return _base("Blob", sha) | size | {"isBinary": binary, "text": text}


def node(call: Call, node_id: str) -> Json:
    """Whatever has this id."""
    _, found = find(call, node_id)
    match found:
        case Thread():
            return thread(found, call)
        case Comment():
            return comment(found, call)
        case IssueComment():
            return issue_comment(found, call)
        case Review():
            return review(found)
        case PullRequest():
            return pull_request(found, call)
    raise unresolved(node_id)


def unresolved(node_id: str, kind: str = "a node") -> GraphError:
    """The error for an id that names nothing, or something of another kind."""
    return GraphError("NOT_FOUND", f"Could not resolve to {kind} with the global id of '{node_id}'.")


def find(call: Call, node_id: str) -> tuple[PullRequest | None, Any]:
    """The state behind a node id, and its pull request if it has one."""
    for repo in call.repositories.values():
        for pull in repo.pulls.values():
            said_inline = [comment for thread in pull.all_threads for comment in thread.comments]
            inside: list[Any] = [pull, *pull.all_reviews, *pull.all_threads, *said_inline]
            for item in inside:
                if item.node_id == node_id:
                    return pull, item
        for issue in repo.issues.values():
            for said in issue.comments:
                if said.node_id == node_id:
                    return None, said
    raise unresolved(node_id)
