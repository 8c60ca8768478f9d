"""The JSON that the REST API shows for each thing. Pure: state in, dictionaries out."""

import zlib
from collections.abc import Sequence
from typing import Any

from tests.fakes.github.gitdata import Commit, FileRow
from tests.fakes.github.records import CheckRun, Comment, Issue, IssueComment, Review
from tests.fakes.github.state import PullRequest, Repository

Json = dict[str, Any]
ACTIONS_BOT = "github-actions[bot]"
WEB = "https://github.com"


def user(login: str) -> Json:
    """A user or a bot, by its REST login."""
    bot = login.endswith("[bot]")
    number = 41898282 if login == ACTIONS_BOT else zlib.crc32(login.encode())
    return {
        "login": login,
        "id": number,
        "node_id": f"{'BOT' if bot else 'U'}_{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "html_url": f"{WEB}/{login}",
        "type": "Bot" if bot else "User",
        "site_admin": False,
    }


def repository(repo: Repository, api: str, name: str | None = None) -> Json:
    """A repository, or under another `name` the fork of it."""
    full_name = name or repo.full_name
    url = f"{api}/repos/{full_name}"
    owner, short = full_name.split("/")
    return {
        "id": repo.id if full_name == repo.full_name else zlib.crc32(full_name.encode()),
        "node_id": f"R_{repo.id}",
        "name": short,
        "full_name": full_name,
        "private": repo.private,
        "owner": user(owner),
        "html_url": f"{WEB}/{full_name}",
        "description": None,
        "fork": full_name != repo.full_name,
        "url": url,
        "issues_url": f"{url}/issues{{/number}}",
        "pulls_url": f"{url}/pulls{{/number}}",
        "clone_url": f"{WEB}/{full_name}.git",
        "default_branch": repo.default_branch,
        "visibility": "private" if repo.private else "public",
        "archived": False,
        "disabled": False,
        "has_issues": True,
    }


def _end(pull: PullRequest, api: str, ref: str, sha: str, name: str | None) -> Json:
    owner = name.split("/")[0] if name else "unknown repository"
    shown = None if name is None else repository(pull.repository, api, name)
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": None if name is None else user(owner),
        "repo": shown,
    }


def pull(one: PullRequest, api: str, listed: bool = False) -> Json:
    """A pull request; in lists the counted fields are missing."""
    repo, issue = one.repository, one.issue
    url = f"{api}/repos/{repo.full_name}"
    whole = {
        "id": issue.id,
        "node_id": one.node_id,
        "number": one.number,
        "url": f"{url}/pulls/{one.number}",
        "html_url": f"{WEB}/{repo.full_name}/pull/{one.number}",
        "diff_url": f"{WEB}/{repo.full_name}/pull/{one.number}.diff",
        "issue_url": f"{url}/issues/{one.number}",
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "body": issue.body,
        "user": user(issue.user),
        "labels": [label(repo, name) for name in issue.labels],
        "assignees": [],
        "draft": one.draft,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": None,
        "merged_at": None,
        "merge_commit_sha": one.merge_sha,
        "head": _end(one, api, one.head_ref, one.head_sha, one.head_repository),
        "base": _end(one, api, one.base_ref, one.base_sha, repo.full_name),
        "author_association": one.association,
        "auto_merge": None,
    }
    return whole if listed else whole | _counts(one)


def _counts(one: PullRequest) -> Json:
    files = one.files()
    return {
        "merged": False,
        "mergeable": one.mergeable,
        "mergeable_state": {True: "clean", False: "dirty", None: "unknown"}[one.mergeable],
        "merged_by": None,
        "comments": len(one.issue_comments),
        "review_comments": len(one.comments),
        "maintainer_can_modify": False,
        "commits": len(one.git.commits(one.merge_base, one.head_sha)),
        "additions": sum(row.additions for row in files),
        "deletions": sum(row.deletions for row in files),
        "changed_files": len(files),
    }


def file(row: FileRow, api: str, name: str, ref: str) -> Json:
    """One changed file. `patch` and `previous_filename` are missing, not null, when there is none."""
    shown = {
        "sha": row.sha,
        "filename": row.path,
        "status": row.status,
        "additions": row.additions,
        "deletions": row.deletions,
        "changes": row.additions + row.deletions,
        "blob_url": f"{WEB}/{name}/blob/{ref}/{row.path}",
        "raw_url": f"{WEB}/{name}/raw/{ref}/{row.path}",
        "contents_url": f"{api}/repos/{name}/contents/{row.path}?ref={ref}",
    }
    if row.patch is not None:
        shown["patch"] = row.patch
    if row.old_path is not None:
        shown["previous_filename"] = row.old_path
    return shown


def commit(one: Commit, api: str, name: str, files: Sequence[FileRow] | None = None) -> Json:
    """A commit; with `files` the way a single commit is shown."""
    url = f"{api}/repos/{name}"
    whole: Json = {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{WEB}/{name}/commit/{one.sha}",
        "commit": {
            "author": dict(zip(("name", "email", "date"), one.author, strict=True)),
            "committer": dict(zip(("name", "email", "date"), one.committer, strict=True)),
            "message": one.message,
            "tree": {"sha": one.tree, "url": f"{url}/git/trees/{one.tree}"},
            "url": f"{url}/git/commits/{one.sha}",
            "comment_count": 0,
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": sha, "url": f"{url}/commits/{sha}"} for sha in one.parents],
    }
    if files is not None:
        added, deleted = sum(row.additions for row in files), sum(row.deletions for row in files)
        whole["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
        whole["files"] = [file(row, api, name, one.sha) for row in files]
    return whole


def review(one: Review, pull: PullRequest, api: str) -> Json:
    """A review; a pending one has no `submitted_at`."""
    url = f"{api}/repos/{pull.repository.full_name}/pulls/{pull.number}"
    shown = {
        "id": one.id,
        "node_id": one.node_id,
        "user": user(one.user),
        "body": one.body,
        "state": one.state,
        "html_url": f"{WEB}/{pull.repository.full_name}/pull/{pull.number}#pullrequestreview-{one.id}",
        "pull_request_url": url,
        "author_association": "NONE",
        "commit_id": one.commit_id,
    }
    return shown if one.submitted_at is None else shown | {"submitted_at": one.submitted_at}


def review_comment(one: Comment, pull: PullRequest, api: str) -> Json:
    """An inline comment; the line and position of an outdated one are null."""
    thread = one.thread
    url = f"{api}/repos/{pull.repository.full_name}/pulls"
    shown = {
        "id": one.id,
        "node_id": one.node_id,
        "pull_request_review_id": one.review.id,
        "url": f"{url}/comments/{one.id}",
        "html_url": f"{WEB}/{pull.repository.full_name}/pull/{pull.number}#discussion_r{one.id}",
        "pull_request_url": f"{url}/{pull.number}",
        "user": user(one.user),
        "body": one.body,
        "path": thread.path,
        "diff_hunk": thread.diff_hunk,
        "commit_id": thread.commit_id,
        "original_commit_id": thread.original_commit_id,
        "position": thread.position,
        "original_position": thread.original_position,
        "line": thread.line,
        "original_line": thread.original_line,
        "start_line": thread.start_line,
        "original_start_line": thread.original.start_line,
        "side": thread.side,
        "start_side": thread.anchor.start_side,
        "subject_type": thread.subject_type,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "author_association": "NONE",
    }
    return shown if one.in_reply_to is None else shown | {"in_reply_to_id": one.in_reply_to}


def issue_comment(one: IssueComment, repo: Repository, api: str) -> Json:
    """A comment of the conversation."""
    url = f"{api}/repos/{repo.full_name}/issues"
    return {
        "id": one.id,
        "node_id": one.node_id,
        "url": f"{url}/comments/{one.id}",
        "html_url": f"{WEB}/{repo.full_name}/issues/{one.number}#issuecomment-{one.id}",
        "issue_url": f"{url}/{one.number}",
        "user": user(one.user),
        "body": one.body,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "author_association": "NONE",
    }


def label(repo: Repository, name: str) -> Json:
    """A label of the repository."""
    known = repo.labels.get(name, {})
    return {"id": zlib.crc32(name.encode()), "name": name, "color": known.get("color", "ededed"), "default": False}


def issue(one: Issue, repo: Repository, api: str) -> Json:
    """An issue; pull requests carry `pull_request`, which is how callers must tell them apart."""
    url = f"{api}/repos/{repo.full_name}"
    shown = {
        "id": one.id,
        "node_id": f"{'PR' if one.is_pull else 'I'}_{one.id}",
        "number": one.number,
        "url": f"{url}/issues/{one.number}",
        "html_url": f"{WEB}/{repo.full_name}/{'pull' if one.is_pull else 'issues'}/{one.number}",
        "title": one.title,
        "body": one.body,
        "user": user(one.user),
        "labels": [label(repo, name) for name in one.labels],
        "assignees": [user(login) for login in one.assignees],
        "state": one.state,
        "state_reason": one.state_reason,
        "locked": False,
        "comments": len(one.comments),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "closed_at": one.updated_at if one.state == "closed" else None,
        "author_association": "NONE",
    }
    return shown | {"pull_request": {"url": f"{url}/pulls/{one.number}"}} if one.is_pull else shown


def check_run(one: CheckRun, repo: Repository, api: str) -> Json:
    """A check run of the Actions app."""
    url = f"{api}/repos/{repo.full_name}/check-runs/{one.id}"
    empty = {"title": None, "summary": None, "text": None}
    counted = {"annotations_count": len(one.annotations), "annotations_url": f"{url}/annotations"}
    return {
        "id": one.id,
        "node_id": f"CR_{one.id}",
        "name": one.name,
        "head_sha": one.head_sha,
        "external_id": one.values.get("external_id", ""),
        "url": url,
        "html_url": f"{WEB}/{repo.full_name}/runs/{one.id}",
        "details_url": one.values.get("details_url", f"{WEB}/{repo.full_name}/runs/{one.id}"),
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": one.started_at,
        "completed_at": one.values.get("completed_at"),
        "output": empty | one.output | counted,
        "app": {"id": 15368, "slug": "github-actions", "name": "GitHub Actions"},
        "pull_requests": [],
    }
