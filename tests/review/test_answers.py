import json

import pytest

from reviewer.core.anchor import anchor
from reviewer.core.answer import Unusable
from reviewer.review.answers import read_review, read_verdicts
from reviewer.review.screening import screen
from tests.core.changes import added, change_set

TOKEN = "ghp_" + "k3Jd82LmQ0xZp7Rt5Vw1Yb6Nc4Hs9Gf2Ea8U"
LINE = f'client = connect(token="{TOKEN}")'


def answer(**said: str) -> str:
    finding = {
        "path": "x.py", "start_line": 9, "end_line": 9, "quote": LINE, "severity": "HIGH", "confidence": "high",
        "category": "security", "title": "T", "explanation": "E", "suggestion": "",
    }  # fmt: skip
    return json.dumps({"summary": "S", "interface_notes": ["N"], "findings": [finding | said]})


@pytest.mark.parametrize("field", ["path", "quote", "title", "explanation", "suggestion"])
def test_a_credential_that_the_model_repeats_is_masked(field: str) -> None:
    read = read_review(answer(**{field: LINE}))
    assert not isinstance(read, Unusable)
    assert TOKEN not in repr(read)
    assert "[masked github-token" in getattr(read.claims[0], field)


def test_a_quote_of_the_line_as_it_is_finds_the_line_as_it_is_shown() -> None:
    shown = screen(change_set(added("x.py", f"a = 1\nb = 2\n{LINE}\nc = 3\n"))).changes
    read = read_review(answer())
    assert not isinstance(read, Unusable)
    where = anchor(read.claims[0], shown)
    assert (where.kind, where.start_line) == ("line", 3)


def test_verdicts_are_masked() -> None:
    row = {"id": "F1", "holds": True, "severity": "low", "explanation": f"It has {TOKEN}."}
    assert TOKEN not in repr(read_verdicts(json.dumps({"verdicts": [row]})))
