"""Where GraphQL is not to be had (a proxy, an old server), REST stands in for what it knows."""

import pytest

from tests.fakes.github import Fault
from tests.forge.github_world import NUMBER, numbered, world


@pytest.fixture
def shop(tmp_path):
    with world(tmp_path, {"a.py": numbered()}, {"a.py": numbered(5, 20)}) as shop:
        shop.hub.fail(Fault("POST", "/graphql", times=1_000, status=404, body={"message": "Not Found"}))
        yield shop


def test_a_change_set_has_its_contents_from_single_blobs(shop):
    github = shop.github()
    changes = github.change_set(github.pull_request(NUMBER), None)

    assert [(file.path, file.content) for file in changes.files] == [("a.py", numbered(5, 20).decode())]


def test_a_review_is_posted_and_known_to_the_next_run(shop):
    github = shop.github()
    outcomes = [publication.outcome for publication in github.post_review(NUMBER, shop.draft(5, 20))]

    assert outcomes == ["posted"]
    assert {thread.fingerprint for thread in shop.github().threads(NUMBER)} == {"f5", "f20"}


def test_nothing_is_posted_twice(shop):
    shop.github().post_review(NUMBER, shop.draft(5))
    shop.github().post_review(NUMBER, shop.draft(5, 20, run="run-2"))

    assert sorted(comment.line for comment in shop.pull.comments) == [5, 20]


def test_threads_that_cannot_be_seen_whole_are_left_alone(shop):
    shop.github().post_review(NUMBER, shop.draft(5))

    assert [(thread.answered, thread.resolved) for thread in shop.github().threads(NUMBER)] == [(True, False)]
