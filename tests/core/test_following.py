"""Findings on equal lines keep the fingerprints of the threads that the forge has moved with them."""

import pytest

from reviewer.core.change import ChangeSet
from reviewer.core.finding import Category, Claim, Confidence, Finding, Provenance, Severity
from reviewer.core.following import follow
from reviewer.core.merge import place
from reviewer.core.publication import Thread
from tests.core.changes import added, change_set

LINE = "except Error: pass"


def found(lines: list[str], *claimed: tuple[int, str]) -> tuple[list[Finding], ChangeSet]:
    changes = change_set(added("a.py", "\n".join(lines)))
    claims = [
        Claim("a.py", n, n, lines[n - 1], Severity.HIGH, Confidence.HIGH, Category.CORRECTNESS, title, "Why.")
        for n, title in claimed
    ]
    return place(claims, changes, Provenance("single", "u1"), ()), changes


def thread(fingerprint: str, line: int | None, resolved: bool = False) -> Thread:
    return Thread("T", fingerprint, "c" * 40, "a.py", line, resolved, False, False)


def names(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.fingerprint for finding in findings]


def test_equal_line_above_takes_no_fingerprint_away() -> None:
    (old,), _ = found(["x = 1", LINE], (2, "Swallowed"))
    (added, moved), changes = found([LINE, "x = 1", LINE], (1, "Swallowed"), (3, "Swallowed"))
    assert added.fingerprint == old.fingerprint

    followed = follow((added, moved), [thread(old.fingerprint, 3)], changes)

    assert names(followed) == [moved.fingerprint, old.fingerprint]


def test_first_of_two_equal_lines_mended_leaves_the_seconds_thread() -> None:
    (first, second), _ = found([LINE, LINE], (1, "Swallowed"), (2, "Swallowed"))
    (left,), changes = found(["x = 1", LINE], (2, "Swallowed"))

    followed = follow((left,), [thread(first.fingerprint, None), thread(second.fingerprint, 2)], changes)

    assert names(followed) == [second.fingerprint]


def test_two_problems_of_one_line_each_keep_their_thread() -> None:
    (one, two), _ = found([LINE], (1, "Swallowed"), (1, "Too wide"))
    now, changes = found([LINE, LINE], (2, "Swallowed"), (2, "Too wide"))

    followed = follow(now[::-1], [thread(one.fingerprint, 2), thread(two.fingerprint, 2)], changes)

    assert names(followed) == [two.fingerprint, one.fingerprint]


@pytest.mark.parametrize("line", [1, None], ids=["elsewhere", "outdated"])
def test_thread_that_stands_elsewhere_names_nothing(line: int | None) -> None:
    (old,), _ = found([LINE], (1, "Swallowed"))
    now, changes = found(["x = 1", LINE, LINE], (3, "Swallowed"))

    assert names(follow(now, [thread(old.fingerprint, line)], changes)) == names(tuple(now))


def test_open_thread_outweighs_a_closed_one_at_the_same_place() -> None:
    (one, two, three), changes = found([LINE, LINE, LINE], (1, "S"), (2, "S"), (3, "S"))
    threads = [thread(two.fingerprint, 1), thread(three.fingerprint, 1, resolved=True)]

    assert names(follow((one,), threads, changes)) == [two.fingerprint]
