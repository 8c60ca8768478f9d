"""The repository's files: contents, blobs, trees; and what the token can learn of itself."""

import base64
from typing import Any

from tests.fakes.github import views
from tests.fakes.github.calls import Call, Reply
from tests.fakes.github.errors import ApiError, forbidden, not_found
from tests.fakes.github.gitdata import GitData, TreeEntry


def _encoded(content: bytes) -> str:
    """Base64 in lines of 60, as GitHub breaks it."""
    text = base64.b64encode(content).decode()
    return "".join(text[at : at + 60] + "\n" for at in range(0, len(text), 60))


def _git(call: Call) -> GitData:
    if call.repo.git is None:
        raise not_found()
    return call.repo.git


def get_content(call: Call) -> Reply:
    """A file, a folder's listing, a link or a submodule at a ref."""
    ref = call.query.get("ref", call.repo.default_branch)
    commit = call.repo.resolve(ref)
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    git, path = _git(call), call.params["path"].strip("/")
    if not path:
        return _listing(call, git, commit, "", ref)
    entry = git.entry(commit, path)
    if entry is None:
        raise not_found()
    if entry.type == "tree":
        return _listing(call, git, entry.sha, f"{path}/", ref)
    return _file(call, git, entry, ref)


def _listing(call: Call, git: GitData, tree: str, prefix: str, ref: str) -> Reply:
    entries = git.tree(tree) or []
    kinds = {"tree": "dir", "blob": "file", "commit": "file"}  # a submodule is listed as a file, by tradition
    if call.version >= "2026-03-10":
        kinds["commit"] = "submodule"
    shown = [_facts(call, entry, prefix + entry.path, ref) | {"type": kinds[entry.type]} for entry in entries]
    return Reply(200, shown[:1000])


def _facts(call: Call, entry: TreeEntry, path: str, ref: str) -> dict[str, Any]:
    url = f"{call.api}/repos/{call.repo.full_name}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": f"{url}/contents/{path}?ref={ref}",
        "git_url": f"{url}/git/blobs/{entry.sha}",
        "html_url": f"{views.WEB}/{call.repo.full_name}/blob/{ref}/{path}",
        "download_url": None,
    }


def _file(call: Call, git: GitData, entry: TreeEntry, ref: str) -> Reply:
    facts = _facts(call, entry, entry.path, ref)
    if entry.type == "commit":
        return Reply(200, facts | {"type": "submodule", "submodule_git_url": None})
    content = git.blob(entry.sha) or b""
    if call.wants("raw"):
        return Reply(200, content, content_type="application/vnd.github.raw; charset=utf-8")
    if entry.mode == "120000":
        return Reply(200, facts | {"type": "symlink", "target": content.decode(errors="replace")})
    if len(content) > call.limits.content_bytes:
        return Reply(200, facts | {"type": "file", "encoding": "none", "content": ""})
    return Reply(200, facts | {"type": "file", "encoding": "base64", "content": _encoded(content)})


def get_blob(call: Call) -> Reply:
    """A blob by its sha."""
    sha = call.params["file_sha"]
    content = _git(call).blob(sha)
    if content is None:
        raise not_found()
    if call.wants("raw"):
        return Reply(200, content, content_type="application/vnd.github.raw; charset=utf-8")
    url = f"{call.api}{call.path}"
    shown = {"sha": sha, "node_id": f"B_{sha}", "size": len(content), "url": url}
    return Reply(200, shown | {"encoding": "base64", "content": _encoded(content)})


def get_tree(call: Call) -> Reply:
    """A tree by its sha or by a ref; any value of `recursive`, even 0, means the whole of it."""
    name = call.params["tree_sha"]
    git = _git(call)
    entries = git.tree(call.repo.resolve(name) or name, recursive="recursive" in call.query)
    if entries is None:
        raise not_found()
    most = call.limits.tree_entries
    shown = [
        {"path": e.path, "mode": e.mode, "type": e.type, "sha": e.sha} | ({} if e.size is None else {"size": e.size})
        for e in entries[:most]
    ]
    return Reply(200, {"sha": name, "tree": shown, "truncated": len(entries) > most})


def get_repository(call: Call) -> Reply:
    """The repository, with what the token may do in it."""
    shown = views.repository(call.repo, call.api)
    may = {"admin": False, "maintain": False, "push": call.rights.contents_write, "triage": False, "pull": True}
    return Reply(200, shown | {"permissions": may})


def get_user(call: Call) -> Reply:
    """The user of a personal token; Actions tokens have none."""
    if call.rights.is_bot:
        raise forbidden()
    return Reply(200, views.user(call.rights.login))


def get_app(call: Call) -> Reply:
    """Only an app's own signed token may ask this."""
    raise ApiError(401, "A JSON web token could not be decoded")


def list_installed(call: Call) -> Reply:
    """The repositories of the installation behind an Actions token."""
    if not call.rights.is_bot:
        raise ApiError(403, "You must authenticate with an installation access token in order to list repositories.")
    shown = [views.repository(repo, call.api) for repo in call.repositories.values()]
    return Reply(200, {"total_count": len(shown), "repositories": shown})


def refuse(call: Call) -> Reply:
    """What an Actions token of a review job has no permission for."""
    raise forbidden()


HANDLERS = {
    "repos/get-content": get_content,
    "git/get-blob": get_blob,
    "git/get-tree": get_tree,
    "repos/get": get_repository,
    "users/get-authenticated": get_user,
    "apps/get-authenticated": get_app,
    "apps/list-repos-accessible-to-installation": list_installed,
    "repos/update": refuse,
    "repos/delete": refuse,
    "repos/create-or-update-file-contents": refuse,
    "repos/delete-file": refuse,
    "pulls/create": refuse,
    "users/update-authenticated": refuse,
}
