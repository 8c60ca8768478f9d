"""What the report says of passes."""

from tests.commands.runner import Runner, diff_arguments
from tests.known_answers import Change


def test_a_pass_that_was_never_tried_has_not_failed(reviewer: Runner, small: Change) -> None:
    ran = reviewer(*diff_arguments(small))

    assert (ran.code, ran.report["coverage"]["files_reviewed"], ran.report["coverage"]["units_failed"]) == (3, 0, 0)
    assert "pass failed" not in ran.out + ran.summary
