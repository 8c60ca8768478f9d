"""Answers as they are read: a credential that a model repeats is masked like the one in the change.

The model is shown masked text, but may know better, and a quote must equal the masked line that it stands for.
"""

from collections.abc import Iterator
from dataclasses import replace

from reviewer.core.answer import Judgement, Reviewed, Unusable, parse_review, parse_verdicts
from reviewer.core.finding import Claim
from reviewer.guard.secrets import find_secrets, mask


def read_review(text: str) -> Reviewed | Unusable:
    """A review answer."""
    answer = parse_review(text)
    if isinstance(answer, Unusable):
        return Unusable(mask(answer.reason))
    # One look at everything that was said: nearly always there is nothing in it.
    if not find_secrets("\n".join(_said(answer))):
        return answer
    claims = tuple(map(_masked, answer.claims))
    return Reviewed(mask(answer.summary), tuple(map(mask, answer.notes)), claims)


def read_verdicts(text: str) -> dict[str, Judgement] | Unusable:
    """A verify answer: judgements by candidate id."""
    answer = parse_verdicts(text)
    if isinstance(answer, Unusable):
        return Unusable(mask(answer.reason))
    return {name: replace(each, explanation=mask(each.explanation)) for name, each in answer.items()}


def _said(answer: Reviewed) -> Iterator[str]:
    yield answer.summary
    yield from answer.notes
    for claim in answer.claims:
        yield from (claim.path, claim.quote, claim.title, claim.explanation, claim.suggestion)


def _masked(claim: Claim) -> Claim:
    return replace(
        claim,
        path=mask(claim.path),
        quote=mask(claim.quote),
        title=mask(claim.title),
        explanation=mask(claim.explanation),
        suggestion=mask(claim.suggestion),
    )
