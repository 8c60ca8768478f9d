"""What stands on the pull request: the worst on its lines, the rest in the text, all of it within GitHub's limits."""

from collections.abc import Callable

import pytest

from reviewer.core.conversation import told_in
from tests.github.stage import MarkedBugs, Stage, code, title_of

Opened = Callable[..., Stage]
LIMIT = 65_536


def test_worst_findings_are_on_their_lines_and_the_rest_in_the_text(opened: Opened) -> None:
    bugs = ("low: Low one", "high: High one", "critical: Worst", "medium: Middle", "high: High two", "low: Low two")
    stage = opened({"a.py": code()}, {"a.py": code(*bugs, at=5)})

    ran = stage.run("--max-inline-comments", "3")

    assert stage.posted == ["Worst", "High one", "High two"]
    (review,) = stage.pull.reviews
    assert len(told_in(review.body)) == 3
    assert review.body.index("Middle") < review.body.index("Low one") < review.body.index("Low two")
    assert (ran.of("posted"), ran.of("summary")) == (
        ["High one", "High two", "Worst"],
        ["Low one", "Low two", "Middle"],
    )


def test_what_stands_in_the_text_is_not_said_again_after_a_push(opened: Opened) -> None:
    stage = opened({"a.py": code()}, {"a.py": code("high: H1", "low: L1", at=5)})
    stage.run("--max-inline-comments", "1")
    stage.push({"b.py": "new = 1\n"})

    again = stage.run("--max-inline-comments", "1")

    assert (stage.posted, len(stage.pull.reviews)) == (["H1"], 1)
    assert (again.of("posted"), again.of("summary")) == (["H1"], ["L1"])


@pytest.mark.parametrize(
    ("text", "length", "fence"),
    [
        ("value_20 = right()", 1, "```"),
        ("value_20 = right()\nvalue_20 += 1", 1, "```"),
        ("value_20 = right()", 3, "```"),
        ('doc = """\n````python\nx\n````\n"""', 1, "`````"),
    ],
    ids=["one line", "two for one", "one for three", "with fences inside"],
)
def test_suggestion_applies_to_exactly_the_lines_it_is_made_for(
    opened: Opened, text: str, length: int, fence: str
) -> None:
    stage = opened(brain=MarkedBugs({"Wrong sum": (text, length)}), after={"a.py": code("high: Wrong sum")})
    stage.run()

    (comment,) = stage.pull.comments
    lines = comment.body.split("\n")
    begin = lines.index(f"{fence}suggestion")
    applied = lines[begin + 1 : lines.index(fence, begin)]
    assert applied == text.split("\n")
    assert (comment.start_line or comment.line, comment.line, comment.side) == (20, 19 + length, "RIGHT")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("value_20 = wrong()  # bug high: Wrong sum", 1),
        ("value_20 = right()", 90),
        ("value_20 = right()​", 1),
    ],
    ids=["changes nothing", "beyond the hunk", "hidden character"],
)
def test_suggestion_that_does_not_apply_cleanly_is_no_block(opened: Opened, text: str, length: int) -> None:
    brain = MarkedBugs({"Wrong sum": (text, length)})
    stage = opened({"a.py": code(lines=200)}, {"a.py": code("high: Wrong sum", lines=200)}, brain=brain)
    stage.run()

    (comment,) = stage.pull.comments
    assert (title_of(comment), "suggestion\n" in comment.body) == ("Wrong sum", False)


def test_one_summary_is_updated_in_place(opened: Opened) -> None:
    stage = opened()
    stage.run()
    (comment,) = stage.pull.issue_comments
    for title in ("New thing", "Newer thing"):
        stage.push({"c.py": code(f"low: {title}")})
        stage.run()
        assert title in comment.body

    assert stage.pull.issue_comments == [comment]
    assert "New thing" not in comment.body


def test_300_findings_stay_within_githubs_limits_and_all_are_kept(opened: Opened) -> None:
    files = {f"part{n}.py": code(*(f"high: Bug {n} {k}" for k in range(20)), lines=70, at=5) for n in range(15)}
    stage = opened(dict.fromkeys(files, code(lines=70)), files, brain=MarkedBugs(words="It is wrong. " * 80))

    ran = stage.run()

    bodies = [one.body for one in (*stage.pull.reviews, *stage.pull.comments, *stage.pull.issue_comments)]
    assert max(map(len, bodies)) <= LIMIT
    assert len(bodies) == 22
    told = told_in(stage.pull.reviews[0].body)
    assert len(ran.report["findings"]) == 300
    assert (len(ran.of("posted")), len(ran.of("summary"))) == (20, 280)
    assert f"{280 - len(told)} more findings had no room here" in stage.pull.reviews[0].body
    assert stage.job.refused == []
    assert stage.spent
    assert (stage.run().code, stage.spent) == (1, (0, 0))
