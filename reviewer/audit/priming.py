"""Of a primed prefix one request goes ahead in a batch of its own; the others follow when that has ended, and read it.

Who waits loses a batch's time. So priming is planned only where two whole batches fit before the deadline, and nobody
waits any longer when a batch of their own could just meet it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from reviewer.core.caching import PRIMED_FROM
from reviewer.core.sla import BATCH_BOUND
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import PrimedPrefix


@dataclass(frozen=True, slots=True)
class Held:
    """`ahead` go now, each alone; `waiting` requests with one of the `prefixes` wait until they have ended."""

    ahead: tuple[str, ...] = ()
    prefixes: frozenset[str] = frozenset()
    waiting: int = 0


def time_to_prime(left: timedelta) -> bool:
    """Whether two batches fit one after the other into what is left until the deadline."""
    return left >= 2 * BATCH_BOUND


def hold(state: AuditState, audit: str, round: str, only: Collection[str] | None, left: timedelta) -> Held:
    """Which requests of a round go ahead, of `only` where given, and which wait; `left` is the time to the deadline."""
    ahead: list[str] = []
    held: list[PrimedPrefix] = []
    for each in state.priming.prefixes(audit, round):
        if each.ended:
            continue
        if left <= BATCH_BOUND or (each.waiting <= PRIMED_FROM and not each.out):
            state.priming.release(audit, each.prefix)
        elif each.out:
            held.append(each)
        elif first := state.priming.send_ahead(audit, each.prefix, only):
            ahead.append(first)
            held.append(each)
    waiting = sum(each.waiting for each in held) - len(ahead)
    return Held(tuple(ahead), frozenset(each.prefix for each in held), waiting)
