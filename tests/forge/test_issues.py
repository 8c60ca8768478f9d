"""The audit's one issue: never filed twice, nobody else's touched, closed when clean."""

from collections.abc import Iterator

import pytest

from reviewer.core.audit_report import AUDIT_LABEL, IssueDraft, issue_marker
from reviewer.core.publication import Publication
from reviewer.forge.client import Client
from reviewer.forge.issues import upsert_audit_issue
from tests.fakes.github import FakeGitHub, Fault

MARKER = issue_marker("c0ffee" * 6 + "abcd")
ISSUES = "/repos/octo/shop/issues$"


class Place:
    def __init__(self, hub: FakeGitHub) -> None:
        self.hub, self.repo = hub, hub.repository("octo/shop")
        self.sleeps = list[float]()

    def client(self) -> Client:
        return Client(
            "ghs_fake", "octo/shop", api_url=self.hub.api_url, graphql_url=self.hub.graphql_url,
            write_gap=0.0, timeout=5, sleep=self.sleeps.append,
        )  # fmt: skip

    def upsert(self, text: str = "2 findings", state: str = "open", reopen: bool = True) -> Publication:
        return upsert_audit_issue(self.client(), IssueDraft("Nightly audit", f"{text}\n\n{MARKER}", state, reopen))

    @property
    def standing(self) -> list[tuple[int, str, str]]:
        return [(issue.number, issue.state, issue.body.split("\n")[0]) for issue in self.repo.issues.values()]


@pytest.fixture
def place() -> Iterator[Place]:
    with FakeGitHub() as hub:
        yield Place(hub)


def test_the_first_findings_open_an_issue_with_its_label(place):
    done = place.upsert()
    (issue,) = place.repo.issues.values()
    assert (done.channel, done.outcome) == ("issue", "posted")
    assert done.detail.endswith(f"/octo/shop/issues/{issue.number}")
    assert (issue.title, issue.labels, issue.state) == ("Nightly audit", [AUDIT_LABEL], "open")


def test_the_next_night_updates_the_same_issue(place):
    place.upsert()
    number = next(iter(place.repo.issues))
    assert place.upsert("3 findings").outcome == "updated"
    assert place.upsert("3 findings").outcome == "unchanged"
    assert place.standing == [(number, "open", "3 findings")]


def test_a_clean_audit_closes_it_and_a_new_finding_opens_it_again(place):
    place.upsert()
    assert place.upsert("nothing", "closed").detail.endswith(", closed")
    assert place.standing[0][1:] == ("closed", "nothing")
    assert place.upsert("1 new").detail.endswith(", opened again")
    assert [(state, text) for _, state, text in place.standing] == [("open", "1 new")]


def test_what_a_person_closed_stays_closed_while_nothing_is_new(place):
    place.upsert()
    (issue,) = place.repo.issues.values()
    issue.state = "closed"
    assert place.upsert("still 2", reopen=False).outcome == "updated"
    assert place.standing == [(issue.number, "closed", "still 2")]


@pytest.mark.parametrize("state", ["closed", "keep"])
def test_without_findings_and_without_an_issue_none_is_opened(place, state):
    assert place.upsert("nothing", state).outcome == "skipped"
    assert place.repo.issues == {}


def test_an_incomplete_audit_without_findings_leaves_the_state_as_it_is(place):
    place.upsert()
    place.upsert("incomplete", "keep")
    assert place.standing[0][1:] == ("open", "incomplete")


def test_issues_of_others_are_left_alone_whatever_they_hold(place):
    theirs = place.repo.new_issue("Nightly audit", f"mine\n\n{MARKER}", "mallory")
    theirs.labels = [AUDIT_LABEL]
    place.upsert()
    assert [(state, text) for _, state, text in place.standing] == [("open", "mine"), ("open", "2 findings")]


def test_an_issue_whose_label_was_taken_off_is_found_and_labelled_again(place):
    place.upsert()
    (issue,) = place.repo.issues.values()
    issue.labels = []
    place.upsert("3 findings")
    assert (len(place.repo.issues), issue.labels) == (1, [AUDIT_LABEL])


@pytest.mark.parametrize(
    "fault", [Fault.reset_after(method="POST", path=ISSUES), Fault.bad_gateway(method="POST", path=ISSUES, acts=True)]
)
def test_a_lost_answer_files_nothing_twice(place, fault):
    place.hub.fail(fault)
    place.upsert()
    assert [(state, text) for _, state, text in place.standing] == [("open", "2 findings")]


def test_a_failed_request_is_tried_again(place):
    place.hub.fail(Fault.reset_before(method="POST", path=ISSUES))
    assert place.upsert().outcome == "posted"
    assert len(place.repo.issues) == 1


def test_of_two_issues_the_older_stays_and_the_other_is_closed(place):
    place.upsert()
    (first,) = place.repo.issues.values()
    second = place.repo.new_issue("Nightly audit", first.body, first.user)
    second.labels = [AUDIT_LABEL]
    place.upsert("3 findings")
    assert place.standing == [(first.number, "open", "3 findings"), (second.number, "closed", "2 findings")]


def test_line_ends_that_github_changed_are_no_change(place):
    place.upsert()
    (issue,) = place.repo.issues.values()
    issue.body = issue.body.replace("\n", "\r\n")
    assert place.upsert().outcome == "unchanged"


@pytest.mark.parametrize(
    ("fault", "outcome", "said"),
    [
        (Fault.forbidden(method="POST", path=ISSUES), "skipped", "the token lacks `issues: write`"),
        (
            Fault(method="GET", path=ISSUES, status=410, body={"message": "Issues are disabled"}),
            "skipped",
            "switched off",
        ),
        (Fault(method="GET", path=ISSUES, times=9), "failed", "Reading the repository's issues failed"),
    ],
)
def test_failures_are_outcomes(place, fault, outcome, said):
    place.hub.fail(fault)
    done = place.upsert()
    assert done.outcome == outcome
    assert said in done.detail


def test_an_issue_without_a_marker_is_refused():
    with pytest.raises(ValueError, match="without its marker"):
        upsert_audit_issue(None, IssueDraft("T", "body", "open"))
