"""Reading a pull request: every route to its hunks and contents, against the strict fake and real git."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer.core.change import ChangedFile
from reviewer.errors import ForgeError, InputError
from reviewer.forge.changes import CONTENT_LIMIT
from reviewer.forge.policy import PolicyFiles
from tests.fakes.github import FakeGitHub, Fault, Limits
from tests.forge.github_world import NUMBER, numbered, world
from tests.forge.local_repository import Repository, executable, link, submodule

BASE: dict[Any, Any] = {
    "a.py": numbered(),
    "old.py": b"same\n" * 9,
    "moved.py": numbered(),
    "run.sh": b"true\n",
    "logo.png": b"\0\1",
    "gone.py": b"one\ntwo\n",
    "gone.png": b"\0",
    "lib": submodule("1"),
}
HEAD: dict[Any, Any] = {
    "a.py": numbered(3, 30),
    "new.py": b"same\n" * 9,
    "to b/moved é.py": numbered(5),
    "run.sh": executable(b"true\n"),
    "logo.png": b"\0\2",
    "empty.py": b"",
    "crlf.txt": b"a\r\nb\x0cc\r\n",
    "tail.txt": b"no line feed",
    "lib": submodule("2"),
}
HIDDEN = Limits(patch_lines=0)
"""GitHub shows no patch of any file."""


def plain(files: tuple[ChangedFile, ...]) -> dict[str, Any]:
    """What matters of each file, by path."""
    return {
        file.path: (
            file.status,
            file.old_path,
            [(h.old_start, h.old_count, h.new_start, h.new_count) for h in file.hunks],
            "".join(line.mark + line.text + "\n" for line in file.lines() if line.mark != " "),
            file.binary,
            file.submodule,
            file.content,
            file.unreadable,
        )
        for file in files
    }


NO_CONTENT = (False, False, None, None)
EXPECTED: dict[str, Any] = {
    "a.py": (
        "modified", None, [(1, 6, 1, 6), (27, 7, 27, 7)], "-line 3\n+LINE 3\n-line 30\n+LINE 30\n",
        False, False, numbered(3, 30).decode(), None,
    ),
    "new.py": ("renamed", "old.py", [], "", False, False, "same\n" * 9, None),
    "to b/moved é.py": (
        "renamed", "moved.py", [(2, 7, 2, 7)], "-line 5\n+LINE 5\n", False, False, numbered(5).decode(), None,
    ),
    "run.sh": ("modified", None, [], "", False, False, "true\n", None),
    "logo.png": ("modified", None, [], "", True, False, None, None),
    "gone.py": ("removed", None, [(1, 2, 0, 0)], "-one\n-two\n", *NO_CONTENT),
    "gone.png": ("removed", None, [], "", True, False, None, None),
    "empty.py": ("added", None, [], "", False, False, "", None),
    "crlf.txt": ("added", None, [(0, 0, 1, 2)], "+a\r\n+b\x0cc\r\n", False, False, "a\r\nb\x0cc\r\n", None),
    "tail.txt": ("added", None, [(0, 0, 1, 1)], "+no line feed\n", False, False, "no line feed", None),
}  # fmt: skip


@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "no checkout"])
@pytest.mark.parametrize("limits", [Limits(), HIDDEN], ids=["patches", "no patches"])
def test_every_route_gives_the_same_change(tmp_path: Path, limits: Limits, checkout: bool) -> None:
    with world(tmp_path, BASE, HEAD, FakeGitHub(limits=limits)) as place:
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, place.local.folder if checkout else None)

    found = plain(changes.files)
    assert {path: file for path, file in found.items() if path != "lib"} == EXPECTED
    assert "lib" in found
    assert (changes.changed_files, changes.missing) == (11, "")
    commentable = {file.path for file in changes.files if file.commentable and file.hunks and not file.submodule}
    shown = {"a.py", "to b/moved é.py", "gone.py", "crlf.txt", "tail.txt"}
    assert commentable == (set() if limits == HIDDEN else shown)


def test_submodule_is_told_from_its_patch(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD) as place:
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    lib = changes.file("lib")
    assert lib is not None
    assert lib.submodule
    assert lib.content is None


def test_pull_request_and_change_set_carry_the_facts(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD, title="T", body="B", draft=True, author="ada") as place:
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, None)
        head = place.github().standing(NUMBER).head_sha

    assert (pull.number, pull.title, pull.body, pull.draft, pull.author) == (7, "T", "B", True, "ada")
    assert (pull.base_ref, pull.head_ref, pull.state, pull.merged) == ("main", "feature", "open", False)
    assert (changes.repository, changes.number, changes.title) == ("octo/shop", 7, "T")
    assert (changes.base_sha, changes.head_sha, head) == (place.base_sha, place.head_sha, place.head_sha)


@pytest.mark.parametrize(("fork", "expected"), [(False, False), (True, True), ("deleted", True)])
def test_forks_and_deleted_forks_are_read(tmp_path: Path, fork: Any, expected: bool) -> None:
    with world(tmp_path, BASE, HEAD, fork=fork) as place:
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, None)

    assert pull.fork is expected
    assert plain(changes.files)["a.py"] == EXPECTED["a.py"]


def test_250_files_take_three_pages_and_five_queries(tmp_path: Path) -> None:
    head = {f"f{n:03}.py": f"print({n})\n".encode() for n in range(250)}
    with world(tmp_path, {"x": b"x\n"}, head | {"x": b"x\n"}) as place:
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    assert [file.content for file in changes.files] == [f"print({n})\n" for n in range(250)]
    assert place.calls("GET", "/files") == 3
    assert place.calls("POST", "/graphql") == 5


def test_hunks_start_from_the_merge_base(tmp_path: Path) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3)}, FakeGitHub(limits=HIDDEN)) as place:
        place.pull.base_sha = place.local.commit({"a.py": numbered(20)}, "other", parent=place.base_sha)
        pull = place.github().pull_request(NUMBER)
        for checkout in (None, place.local.folder):
            changes = place.github().change_set(pull, checkout)
            assert plain(changes.files)["a.py"][3] == "-line 3\n+LINE 3\n"


@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "no checkout"])
def test_cut_list_says_what_is_missing(tmp_path: Path, checkout: bool) -> None:
    with world(tmp_path, BASE, HEAD, FakeGitHub(limits=Limits(listed_files=4))) as place:
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, place.local.folder if checkout else None)

    assert changes.changed_files == 11
    if checkout:
        assert (len(changes.files), changes.missing) == (11, "")
        assert plain(changes.files)["tail.txt"] == EXPECTED["tail.txt"]
        assert [file.commentable for file in changes.files if file.path == "tail.txt"] == [False]
    else:
        assert len(changes.files) == 4
        assert changes.missing.startswith("GitHub lists 4 of the 11 changed files (its limit is 3000).")


@pytest.mark.parametrize(
    "patch",
    ["@@ -1,6 +1,6 @@\n line 1\n line 2\n-line 3\n+LINE 3\n line 4\n line 5\n line 6", "@@ broken", "@@ -1 +1 @@\n-x"],
    ids=["cut after a hunk", "no hunks", "cut in a hunk"],
)
@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "no checkout"])
def test_patch_that_lies_is_not_believed(tmp_path: Path, patch: str, checkout: bool) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3, 30)}) as place:
        sha = place.local.git("rev-parse", f"{place.head_sha}:a.py")
        row = {"filename": "a.py", "status": "modified", "additions": 2, "deletions": 2, "sha": sha, "patch": patch}
        pull = place.github().pull_request(NUMBER)
        place.hub.fail(Fault(path="/files", status=200, body=[row]))
        changes = place.github().change_set(pull, place.local.folder if checkout else None)

    assert plain(changes.files) == {"a.py": EXPECTED["a.py"]}
    assert not changes.files[0].commentable


@pytest.mark.parametrize(
    ("count", "reason"), [(9000, "it changes too many lines"), (40_000, "it is too large for that")]
)
def test_file_too_large_to_compare_says_so(tmp_path: Path, count: int, reason: str) -> None:
    old = "".join(f"old line {n} of a large file\n" for n in range(count)).encode()
    new = old.replace(b"old", b"new")
    with world(tmp_path, {"big.txt": old, "a.py": b"a\n"}, {"big.txt": new, "a.py": b"b\n"}) as place:
        place.hub.limits = replace(place.hub.limits, patch_lines=100)
        place.pull.git.limits = place.hub.limits
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    big, small = changes.file("big.txt"), changes.file("a.py")
    assert big is not None
    assert small is not None
    assert big.unreadable is not None
    assert reason in big.unreadable
    assert "fetch-depth: 0" in big.unreadable
    assert small.unreadable is None


@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "no checkout"])
def test_content_above_the_limit_is_left_out(tmp_path: Path, checkout: bool) -> None:
    exact, above = b"x" * CONTENT_LIMIT, b"x" * (CONTENT_LIMIT + 1)
    with world(tmp_path, {"q": b"q"}, {"q": b"q", "exact": exact, "above": above}) as place:
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, place.local.folder if checkout else None)

    assert {file.path: len(file.content or "") for file in changes.files} == {"above": 0, "exact": CONTENT_LIMIT}


def test_contents_come_from_single_blobs_where_graphql_does_not_answer(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD) as place:
        place.hub.fail(Fault.forbidden(path="/graphql", times=100))
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    assert plain(changes.files)["a.py"] == EXPECTED["a.py"]
    assert place.calls("GET", "/git/blobs/") == 9


@pytest.mark.parametrize("checkout", [True, False])
def test_messages_of_the_commits_come_without_a_further_request(tmp_path: Path, checkout: bool) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3)}) as place:
        place.push({"a.py": numbered(3, 9)})
        pull = place.github().pull_request(NUMBER)
        changes = place.github().change_set(pull, place.local.folder if checkout else None)

    assert changes.commits == ("a change", "a change")
    assert len(place.hub.requests) == (2 if checkout else 3)


def test_policy_that_graphql_tells_in_part_is_read_singly_for_the_rest(tmp_path: Path) -> None:
    base = {"REVIEW.md": b"Be kind.\n", "AGENTS.md": b"Agents.\n"}
    with world(tmp_path, base, {"REVIEW.md": b"evil\n"}) as place:
        blob = {"__typename": "Blob", "byteSize": 9, "isBinary": False, "isTruncated": False, "text": "Be kind.\n"}
        errors = [{"type": "FORBIDDEN", "path": ["repository", "b3"], "message": "Resource not accessible"}]
        data = {"repository": {"b0": None, "b1": None, "b2": blob, "b3": None, "b4": None, "b5": None}}
        place.hub.fail(Fault(path="/graphql", status=200, body={"data": data, "errors": errors}))
        policy = place.github().policy(place.base_sha)

    assert policy.guidelines == {"REVIEW.md": "Be kind.\n", "AGENTS.md": "Agents.\n"}
    assert [request.path for request in place.hub.requests] == ["/graphql", "/repos/octo/shop/contents/AGENTS.md"]


@pytest.mark.parametrize("path", [["repository"], []])
def test_error_about_the_whole_answer_believes_none_of_it(tmp_path: Path, path: list[str]) -> None:
    with world(tmp_path, {"REVIEW.md": b"Be kind.\n"}, {"REVIEW.md": b"evil\n"}) as place:
        errors = [{"type": "FORBIDDEN", "path": path, "message": "Resource not accessible"}]
        body = {"data": {"repository": dict.fromkeys(f"b{n}" for n in range(6))}, "errors": errors}
        place.hub.fail(Fault(path="/graphql", status=200, body=body))

        assert place.github().policy(place.base_sha).guidelines == {"REVIEW.md": "Be kind.\n"}


def test_query_too_heavy_for_github_is_halved(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD) as place:
        place.hub.fail(Fault.bad_gateway(path="/graphql", times=5))
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    assert plain(changes.files)["a.py"] == EXPECTED["a.py"]
    assert place.calls("POST", "/graphql") == 5 + 2 + 1


def test_folder_without_the_commits_is_no_help_and_no_harm(tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.commit({"x": b"x\n"})
    with world(tmp_path, BASE, HEAD) as place:
        pull = place.github().pull_request(NUMBER)
        for folder in (other.folder, tmp_path, tmp_path / "nowhere"):
            assert plain(place.github().change_set(pull, folder).files)["a.py"] == EXPECTED["a.py"]


def test_policy_comes_from_the_base_in_one_call(tmp_path: Path) -> None:
    base = {
        ".github/reviewer.yml": b"fail-on: high\n",
        "REVIEW.md": b"\xef\xbb\xbfBe kind.\n",
        "AGENTS.md": b"Agents.\n",
        "CLAUDE.md": b"AGENTS.md",
        ".gitattributes": b"*.lock linguist-generated\n",
    }
    with world(tmp_path, base, dict.fromkeys(base, b"evil\n")) as place:
        policy = place.github().policy(place.base_sha)

    assert policy.config == "fail-on: high\n"
    assert policy.guidelines == {"REVIEW.md": "Be kind.\n", "AGENTS.md": "Agents.\n", "CLAUDE.md": "Agents.\n"}
    assert policy.attributes == {"": "*.lock linguist-generated\n"}
    assert len(place.hub.requests) == 1


def test_policy_comes_from_the_contents_where_graphql_does_not_answer(tmp_path: Path) -> None:
    with world(tmp_path, {"REVIEW.md": b"Be kind.\n"}, {"REVIEW.md": b"evil\n"}) as place:
        place.hub.fail(Fault.forbidden(path="/graphql", times=100))
        policy = place.github().policy(place.base_sha)

    assert (policy.config, policy.guidelines) == (None, {"REVIEW.md": "Be kind.\n"})


@pytest.mark.parametrize("graphql", [True, False], ids=["GraphQL", "REST"])
@pytest.mark.parametrize(
    ("path", "data"),
    [
        (".github/reviewer.yml", "fail-on: low\n".encode("utf-16")),
        ("REVIEW.md", b"x" * 1_100_000),
        (".gitattributes", b"\0"),
    ],
)
def test_policy_that_github_does_not_show_is_not_taken_for_none(
    tmp_path: Path, path: str, data: bytes, graphql: bool
) -> None:
    with world(tmp_path, {path: data, "a": b"a\n"}, {"a": b"b\n"}) as place:
        if not graphql:
            place.hub.fail(Fault.forbidden(path="/graphql", times=100))

        with pytest.raises(InputError, match=f"^{path} of the base commit cannot be read, so its policy is not known"):
            place.github().policy(place.base_sha)


@pytest.mark.parametrize("graphql", [True, False], ids=["GraphQL", "REST"])
def test_policy_may_be_a_link_and_is_never_a_folder_or_a_submodule(tmp_path: Path, graphql: bool) -> None:
    base = {
        "AGENTS.md": b"Agents.\n",
        "CLAUDE.md": link(b"AGENTS.md"),
        "REVIEW.md/x": b"x",
        ".github/reviewer.yml": submodule("1"),
    }
    with world(tmp_path, base, {"a": b"b\n"}) as place:
        if not graphql:
            place.hub.fail(Fault.forbidden(path="/graphql", times=100))
        policy = place.github().policy(place.base_sha)

    assert policy == PolicyFiles(None, {"AGENTS.md": "Agents.\n", "CLAUDE.md": "Agents.\n"}, {})


def test_policy_that_github_refuses_is_not_taken_for_none(tmp_path: Path) -> None:
    with world(tmp_path, {"REVIEW.md": b"Be kind.\n"}, {"a": b"b\n"}) as place:
        place.hub.fail(Fault.forbidden(path="/graphql", times=100))
        place.hub.fail(
            Fault("GET", "/repos/octo/shop/contents/REVIEW.md", times=9, status=451, body={"message": "Blocked"})
        )

        with pytest.raises(ForgeError, match=r"REVIEW\.md"):
            place.github().policy(place.base_sha)


def test_enterprise_server_is_read_at_its_own_addresses(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD, FakeGitHub(ghes=True)) as place:
        changes = place.github().change_set(place.github().pull_request(NUMBER), None)

    assert plain(changes.files)["a.py"] == EXPECTED["a.py"]


def test_unknown_pull_request_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD) as place, pytest.raises(ForgeError) as caught:
        place.github().pull_request(8)

    assert caught.value.status == 404
    assert caught.value.what == "Reading pull request 8 of octo/shop failed."
    assert "Check the name and number" in caught.value.step


def test_events_need_no_library_of_githubs() -> None:
    code = "import sys, reviewer.forge.event, reviewer.core.conversation; print('github' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
