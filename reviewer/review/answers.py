"""Answers as they are read: a credential that a model repeats is masked like the one in the change.

The model is shown masked text, but may know better, and a quote must equal the masked line that it stands for.
"""

from dataclasses import replace

from reviewer.core.answer import Judgement, Reviewed, Unusable, parse_review, parse_verdicts
from reviewer.core.finding import Claim
from reviewer.guard.secrets import mask


def read_review(text: str) -> Reviewed | Unusable:
    """A review answer."""
    answer = parse_review(text)
    if isinstance(answer, Unusable):
        return Unusable(mask(answer.reason))
    claims = tuple(map(_masked, answer.claims))
    return Reviewed(mask(answer.summary), tuple(map(mask, answer.notes)), claims)


def read_verdicts(text: str) -> dict[str, Judgement] | Unusable:
    """A verify answer: judgements by candidate id."""
    answer = parse_verdicts(text)
    if isinstance(answer, Unusable):
        return Unusable(mask(answer.reason))
    return {name: replace(each, explanation=mask(each.explanation)) for name, each in answer.items()}


def _masked(claim: Claim) -> Claim:
    return replace(
        claim,
        path=mask(claim.path),
        quote=mask(claim.quote),
        title=mask(claim.title),
        explanation=mask(claim.explanation),
        suggestion=mask(claim.suggestion),
    )
