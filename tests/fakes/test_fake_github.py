"""The fake over REST: PyGithub works with it, and it refuses what GitHub refuses."""

import base64
import gzip
import json
from typing import Any

import github
import pytest
import requests

from tests.fakes.conftest import Opener, Shop
from tests.fakes.github import Limits

FILES = {"f.txt": "0\n"}
ON_FILE = {"path": "a.py", "body": "x", "subject_type": "file"}
TOO_LONG = "Body is too long (maximum is 65536 characters)"


def test_pygithub_reads_a_pull_request(shop: Shop) -> None:
    pull = shop.client.get_repo("octo/shop").get_pull(7)

    assert (pull.head.sha, pull.base.sha) == (shop.pull.head_sha, shop.pull.base_sha)
    assert (pull.changed_files, pull.additions, pull.deletions, pull.commits) == (6, 3, 3, 1)
    assert [(f.filename, f.status, f.previous_filename, f.patch) for f in pull.get_files()] == [
        ("a.py", "modified", None, shop.pull.patch("a.py")),
        ("docs/né w.md", "added", None, "@@ -0,0 +1 @@\n+hi"),
        ("gone.py", "removed", None, "@@ -1 +0,0 @@\n-bye"),
        ("logo.png", "modified", None, None),
        ("new.py", "renamed", "old.py", None),
        ("run.sh", "modified", None, None),
    ]
    raw = shop.send("GET", "/pulls/7/files").json()
    assert [row["filename"] for row in raw if "patch" not in row] == ["logo.png", "new.py", "run.sh"]


def test_pygithub_reviews_and_comments(shop: Shop) -> None:
    repo = shop.client.get_repo("octo/shop")
    pull = repo.get_pull(7)

    review = pull.create_review(
        commit=repo.get_commit(shop.pull.head_sha),
        body="See inside",
        event="COMMENT",
        comments=[{"path": "a.py", "line": 4, "side": "RIGHT", "start_line": 2, "start_side": "RIGHT", "body": "Hm"}],
    )
    said = pull.create_issue_comment("first")
    said.edit("second")

    assert (review.state, review.user.login) == ("COMMENTED", "github-actions[bot]")
    (comment,) = shop.pull.comments
    assert (comment.path, comment.start_line, comment.line, comment.side) == ("a.py", 2, 4, "RIGHT")
    assert [c.diff_hunk for c in pull.get_review_comments()] == ["@@ -1,6 +1,6 @@\n l1\n l2\n-l3\n+L3\n l4"]
    assert [c.body for c in shop.pull.issue_comments] == ["second"]


def test_pygithub_reads_contents_commits_and_comparisons(shop: Shop) -> None:
    repo = shop.client.get_repo("octo/shop")
    base, head = shop.pull.base_sha, shop.pull.head_sha

    old: Any = repo.get_contents("a.py", ref=base)
    new: Any = repo.get_contents("docs/né w.md", ref=head)
    root: Any = repo.get_contents("", ref=head)
    tree = repo.get_git_tree(head, recursive=True).tree
    assert old.decoded_content.startswith(b"l1\nl2\nl3\n")
    assert new.decoded_content == b"hi\n"
    assert [entry.path for entry in root] == ["a.py", "docs", "logo.png", "new.py", "run.sh"]
    assert [entry.path for entry in tree][:3] == ["a.py", "docs", "docs/né w.md"]
    assert [commit.sha for commit in repo.get_pull(7).get_commits()] == [head]
    comparison = repo.compare(base, head)
    assert (comparison.status, comparison.ahead_by, comparison.merge_base_commit.sha) == ("ahead", 1, base)
    with pytest.raises(github.UnknownObjectException):
        repo.get_contents("nowhere.py", ref=base)


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/issues/7/comments", {"body": "x", "extra": 1}, '"extra" is not a permitted key.'),
        ("POST", "/issues/7/comments", {}, '"body" wasn\'t supplied.'),
        ("POST", "/issues/7/comments", {"body": 5}, "5 is not of type 'string'"),
        ("POST", "/issues/7/comments", None, "nil is not an object"),
        ("POST", "/pulls/7/reviews", {"event": "SHOUT"}, "'SHOUT' is not one of"),
        ("POST", "/pulls/7/reviews", {"comments": [ON_FILE]}, '"subject_type" is not a permitted key.'),
        ("POST", "/pulls/7/reviews", {"comments": [{"path": "a.py", "body": "x"}]}, '"line" wasn\'t supplied.'),
        ("POST", "/check-runs", {"name": "x"}, '"head_sha" wasn\'t supplied.'),
        ("GET", "/pulls/7/files?perpage=100", None, '"perpage" is not a permitted key.'),
        ("GET", "/pulls?state=new", None, "'new' is not one of"),
    ],
)
def test_requests_must_fit_the_description(shop: Shop, method: str, path: str, body: Any, words: str) -> None:
    answer = shop.send(method, path, body)

    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Invalid request.")
    assert words in answer.json()["message"]
    assert (shop.pull.issue_comments, shop.pull.reviews, shop.repo.check_runs) == ([], [], [])


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/issues/7/comments", {"body": "x" * 65_537}, TOO_LONG),
        ("/pulls/7/reviews", {"body": "x" * 65_537, "event": "COMMENT"}, TOO_LONG),
        ("/pulls/7/reviews", {"event": "COMMENT"}, "Review body can't be blank"),
        ("/pulls/7/reviews", {"event": "APPROVE"}, "GitHub Actions is not permitted to approve pull requests."),
        ("/pulls/7/reviews", {"commit_id": "f" * 40}, "Commit is not part of the pull request"),
        ("/issues", {"title": "x" * 257}, "title is too long (maximum is 256 characters)"),
    ],
)
def test_refusals_of_well_formed_bodies(shop: Shop, path: str, body: Any, error: str) -> None:
    answer = shop.send("POST", path, body)

    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert [e if isinstance(e, str) else e["message"] for e in errors] == [error]


def test_a_body_at_the_limit_is_taken(shop: Shop) -> None:
    assert shop.send("POST", "/issues/7/comments", {"body": "é" * 65_536}).status_code == 201


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Authorization": ""}, 401, "Requires authentication"),
        ({"Authorization": "Bearer wrong"}, 401, "Bad credentials"),
        ({"Authorization": "Basic ghs_x"}, 401, "Bad credentials"),
        ({"X-GitHub-Api-Version": "2020-01-01"}, 400, "Version 2020-01-01 is not a supported API version."),
    ],
)
def test_headers_are_checked(shop: Shop, headers: dict[str, str], status: int, message: str) -> None:
    answer = shop.send("GET", "", headers=headers)

    assert (answer.status_code, answer.json()["message"]) == (status, message)


def test_unknown_things_are_not_found(shop: Shop) -> None:
    for path in ("/pulls/8", "/pulls/seven", "/issues/9", "/nonsense", "/check-runs/1", "/pulls/7/reviews/1"):
        assert shop.send("GET", path).status_code == 404, path
    assert shop.session.get(f"{shop.hub.api_url}/repos/octo/other", timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/pulls/7/reviews", {"body": "x", "event": "COMMENT"}),
        ("POST", "/issues/7/comments", {"body": "x"}),
        ("POST", "/check-runs", {"name": "x", "head_sha": "0" * 40}),
        ("POST", "/issues", {"title": "x"}),
        ("POST", "/statuses/" + "0" * 40, {"state": "success"}),
    ],
)
def test_a_fork_token_only_reads(open_shop: Opener, method: str, path: str, body: Any) -> None:
    shop = open_shop(writable=False, fork=True)
    answer = shop.send(method, path, body)

    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    assert shop.send("GET", "/pulls/7").json()["head"]["repo"]["full_name"] == "mona/shop"


def test_an_actions_token_is_no_user(shop: Shop) -> None:
    with pytest.raises(github.GithubException, match="Resource not accessible by integration") as caught:
        _ = shop.client.get_user().login

    assert caught.value.status == 403


def test_odd_files(open_shop: Opener) -> None:
    odd = {
        "dir b/x.py": "1\n",
        "tab\t.py": "1\n",
        "#?%.py": "1\n",
        "link": ("120000", "f.txt"),
        "crlf.txt": "a\r\nb",
        "f.txt": ("120000", "link"),
    }
    shop = open_shop((FILES, odd))
    rows = {row["filename"]: row for row in shop.send("GET", "/pulls/7/files").json()}

    assert set(rows) == set(odd)
    assert rows["crlf.txt"]["patch"] == "@@ -0,0 +1,2 @@\n+a\r\n+b\n\\ No newline at end of file"
    assert (rows["f.txt"]["status"], "patch" in rows["f.txt"]) == ("changed", False)
    found: Any = shop.client.get_repo("octo/shop").get_contents("#?%.py", ref=shop.pull.head_sha)
    assert found.decoded_content == b"1\n"
    link = shop.send("GET", f"/contents/link?ref={shop.pull.head_sha}").json()
    assert (link["type"], link["target"]) == ("symlink", "f.txt")


def test_pages(open_shop: Opener) -> None:
    files = {f"f{n:03}.txt": f"{n}\n" for n in range(230)}
    shop = open_shop((FILES, files), limits=Limits(listed_files=220))

    sizes = [len(shop.send("GET", f"/pulls/7/files?per_page=100&page={n}").json()) for n in (1, 2, 3, 4)]
    first = shop.send("GET", "/pulls/7/files")

    assert sizes == [100, 100, 20, 0]
    assert len(first.json()) == 30
    assert len(shop.send("GET", "/pulls/7/files?per_page=1000").json()) == 100
    url = f"{shop.hub.api_url}/repos/octo/shop/pulls/7/files"
    assert first.headers["Link"] == f'<{url}?page=2>; rel="next", <{url}?page=8>; rel="last"'
    pull = shop.client.get_repo("octo/shop").get_pull(7)
    assert (pull.changed_files, len(list(pull.get_files()))) == (230, 220)


@pytest.mark.parametrize(
    ("limits", "hidden"),
    [
        (Limits(patch_lines=3), ["big.txt"]),
        (Limits(patch_bytes=20), ["big.txt"]),
        (Limits(diff_lines=6), ["small.txt"]),
        (Limits(), []),
    ],
)
def test_large_patches_are_left_out(open_shop: Opener, limits: Limits, hidden: list[str]) -> None:
    shop = open_shop((FILES, {"big.txt": "1\n2\n3\n4\n5\n", "small.txt": "1\n"}), limits=limits)

    rows = shop.send("GET", "/pulls/7/files").json()

    assert [row["filename"] for row in rows if "patch" not in row] == hidden
    assert [row["additions"] for row in rows] == [5, 1]


def test_the_diff_media_type(open_shop: Opener) -> None:
    shop = open_shop()
    accept = {"Accept": "application/vnd.github.diff"}
    assert shop.send("GET", "/pulls/7", headers=accept).text.startswith("diff --git a/a.py b/a.py\n")
    assert [one.content_type for one in shop.hub.requests] == ["application/vnd.github.diff; charset=utf-8"]

    small = open_shop((FILES, dict.fromkeys("abc", "1\n")), limits=Limits(diff_files=2))
    answer = small.send("GET", "/pulls/7", headers=accept)

    assert answer.status_code == 406
    assert answer.json()["message"].startswith("Sorry, the diff exceeded the maximum number of files (2).")
    assert answer.json()["errors"] == [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]


def test_a_pending_review_blocks_every_other(shop: Shop) -> None:
    pending = shop.send("POST", "/pulls/7/reviews", {"comments": [{"path": "a.py", "line": 3, "body": "x"}]}).json()
    assert (pending["state"], shop.pull.comments, shop.pull.threads) == ("PENDING", [], [])

    refused = shop.review()
    assert refused.json()["errors"] == ["User can only have one pending review per pull request"]

    assert shop.send("DELETE", f"/pulls/7/reviews/{pending['id']}").status_code == 200
    assert shop.review().status_code == 200
    assert len(shop.pull.reviews) == 1


def test_submitting_and_dismissing(open_shop: Opener) -> None:
    shop = open_shop(may_approve=True)
    pending = shop.send("POST", "/pulls/7/reviews", {"comments": [{"path": "a.py", "line": 3, "body": "x"}]}).json()
    url = f"/pulls/7/reviews/{pending['id']}"

    assert shop.send("POST", f"{url}/events", {"event": "APPROVE"}).json()["state"] == "APPROVED"
    assert len(shop.pull.comments) == 1
    assert shop.send("DELETE", url).status_code == 422
    assert shop.send("PUT", f"{url}/dismissals", {"message": "no"}).json()["state"] == "DISMISSED"


def test_issues_list_pull_requests_too(shop: Shop) -> None:
    repo = shop.client.get_repo("octo/shop")
    bot: Any = "github-actions[bot]"
    created = repo.create_issue("Audit", body="x", labels=["audit"])

    assert created.number == 8
    assert [issue.number for issue in repo.get_issues()] == [8, 7]
    assert [issue.number for issue in repo.get_issues(labels=["audit"], creator=bot)] == [8]
    assert repo.get_issue(7).pull_request is not None
    created.edit(state="closed")
    assert [issue.number for issue in repo.get_issues(labels=["audit"])] == []


def test_check_runs_need_a_conclusion_and_collect_annotations(shop: Shop) -> None:
    note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "x"}
    run = {"name": "Reviewer", "head_sha": shop.pull.head_sha, "output": {"title": "t", "summary": "s"}}

    assert shop.send("POST", "/check-runs", run | {"status": "completed"}).status_code == 422
    made = shop.send("POST", "/check-runs", run).json()
    update = {"conclusion": "success", "status": "completed", "output": {"summary": "s", "annotations": [note] * 50}}
    for _ in range(2):
        shop.send("PATCH", f"/check-runs/{made['id']}", update)
    too_many = {"output": {"summary": "s", "annotations": [note] * 51}}

    assert shop.send("PATCH", f"/check-runs/{made['id']}", too_many).status_code == 422
    (kept,) = shop.repo.check_runs
    assert (kept.status, kept.conclusion, len(kept.annotations)) == ("completed", "success", 100)


def test_sarif_is_unpacked(shop: Shop) -> None:
    sarif = {"version": "2.1.0", "runs": []}
    packed = base64.b64encode(gzip.compress(json.dumps(sarif).encode())).decode()
    body = {"commit_sha": shop.pull.head_sha, "ref": "refs/pull/7/head", "sarif": packed}

    assert shop.send("POST", "/code-scanning/sarifs", body).status_code == 202
    assert shop.repo.sarifs[0]["sarif"] == sarif
    assert shop.send("POST", "/code-scanning/sarifs", body | {"sarif": "plain"}).status_code == 400


def test_requests_count_against_the_limit(open_shop: Opener) -> None:
    shop = open_shop(rate_limit=2)
    left = [shop.send("GET", "").headers["x-ratelimit-remaining"] for _ in range(2)]
    refused = shop.send("GET", "")

    assert left == ["1", "0"]
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert refused.json()["message"].startswith("API rate limit exceeded")
    limits = shop.session.get(f"{shop.hub.api_url}/rate_limit", timeout=5).json()
    assert limits["resources"]["core"]["remaining"] == 0


def test_quick_writes_are_counted(shop: Shop) -> None:
    for _ in range(3):
        shop.send("POST", "/issues/7/comments", {"body": "x"})

    assert (shop.hub.too_quick_writes, shop.hub.too_many_writes) == (2, 0)


def test_an_enterprise_server(open_shop: Opener) -> None:
    shop = open_shop(ghes=True)

    assert shop.hub.api_url.endswith("/api/v3")
    assert len(list(shop.client.get_repo("octo/shop").get_pull(7).get_files())) == 6
    assert shop.graphql('{ repository(owner: "octo", name: "shop") { name } }')["data"]["repository"]["name"] == "shop"
    root = shop.hub.api_url.removesuffix("/api/v3")
    assert requests.get(f"{root}/repos/octo/shop", headers=shop.session.headers, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("name", "more", "keys"),
    [
        ("pull_request", {"action": "opened"}, {"action", "number", "pull_request", "repository", "sender"}),
        ("merge_group", {}, {"action", "merge_group", "repository", "sender"}),
        ("workflow_dispatch", {"inputs": {"pr-number": 7}}, {"inputs", "ref", "workflow", "repository", "sender"}),
        ("schedule", {}, {"schedule", "workflow", "repository"}),
    ],
)
def test_events(shop: Shop, name: str, more: dict[str, Any], keys: set[str]) -> None:
    event = shop.hub.event(name, pr=shop.pull, **more)

    assert set(event) == keys
    assert event["repository"]["full_name"] == "octo/shop"
    assert event.get("inputs") in (None, {"pr-number": "7"})


def test_events_of_a_deleted_fork_and_a_push(open_shop: Opener) -> None:
    shop = open_shop(fork="deleted")
    before = shop.pull.head_sha
    after = shop.push(files={"z.txt": "z\n"})

    event = shop.hub.event("pull_request", action="synchronize", pr=shop.pull)

    assert (event["before"], event["after"]) == (before, after)
    assert event["pull_request"]["head"]["repo"] is None
    assert shop.hub.event("merge_group", pr=shop.pull)["merge_group"]["head_ref"] == (
        f"refs/heads/gh-readonly-queue/main/pr-7-{shop.pull.base_sha}"
    )
