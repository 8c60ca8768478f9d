"""The parts that a driver is handed: prompts for one repository, and the synchronous lane for the sample."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from reviewer.audit.document import Audited
from reviewer.audit.sampling import Book, ask_all
from reviewer.audit.worst import worst_price
from reviewer.clock import Clock
from reviewer.config.settings import Settings
from reviewer.core.change import ChangeSet
from reviewer.core.pricing import Price
from reviewer.core.request import Ttl
from reviewer.guard.secrets import mask
from reviewer.guard.untrusted import new_tag
from reviewer.model.budget import Budget
from reviewer.model.client import make_client
from reviewer.model.opening import open_lane
from reviewer.model.window import CEILING
from reviewer.prompts.audit import AuditPrompter
from reviewer.store.audit_values import Pending


def audit_prompter(repository: Audited, ttl: Ttl | None) -> AuditPrompter:
    """Makes one repository's prompts. The marker is random, so that nothing in the code can imitate a block."""
    guidelines = {name: mask(text) for name, text in repository.guidelines.items()}
    changes = ChangeSet(repository.name, repository.commit, repository.commit, (), guidelines=guidelines)
    return AuditPrompter(changes, new_tag(secrets.token_bytes(8)), repository.instructions, ttl=ttl)


@dataclass(frozen=True, slots=True)
class LaneSampler:
    """Asks the sample on the synchronous lane: the audit's only synchronous calls (rule 2)."""

    env: Mapping[str, str]
    settings: Settings
    prices: Mapping[str, Price]
    clock: Clock

    def run(self, pending: Sequence[Pending], book: Book, cap: Decimal | None) -> Decimal:
        """See `Sampler`."""
        worst = partial(worst_price, prices=self.prices, batch=False)
        return asyncio.run(self._run(pending, book, Budget(cap, self.prices, worst)))

    async def _run(self, pending: Sequence[Pending], book: Book, budget: Budget) -> Decimal:
        deadline = self.clock.monotonic() + self.settings.deadline.total_seconds()
        async with make_client(self.env, CEILING) as client:
            limits = self.settings.limits
            lane = open_lane(client, self.clock, limits, budget=budget, prices=self.prices, deadline=deadline)
            await ask_all(lane, pending, book)
        return budget.unsure
