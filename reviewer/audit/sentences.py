"""What a run of the audit did, one sentence each, for whoever reads its log."""

from decimal import Decimal

from reviewer.audit.budgeting import Slice
from reviewer.audit.collecting import Collected
from reviewer.audit.priming import Held
from reviewer.audit.recovery import Recovered
from reviewer.audit.submission import Submitted
from reviewer.core.number import number
from reviewer.core.pricing import dollars


def planned(requests: int, carried: int) -> str:
    """The file round is written down."""
    return f"Planned: {number(requests, 'request')}; {number(carried, 'file')} carried over from the last audit."


def found_again(found: Recovered) -> list[str]:
    """Batches of a state that was lost."""
    answers = number(found.kept.answered, "answer")
    told = [f"Found again: {_batches(found.batches)} with {answers} of use."]
    if found.waiting:
        waiting = number(found.waiting, "batch has", "batches have")
        told.append(f"{waiting} not ended yet; until then nothing is sent.")
    return told


def cut_off(calls: int) -> str:
    """Calls that a killed run had under way."""
    return f"{number(calls, 'call')} of the sample cut off with the last run: asked in a batch instead."


def no_room(requests: int, cap: Decimal) -> str:
    """A budget that holds no sample."""
    return f"{number(requests, 'request')} left out: the budget of ${cap} has no room for the sample."


def sliced(made: Slice, round: str, cap: Decimal) -> list[str]:
    """What a budget holds back."""
    told = []
    if made.waiting:
        waiting = number(made.waiting, "request waits", "requests wait")
        told.append(
            f"{waiting} until the cost of those before is known: the budget of ${cap} does not hold all at their worst."
        )
    if made.left_out:
        told.append(f"{number(made.left_out, 'request')} of the {round} round left out by the budget of ${cap}.")
    return told


def sent(made: Submitted, round: str) -> list[str]:
    """What went out, and why no more did."""
    told = []
    if made.requests:
        told.append(f"Sent {number(made.requests, 'request')} of the {round} round in {_batches(made.batches)}.")
    return [*told, made.blocked] if made.blocked else told


def held(made: Held) -> list[str]:
    """What waits for the cache."""
    if not made.waiting:
        return []
    waiting = number(made.waiting, "request waits", "requests wait")
    return [f"{waiting} for one sent ahead, so that its prefix is read from the cache."]


def came_in(collected: Collected) -> list[str]:
    """What batches brought, and what could not be settled."""
    told, kept = [], collected.kept
    if collected.ended or collected.lost:
        again = f", {kept.again:,} to be sent again" if kept.again else ""
        given_up = f", {kept.given_up:,} given up" if kept.given_up else ""
        ended = _batches(collected.ended + collected.lost)
        told.append(f"{ended} ended: {number(kept.answered, 'answer')}{again}{given_up}.")
    return [*told, *collected.doubts, *collected.cut]


def _batches(count: int) -> str:
    return number(count, "batch", "batches")


def unanswered(usd: Decimal) -> str:
    """What attempts of the sample may have cost whose answers did not arrive."""
    return f"Possibly paid and lost: attempts of the sample without an answer, at most ${dollars(usd)} beside the cost."
