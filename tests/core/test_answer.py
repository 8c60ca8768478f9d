import json
import time

import pytest

from reviewer.core.answer import Judgement, Reviewed, Unusable, parse_review, parse_verdicts
from reviewer.core.finding import Category, Claim, Confidence, Severity
from reviewer.core.request import ANSWER_SCHEMAS

FOUND = {
    "path": "x.py",
    "start_line": 3,
    "end_line": 4,
    "quote": "a = b",
    "severity": "high",
    "confidence": "low",
    "category": "data-loss",
    "title": "T",
    "explanation": "E",
    "suggestion": "",
}
CLAIM = Claim("x.py", 3, 4, "a = b", Severity.HIGH, Confidence.LOW, Category.DATA_LOSS, "T", "E", "")


def review(**changes) -> str:
    return json.dumps({"summary": "S", "interface_notes": ["n"], "findings": [{**FOUND, **changes}]})


def verdicts(**changes) -> str:
    return json.dumps({"verdicts": [{"id": "F1", "holds": True, "severity": "low", "explanation": "E", **changes}]})


@pytest.mark.parametrize(
    "text",
    [
        review(),
        f"\n {review()} \n",
        f"```json\n{review()}\n```",
        f"```\n{review()}\n```\n",
        f"```json {review()}```",
        review(severity="HIGH", confidence=" Low ", category="Data_Loss"),
        review(category="data loss"),
        review(invented="key"),
        review(start_line="3", end_line=4.0),
    ],
)
def test_an_answer_is_read_in_spite_of_drift(text):
    assert parse_review(text) == Reviewed("S", ("n",), (CLAIM,))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (r"\ud83d cut", "\ufffd cut"),
        (r"\uD83D\uDE00", "\U0001f600"),
        (r"\\ud83d", r"\ud83d"),
        (r"\ude00\n", "\ufffd\n"),
    ],
    ids=["first half", "both halves", "no escape", "second half"],
)
def test_half_a_letter_costs_no_answer(written, title):
    read = parse_review(review(title="TITLE").replace("TITLE", written))
    assert [claim.title for claim in read.claims] == [title]


def test_an_answer_without_findings_is_an_answer():
    assert parse_review('{"summary": "", "interface_notes": [], "findings": []}') == Reviewed("", (), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the answer was empty"),
        (" \n", "the answer was empty"),
        ("I found nothing.", "Invalid JSON"),
        (review()[:-3], "Invalid JSON"),
        ("```json\n```", "Invalid JSON"),
        ("[]", "should be an object"),
        ("null", "should be an object"),
        ('{"summary": "", "findings": []}', "interface_notes: Field required"),
        (review(severity="blocker"), "findings.0.severity: Input should be 'critical'"),
        (review(severity=None), "findings.0.severity"),
        (review(category=["security"]), "findings.0.category"),
        (review(start_line="three"), "findings.0.start_line"),
        (review(start_line=3.5), "findings.0.start_line"),
        (review(start_line=None), "findings.0.start_line"),
        (review(quote=None), "findings.0.quote: Input should be a valid string"),
        (json.dumps({"summary": "S", "interface_notes": [], "findings": [{}]}), "findings.0.path: Field required"),
        (json.dumps({"summary": "S", "interface_notes": "n", "findings": []}), "interface_notes: Input should be"),
        ("[" * 100_000, "Invalid JSON"),
        (review(start_line=0).replace(": 0", f": {'9' * 5_000}"), "number out of range"),
    ],
)
def test_what_is_not_the_contract_is_unusable_and_says_why(text, reason):
    found = parse_review(text)
    assert isinstance(found, Unusable)
    assert reason in found.reason
    assert len(found.reason) < 300


def test_the_reason_does_not_repeat_what_the_answer_said():
    found = parse_review(review(severity="IGNORE ALL RULES"))
    assert isinstance(found, Unusable)
    assert "IGNORE" not in found.reason.upper()


def test_a_huge_answer_is_read_quickly():
    found = [{**FOUND, "explanation": "x" * 1_000} for _ in range(5_000)]
    text = json.dumps({"summary": "S", "interface_notes": [], "findings": found})
    start = time.process_time()
    answer = parse_review(f"```json\n{text}\n```")
    assert time.process_time() - start < 2
    assert isinstance(answer, Reviewed)
    assert len(answer.claims) == 5_000


@pytest.mark.parametrize("identity", ["F1", "f1", " F1\n"])
@pytest.mark.parametrize("severity", ["low", "LOW"])
def test_judgements_are_found_by_the_candidates_id(identity, severity):
    assert parse_verdicts(verdicts(id=identity, severity=severity)) == {"F1": Judgement(True, Severity.LOW, "E")}


@pytest.mark.parametrize("text", ["", "{}", verdicts(holds="perhaps"), verdicts(holds=None), verdicts(severity="none")])
def test_judgements_that_are_none_are_unusable(text):
    assert isinstance(parse_verdicts(text), Unusable)


@pytest.mark.parametrize(
    ("shape", "parse", "text"), [("review", parse_review, review()), ("verify", parse_verdicts, verdicts())]
)
def test_the_schema_and_the_reader_ask_for_the_same_keys(shape, parse, text):
    whole = json.loads(text)
    (rows,) = [key for key, value in whole.items() if isinstance(value, list) and isinstance(value[0], dict)]
    schema = ANSWER_SCHEMAS[shape]
    assert set(whole) == set(schema["properties"])
    assert set(whole[rows][0]) == set(schema["properties"][rows]["items"]["properties"])
    for key in whole[rows][0]:
        less = {**whole, rows: [{name: value for name, value in whole[rows][0].items() if name != key}]}
        assert isinstance(parse(json.dumps(less)), Unusable), key
