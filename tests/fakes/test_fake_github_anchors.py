"""Where comments may stand, GitHub's words when they may not, and how they follow pushes.

The changed file has two hunks: lines 1 to 6 (3 changed) and lines 27 to 33 (30 changed).
"""

from typing import Any

import pytest

from tests.fakes.conftest import Shop, lines

NOT_IN_DIFF = "Pull request review thread line must be part of the diff"
BLANK = "Pull request review thread diff hunk can't be blank"
SAME_HUNK = "Pull request review thread start line must be part of the same hunk as the line."
ORDER = "Pull request review thread start line must precede the end line."


@pytest.mark.parametrize(
    ("comment", "line"),
    [
        ({"line": 3}, 3),
        ({"line": 6, "side": "RIGHT"}, 6),
        ({"line": 3, "side": "LEFT"}, 3),
        ({"line": 1, "side": "LEFT"}, 1),
        ({"line": 33, "start_line": 27, "start_side": "RIGHT", "side": "RIGHT"}, 33),
        ({"line": 3, "side": "RIGHT", "start_line": 3, "start_side": "LEFT"}, 3),
        ({"position": 4}, 3),
    ],
)
def test_lines_of_hunks_are_taken(shop: Shop, comment: dict[str, Any], line: int) -> None:
    assert shop.review({"path": "a.py"} | comment).status_code == 200
    assert [one.line for one in shop.pull.comments] == [line]


@pytest.mark.parametrize(
    ("comment", "error"),
    [
        ({"line": 7}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"line": 7, "side": "LEFT"}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"line": 0}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"position": 99}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"line": 10, "start_line": 8}, f"{NOT_IN_DIFF}, {SAME_HUNK}, and {BLANK}"),
        ({"line": 30, "start_line": 3}, SAME_HUNK),
        ({"line": 30, "start_line": 20}, SAME_HUNK),
        ({"line": 4, "start_line": 4}, ORDER),
        ({"line": 2, "start_line": 5}, ORDER),
        ({"line": 3, "side": "LEFT", "start_line": 3, "start_side": "RIGHT"}, ORDER),
        ({"path": "logo.png", "line": 1}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"path": "new.py", "line": 1}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"path": "gone.py", "line": 1, "side": "RIGHT"}, f"{NOT_IN_DIFF} and {BLANK}"),
        ({"path": "untouched.py", "line": 1}, "Path could not be resolved"),
    ],
)
def test_one_bad_comment_refuses_the_review(shop: Shop, comment: dict[str, Any], error: str) -> None:
    answer = shop.review({"path": "a.py", "line": 3}, {"path": "a.py"} | comment)

    assert answer.status_code == 422
    assert (answer.json()["message"], answer.json()["errors"]) == ("Unprocessable Entity", [error])
    assert (shop.pull.reviews, shop.pull.comments) == ([], [])


def test_removed_lines_of_a_removed_file(shop: Shop) -> None:
    assert shop.review({"path": "gone.py", "line": 1, "side": "LEFT"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"path": "a.py", "line": 7}, ["pull_request_review_thread.line", "pull_request_review_thread.diff_hunk"]),
        ({"path": "a.py", "line": 30, "start_line": 3}, ["pull_request_review_thread.start_line"]),
        ({"path": "no.py", "line": 1}, ["pull_request_review_thread.path", "pull_request_review_thread.diff_hunk"]),
        ({"path": "a.py", "line": 3, "commit_id": "e" * 40}, ["commit_id"]),
    ],
)
def test_single_comments_are_refused_by_field(shop: Shop, body: dict[str, Any], fields: list[str]) -> None:
    answer = shop.send("POST", "/pulls/7/comments", {"body": "x", "commit_id": shop.pull.head_sha} | body)

    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert [error["field"] for error in answer.json()["errors"]] == fields


def test_single_comments_whole_files_and_replies(shop: Shop) -> None:
    start = {"commit_id": shop.pull.head_sha, "body": "x"}
    whole = shop.send("POST", "/pulls/7/comments", start | {"path": "logo.png", "subject_type": "file"})
    line = shop.send("POST", "/pulls/7/comments", start | {"path": "a.py", "line": 3})
    answered = shop.send("POST", f"/pulls/7/comments/{line.json()['id']}/replies", {"body": "why?"})

    assert [one.status_code for one in (whole, line, answered)] == [201, 201, 201]
    assert (whole.json()["line"], whole.json()["subject_type"]) == (None, "file")
    assert answered.json()["in_reply_to_id"] == line.json()["id"]
    assert [len(thread.comments) for thread in shop.pull.threads] == [1, 2]
    assert shop.send("POST", f"/pulls/7/comments/{answered.json()['id']}/replies", {"body": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("pushed", "line", "start"),
    [
        (lines(3, 30, extra="new\n" * 2), 5, 3),
        (lines(3, 30), 3, 1),
        (lines(3, 8, 30), 3, 1),
        ("".join(lines(3, 30).splitlines(keepends=True)[1:]), None, None),
        (lines(30), None, None),
        (None, None, None),
    ],
    ids=["inserted above", "nothing", "changed elsewhere", "start removed", "line reverted", "file removed"],
)
def test_comments_follow_their_lines(shop: Shop, pushed: str | None, line: int | None, start: int | None) -> None:
    shop.review({"path": "a.py", "line": 3, "start_line": 1})
    old = shop.pull.head_sha
    head = shop.push(files={"a.py": pushed, "other.txt": "x\n"})
    (shown,) = shop.send("GET", "/pulls/7/comments").json()

    (thread,) = shop.pull.threads
    assert (thread.line, thread.start_line, thread.is_outdated) == (line, start, line is None)
    assert (shown["line"], shown["original_line"], shown["position"] is None) == (line, 3, line is None)
    assert shown["original_commit_id"] == old
    assert shown["commit_id"] == (head if line else old)


def test_a_comment_on_an_older_commit_is_placed_on_the_head(shop: Shop) -> None:
    old = shop.pull.head_sha
    shop.push(files={"a.py": lines(3, 30, extra="new\n")})

    assert shop.review({"path": "a.py", "line": 3}, {"path": "a.py", "line": 30}, commit_id=old).status_code == 200
    assert [thread.line for thread in shop.pull.threads] == [4, 31]


def test_a_line_that_left_the_diff_is_outdated(shop: Shop) -> None:
    shop.review({"path": "a.py", "line": 1})
    shop.push(files={"a.py": lines(30)})

    assert [(one.line, one.is_outdated, one.original_line) for one in shop.pull.threads] == [(None, True, 1)]
