import pytest

from reviewer.core.carry import Carried, Kept, imprint, seal, unseal, unseal_vouched
from reviewer.core.finding import Severity
from tests.core.edits import claim

HEAD, KEY = "a" * 40, "secret"


def left(count: int = 2, words: str = "It is wrong.") -> Carried:
    kept = tuple(Kept(f"f{n}", claim("x.py", n, title=f"T{n}", explanation=words)) for n in range(count))
    return Carried("patch", "policy", kept)


def test_what_is_sealed_comes_back_as_it_was() -> None:
    assert unseal(seal(left(), HEAD, KEY), HEAD, KEY) == left()


@pytest.mark.parametrize("key", ["patch", "policy", "found", "told", "seal"])
def test_nothing_can_be_changed(key: str) -> None:
    state = seal(left(), HEAD, KEY)
    assert unseal(state | {key: state[key] + "x"}, HEAD, KEY) is None
    assert unseal_vouched(state | {key: state[key] + "x"}, HEAD, imprint(state, HEAD)) is None
    assert unseal(state, "b" * 40, KEY) is None
    assert unseal(state, HEAD, "other") is None


def test_long_words_are_shortened_and_a_long_quote_is_left_out() -> None:
    long = Kept("f", claim("x.py", 1, quote="q" * 300, explanation="word " * 200))
    [kept] = unseal(seal(Carried("p", "q", (long,)), HEAD, KEY), HEAD, KEY).findings
    assert kept.claim.quote == ""
    assert kept.claim.explanation.endswith("word…")
    assert len(kept.claim.explanation) <= 401


def test_many_findings_lose_words_before_they_are_lost() -> None:
    few = Carried("p", "q", tuple(Kept(f"f{n}", claim(f"{n:x}.py", n, title=f"{n * 7919:x}" * 12)) for n in range(390)))
    state = seal(few, HEAD, KEY)
    kept = unseal(state, HEAD, KEY).findings
    assert len(state["told"]) <= 16_000
    assert [(each.fingerprint, each.claim.severity) for each in kept] == [(f"f{n}", Severity.HIGH) for n in range(390)]


def test_without_a_secret_or_with_too_much_nothing_is_sealed() -> None:
    assert seal(left(), HEAD, "") == {}
    assert seal(left(401), HEAD, KEY) == {}
