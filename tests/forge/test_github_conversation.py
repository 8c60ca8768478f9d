"""Threads and the summary comment: Reviewer's own and nobody else's, as they are after pushes, answers and clicks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer.core.conversation import finding_marker, summary_marker
from reviewer.core.publication import Publication, Thread
from tests.fakes.github import Comment, FakeGitHub, Fault, IssueComment
from tests.forge.github_world import NUMBER, World, numbered, world

BOT = "github-actions[bot]"
COMMENTS = "/issues/7/comments$"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3, 30)}, FakeGitHub(contents_write=True)) as made:
        yield made


def posted(place: World, *numbers: int) -> None:
    place.github().post_review(NUMBER, place.draft(*numbers))


def body(place: World, text: str = "All is well.") -> str:
    return f"{text}\n\n{summary_marker(place.head_sha, {'verdict': 'pass'})}"


def test_own_threads_are_read_with_their_marks(place: World) -> None:
    posted(place, 3, 30)

    first, second = place.github().threads(NUMBER)

    assert first == Thread(first.id, "f3", place.head_sha, "a.py", 3, False, False, False)
    assert (second.fingerprint, second.line) == ("f30", 30)


def test_thread_follows_its_line_and_keeps_the_head_it_was_posted_for(place: World) -> None:
    posted(place, 30)
    head = place.head_sha
    place.push({"a.py": b"new\n" * 5 + numbered(3, 30)})
    moved = place.github().threads(NUMBER)
    place.push({"a.py": numbered(3)})
    lost = place.github().threads(NUMBER)

    assert [(thread.line, thread.head_sha) for thread in moved] == [(35, head)]
    assert [(thread.line, thread.head_sha) for thread in lost] == [(None, head)]


@pytest.mark.parametrize(
    ("fork", "association", "by", "settles"),
    [
        (True, "NONE", "eve", False),
        (True, "CONTRIBUTOR", "eve", False),
        ("deleted", "FIRST_TIME_CONTRIBUTOR", "eve", False),
        (True, "CONTRIBUTOR", "ada", True),
        (True, "MEMBER", "eve", True),
        (True, "COLLABORATOR", "eve", True),
        (False, "CONTRIBUTOR", "eve", True),
    ],
)
def test_author_without_a_right_to_write_settles_nothing_by_resolving(
    tmp_path: Path, fork: Any, association: str, by: str, settles: bool
) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3)}, author="eve", fork=fork,
               association=association) as place:  # fmt: skip
        posted(place, 3)
        place.pull.resolve(place.pull.threads[0], by)
        (thread,) = place.github().threads(NUMBER)

    assert (thread.resolved, thread.resolved_by_person, thread.resolved_by_outsider) == (True, settles, not settles)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda pull, thread: pull.reply(thread, "No.", "ada"), {"answered": True}),
        (lambda pull, thread: pull.reply(thread, "More.", BOT), {}),
        (lambda pull, thread: pull.resolve(thread, "ada"), {"resolved": True, "resolved_by_person": True}),
        (lambda pull, thread: pull.resolve(thread, BOT), {"resolved": True}),
        (lambda pull, thread: setattr(thread.comments[0], "minimized", "off-topic"), {"dismissed": True}),
    ],
    ids=["answered", "own answer", "resolved by a person", "resolved by Reviewer", "minimised"],
)
def test_what_people_did_to_a_thread_is_seen(place: World, act: Any, expected: dict[str, Any]) -> None:
    posted(place, 3)
    (before,) = place.github().threads(NUMBER)

    act(place.pull, place.pull.threads[0])

    assert place.github().threads(NUMBER) == (replace(before, **expected),)


def test_threads_of_others_and_without_a_mark_do_not_count(place: World) -> None:
    posted(place, 3, 30)
    marked, plain = place.pull.threads
    marked.comments[0].user = "eve"
    plain.comments[0].body = "No mark."

    assert place.github().threads(NUMBER) == ()


def test_all_pages_of_threads_are_read(tmp_path: Path) -> None:
    with world(tmp_path, {"a.py": numbered(count=120)}, {"a.py": numbered(*range(1, 121), count=120)}) as place:
        posted(place, *range(1, 121))
        found = place.github().threads(NUMBER)

    assert [thread.fingerprint for thread in found] == [f"f{n}" for n in range(1, 121)]


def test_long_thread_counts_as_answered(place: World) -> None:
    posted(place, 3)
    thread = place.pull.threads[0]
    first = thread.comments[0]
    thread.comments += [Comment(BOT, "More.", thread, first.review) for _ in range(60)]

    assert place.github().threads(NUMBER)[0].answered


def test_thread_is_resolved(place: World) -> None:
    posted(place, 3)
    github = place.github()

    publication = github.resolve(github.threads(NUMBER)[0].id)

    assert publication.outcome == "updated"
    assert (place.pull.threads[0].is_resolved, place.pull.threads[0].resolved_by) == (True, BOT)


def test_resolving_without_the_right_is_skipped_and_names_it(tmp_path: Path) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3)}) as place:
        posted(place, 3)
        publication = place.github().resolve(place.pull.threads[0].node_id)

    assert publication.outcome == "skipped"
    assert "`contents: write` and `pull-requests: write`" in publication.detail


def test_resolving_what_is_not_there_fails(place: World) -> None:
    assert place.github().resolve("PRRT_0").outcome == "failed"


def test_findings_told_in_bodies_are_read_from_own_reviews_alone(place: World) -> None:
    told = f"text\n{finding_marker('f9', place.head_sha)}\nmore"
    place.github().post_review(NUMBER, place.draft(body=told))
    place.github().post_review(NUMBER, place.draft(body=told.replace("f9", "f8")))
    place.pull.reviews[1].user = "eve"

    assert place.github().standing(NUMBER).told == {"f9"}


def test_summary_is_posted_updated_and_left_alone(place: World) -> None:
    github = place.github()

    outcomes = [github.upsert_summary(NUMBER, body(place, text)).outcome for text in ("One.", "Two.", "Two.")]

    assert outcomes == ["posted", "updated", "unchanged"]
    assert [comment.body for comment in place.pull.issue_comments] == [body(place, "Two.")]
    assert github.summary(NUMBER) == body(place, "Two.")


def test_there_is_no_summary_at_first(place: World) -> None:
    assert place.github().summary(NUMBER) is None


def test_comments_of_others_are_never_touched(place: World) -> None:
    others = [
        IssueComment("eve", body(place, "Mine!"), NUMBER),
        IssueComment("github-actions", body(place, "A person of that name."), NUMBER),
        IssueComment(BOT, "Another workflow's.", NUMBER),
    ]
    place.pull.issue_comments.extend(others)

    assert place.github().upsert_summary(NUMBER, body(place)).outcome == "posted"
    assert place.pull.issue_comments[:3] == others
    assert [one.body for one in others] == [
        body(place, "Mine!"),
        body(place, "A person of that name."),
        "Another workflow's.",
    ]
    assert len(place.pull.issue_comments) == 4


def test_own_second_summary_is_withdrawn(place: World) -> None:
    place.pull.issue_comments.extend(IssueComment(BOT, body(place, text), NUMBER) for text in ("One.", "Two."))

    assert place.github().upsert_summary(NUMBER, body(place, "One.")).outcome == "unchanged"
    assert [comment.body for comment in place.pull.issue_comments] == [body(place, "One.")]


def test_summary_among_many_comments_is_found(place: World) -> None:
    place.pull.issue_comments.extend(IssueComment("ada", "Hm.", NUMBER) for _ in range(230))
    place.github().upsert_summary(NUMBER, body(place, "One."))

    assert place.github().upsert_summary(NUMBER, body(place, "Two.")).outcome == "updated"
    assert len(place.pull.issue_comments) == 231


@pytest.mark.parametrize(
    "fault",
    [
        Fault.reset_after(method="POST", path=COMMENTS),
        Fault.reset_before(method="POST", path=COMMENTS),
        Fault.bad_gateway(method="POST", path=COMMENTS, acts=True),
        Fault.secondary_limit(422, 3, method="POST", path=COMMENTS),
    ],
    ids=["reset after", "reset before", "502 after", "limit"],
)
def test_lost_answer_leaves_one_summary(place: World, fault: Fault) -> None:
    place.hub.fail(fault)

    assert place.github().upsert_summary(NUMBER, body(place)).outcome == "posted"
    assert [comment.body for comment in place.pull.issue_comments] == [body(place)]


def test_summary_that_another_run_posted_meanwhile_is_taken_over(place: World) -> None:
    place.pull.issue_comments.append(IssueComment(BOT, body(place, "The other run's."), NUMBER))
    place.hub.fail(Fault(method="GET", path=COMMENTS, status=200, body=[]))

    assert place.github().upsert_summary(NUMBER, body(place, "Mine.")).outcome == "posted"
    assert [comment.body for comment in place.pull.issue_comments] == [body(place, "Mine.")]


def test_read_only_token_skips_the_summary(tmp_path: Path) -> None:
    with world(tmp_path, {"a.py": b"a"}, {"a.py": b"b"}, FakeGitHub(writable=False)) as place:
        publication = place.github().upsert_summary(NUMBER, body(place))

    assert publication.outcome == "skipped"
    assert "`pull-requests: write`" in publication.detail


def test_summary_above_githubs_limit_fails_with_its_words(place: World) -> None:
    publication = place.github().upsert_summary(NUMBER, body(place, "x" * 70_000))

    assert publication.outcome == "failed"
    assert "Body is too long (maximum is 65536 characters)" in publication.detail


def test_summary_without_its_marker_is_a_bug(place: World) -> None:
    with pytest.raises(ValueError, match="without its marker"):
        place.github().upsert_summary(NUMBER, "no marker")


def test_personal_token_owns_what_it_wrote(tmp_path: Path) -> None:
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(3)}, FakeGitHub(login="ada")) as place:
        posted(place, 3)
        place.github().upsert_summary(NUMBER, body(place, "One."))
        outcome = place.github().upsert_summary(NUMBER, body(place, "Two."))

        assert outcome == Publication("summary", "updated", outcome.detail)
        assert [thread.fingerprint for thread in place.github().threads(NUMBER)] == ["f3"]
