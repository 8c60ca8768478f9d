"""Posting a review: nothing lost, nothing twice, whatever GitHub or the network does in between."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer.core.conversation import finding_marker, told_in
from reviewer.core.publication import Publication, ReviewDraft
from reviewer.forge.client import Client
from reviewer.forge.standing import withdraw_twin_threads
from tests.fakes.github import FakeGitHub, Fault, Review
from tests.forge.github_world import NUMBER, World, numbered, world

REVIEWS = "/pulls/7/reviews$"
BASE, HEAD = {"a.py": numbered()}, {"a.py": numbered(3, 4, 5, 30)}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, BASE, HEAD) as made:
        yield made


def post(place: World, draft: ReviewDraft | None = None, **more: Any) -> Publication:
    (publication,) = place.github(**more).post_review(NUMBER, place.draft(3, 30) if draft is None else draft)
    return publication


def lines(place: World) -> list[int | None]:
    return [comment.line for comment in place.pull.comments]


def test_first_run_posts_one_review_with_its_comments(place: World) -> None:
    assert post(place) == Publication("review", "posted", "2 comments")

    (review,) = place.pull.reviews
    assert (review.state, review.commit_id) == ("COMMENTED", place.head_sha)
    assert review.body == place.draft().body
    assert [(c.path, c.line, c.side) for c in place.pull.comments] == [("a.py", 3, "RIGHT"), ("a.py", 30, "RIGHT")]
    assert place.pull.comments[0].body == place.draft(3).comments[0].body


def test_ranges_and_old_side_lines_are_posted_as_such(place: World) -> None:
    many, same, left = place.draft(3, 4, 30).comments
    comments = (replace(many, line=5, start_line=3), replace(same, start_line=4), replace(left, side="LEFT"))

    post(place, replace(place.draft(), comments=comments))

    assert [(c.start_line, c.line, c.side) for c in place.pull.comments] == [
        (3, 5, "RIGHT"), (None, 4, "RIGHT"), (None, 30, "LEFT"),
    ]  # fmt: skip


def test_second_run_posts_nothing(place: World) -> None:
    post(place)

    again = post(place, place.draft(3, 30, run="run-2"))

    assert again == Publication("review", "unchanged", "all of it stands on the pull request already")
    assert (len(place.pull.reviews), lines(place)) == (1, [3, 30])


def test_rerun_of_the_same_name_posts_what_it_has_to_say_anew(place: World) -> None:
    post(place)

    assert post(place, place.draft(3, 5, body="Other words.")).detail == "1 comment, 1 stood there already"
    assert [review.body.split("\n")[0] for review in place.pull.reviews] == ["Found problems.", "Other words."]
    assert lines(place) == [3, 30, 5]


def test_empty_draft_is_skipped_without_a_request(place: World) -> None:
    assert post(place, ReviewDraft(place.head_sha, "")).outcome == "skipped"
    assert place.hub.requests == []


def test_draft_without_a_marker_is_given_one(place: World) -> None:
    draft = replace(place.draft(3), body="")

    post(place, draft)
    again = post(place, draft)

    assert again.outcome == "unchanged"
    assert place.pull.reviews[0].body.startswith("Reviewer's comments are on the lines.\n\n<!-- reviewer:review ")


def test_equal_fingerprints_are_posted_once(place: World) -> None:
    draft = place.draft(3, 30)
    twins = (draft.comments[0], draft.comments[1], replace(draft.comments[0], line=5))

    post(place, replace(draft, comments=twins))

    assert lines(place) == [3, 30]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.reset_after(method="POST", path=REVIEWS),
        Fault.reset_before(method="POST", path=REVIEWS),
        Fault.bad_gateway(method="POST", path=REVIEWS, acts=True),
        Fault.bad_gateway(method="POST", path=REVIEWS, times=3),
        Fault(method="POST", path=REVIEWS, status=503),
        Fault.timeout(0.05, method="POST", path=REVIEWS),
    ],
    ids=["reset after", "reset before", "502 after", "502 thrice", "503", "timeout"],
)
def test_lost_answer_is_looked_up_before_posting_again(place: World, fault: Fault) -> None:
    place.hub.fail(fault)

    publication = post(place)

    assert publication.outcome in ("posted", "unchanged")
    assert (len(place.pull.reviews), lines(place)) == (1, [3, 30])
    assert place.sleeps[0] == 1.0


@pytest.mark.parametrize("path", ["/graphql", "/pulls/7/reviews"])
def test_reading_is_tried_again_by_itself(place: World, path: str) -> None:
    place.hub.fail(Fault.bad_gateway(method="GET" if "pulls" in path else "POST", path=path, times=2))

    assert post(place).outcome == "posted"
    assert place.sleeps == [1.0, 2.0]


@pytest.mark.parametrize("status", [403, 429, 422])
@pytest.mark.parametrize(("retry_after", "waits"), [(7, [7.0, 7.0]), (None, [60.0, 120.0])])
def test_secondary_limits_are_waited_out_in_each_shape(
    place: World, status: Any, retry_after: int | None, waits: list[float]
) -> None:
    place.hub.fail(Fault.secondary_limit(status, retry_after, method="POST", path=REVIEWS, times=2))

    assert post(place) == Publication("review", "posted", "2 comments")
    assert place.sleeps == waits
    assert len(place.pull.reviews) == 1


@pytest.mark.parametrize("status", [403, 429, 422])
def test_wait_beyond_the_limit_is_not_begun(place: World, status: Any) -> None:
    place.hub.fail(Fault.secondary_limit(status, 3600, method="POST", path=REVIEWS))

    publication = post(place, wait_limit=100)

    assert publication.outcome == "failed"
    assert "A new try is 3600 s away, and 100 s are left for waiting." in publication.detail
    assert place.sleeps == []


def test_primary_limit_names_its_reset(place: World) -> None:
    place.hub.fail(Fault.primary_limit(reset_in=3000, path="/pulls/7/reviews"))

    publication = post(place, wait_limit=100)

    assert publication.outcome == "failed"
    assert "API rate limit exceeded" in publication.detail
    assert place.sleeps == []


def test_errors_that_stay_end_as_failed(place: World) -> None:
    place.hub.fail(Fault.bad_gateway(method="POST", path=REVIEWS, times=50))

    publication = post(place)

    assert publication.outcome == "failed"
    assert publication.detail.startswith("Posting the review failed. GitHub answered 502.")
    assert place.sleeps == [1.0, 2.0, 4.0, 8.0]


def test_read_only_token_skips_the_review(tmp_path: Path) -> None:
    with world(tmp_path, BASE, HEAD, FakeGitHub(writable=False)) as place:
        publication = post(place)

    assert publication.outcome == "skipped"
    assert publication.detail.startswith("the token lacks `pull-requests: write`")


def test_pending_leftover_of_a_crashed_run_is_deleted(place: World) -> None:
    place.pull.all_reviews.append(_pending("github-actions[bot]"))
    place.pull.all_reviews.append(_pending("ada"))

    assert post(place).outcome == "posted"
    assert [(review.user, review.state) for review in place.pull.all_reviews] == [
        ("ada", "PENDING"), ("github-actions[bot]", "COMMENTED"),
    ]  # fmt: skip


def _pending(user: str) -> Review:
    return Review(user, "half done", "PENDING", "0" * 40)


def test_more_comments_than_one_review_takes_go_in_batches(tmp_path: Path) -> None:
    head = {"a.py": numbered(*range(1, 41))}
    with world(tmp_path, BASE, head) as place:
        publication = post(place, place.draft(*range(1, 41)), write_gap=1.0)

    assert publication == Publication("review", "posted", "40 comments, in 2 reviews")
    assert [len(one.body["comments"]) for one in place.hub.sent("POST", "/reviews")] == [30, 10]
    assert lines(place) == list(range(1, 41))
    assert [0.9 < wait <= 1.0 for wait in place.sleeps] == [True]


def test_batches_go_on_after_a_lost_answer(tmp_path: Path) -> None:
    with world(tmp_path, BASE, {"a.py": numbered(*range(1, 41))}) as place:
        place.hub.fail(Fault.reset_after(method="POST", path=REVIEWS))
        post(place, place.draft(*range(1, 41)))

    assert sorted(line or 0 for line in lines(place)) == list(range(1, 41))
    assert len(place.pull.reviews) == 2


def test_refused_anchor_moves_all_comments_into_the_text(place: World) -> None:
    publication = post(place, place.draft(3, 20))

    assert publication.outcome == "posted"
    assert publication.detail.startswith("GitHub refused the comments' places, so all 2 stand in the text.")
    (review,) = place.pull.reviews
    assert lines(place) == []
    assert "Found problems." in review.body
    assert "`a.py:3`\n\nProblem 3" in review.body
    assert told_in(review.body) == {"f3", "f20"}
    assert place.github().standing(NUMBER).told == {"f3", "f20"}


def test_refused_head_still_leaves_the_text(place: World) -> None:
    draft = replace(place.draft(3), head_sha="0" * 40)

    assert post(place, draft).outcome == "posted"
    assert "Problem 3" in place.pull.reviews[0].body


def test_refused_anchors_of_long_comments_take_several_reviews(place: World) -> None:
    draft = place.draft(3, 4, 20)
    long = tuple(
        replace(one, body=f"{'x' * 30_000}\n\n{finding_marker(one.fingerprint, place.head_sha)}")
        for one in draft.comments
    )
    place.hub.fail(Fault.reset_after(method="POST", path=REVIEWS, nth=2))

    assert post(place, replace(draft, comments=long)).outcome == "posted"
    assert [told_in(review.body) for review in place.pull.reviews] == [{"f3", "f4"}, {"f20"}]


def test_finding_posted_by_another_run_meanwhile_is_not_posted_again(place: World) -> None:
    post(place, place.draft(3, body="Run one."))

    publication = post(place, place.draft(3, 30, body="Run two.", run="run-2"))

    assert publication.detail == "1 comment, 1 stood there already"
    assert lines(place) == [3, 30]


def test_suppressed_finding_is_posted_anew_when_it_is_in_the_draft(place: World) -> None:
    post(place, place.draft(3))
    place.pull.resolve(place.pull.threads[0], "ada")

    post(place, place.draft(3, body="Forced.", run="run-2"))

    assert [thread.is_resolved for thread in place.pull.threads] == [True, False]


class Gate:
    """Holds two runs until both have looked, so that both post."""

    def __init__(self, place: World) -> None:
        self.barrier = threading.Barrier(2, timeout=10)
        self.place = place

    def run(self, draft: ReviewDraft, outcomes: list[Publication]) -> None:
        github = self.place.github()
        client = github._client
        send = client.send

        def held(method: str, path: str, *args: Any, **more: Any) -> Any:
            if method == "POST":
                self.barrier.wait()
            return send(method, path, *args, **more)

        client.send = held  # type: ignore[method-assign]
        outcomes.extend(github.post_review(NUMBER, draft))


@pytest.mark.parametrize("numbers", [(3, 30), ()], ids=["comments", "only a body"])
def test_two_runs_at_once_leave_nothing_twice(place: World, numbers: tuple[int, ...]) -> None:
    gate, outcomes = Gate(place), list[Publication]()
    drafts = [place.draft(*numbers, run=f"run-{number}") for number in (1, 2)]
    runs = [threading.Thread(target=gate.run, args=(draft, outcomes)) for draft in drafts]
    for run in runs:
        run.start()
    for run in runs:
        run.join(20)

    assert [one.outcome for one in outcomes] == ["posted", "posted"]
    assert place.calls("POST", "/pulls/7/reviews") == 2
    assert sorted(line or 0 for line in lines(place)) == list(numbers)
    bodies = [review.body.split("\n")[0] for review in place.pull.reviews]
    assert bodies == ["Found problems.", "_Two runs posted this review at the same time; the other one stands._"]


@pytest.mark.parametrize(("answered", "left"), [(True, 2), (False, 1)])
def test_twin_that_somebody_answered_stays(place: World, answered: bool, left: int) -> None:
    post(place, place.draft(3))
    place.hub.fail(Fault(method="POST", path="/graphql", times=2, status=200, body=_no_threads()))
    post(place, place.draft(3, body="Other.", run="run-2"))
    if answered:
        place.pull.reply(place.pull.threads[1], "Why?", "ada")

    withdraw_twin_threads(Client("ghs_fake", "octo/shop", api_url=place.hub.api_url), NUMBER, place.head_sha)

    assert len(place.pull.threads) == left


def _no_threads() -> dict[str, Any]:
    threads = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    viewer = {"login": "github-actions[bot]"}
    return {"data": {"viewer": viewer, "repository": {"pullRequest": {"reviewThreads": threads}}}}


def test_writes_keep_their_distance_and_requests_are_few(tmp_path: Path) -> None:
    base = {f"f{n}.py": numbered() for n in range(60)}
    with world(tmp_path, base, {f"f{n}.py": numbered(3) for n in range(60)}) as place:
        github = place.github(write_gap=1.0)
        pull = github.pull_request(NUMBER)
        assert len(github.change_set(pull, None).files) == 60
        github.policy(pull.base_sha)
        github.summary(NUMBER)
        standing = github.standing(NUMBER)
        github.post_review(NUMBER, place.draft(3, path="f1.py"), standing)
        github.upsert_summary(NUMBER, f"<!-- reviewer:summary {place.head_sha} -->\nAll.")

    assert len(place.hub.requests) == 12
    assert len([one for one in place.hub.requests if one.path != "/graphql"]) == 8
    assert [0.5 < wait <= 1.0 for wait in place.sleeps] == [True]
    assert {one.version for one in place.hub.requests} == {"2022-11-28"}
    assert {one.body["event"] for one in place.hub.sent("POST", "/reviews")} == {"COMMENT"}
