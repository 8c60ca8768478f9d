"""The rounds after planning: what each one asks, read from what the state holds of the rounds before it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reviewer.audit.across import Across, read_across, with_files
from reviewer.audit.carried import last_ended
from reviewer.audit.document import AuditDocument, Audited
from reviewer.audit.integrating import ClusterPayload, Integration, by_repository
from reviewer.audit.material import FilePayload, FileView, PassedOver, read_files
from reviewer.audit.since import since
from reviewer.audit.stages import FILES, INTEGRATION, VERIFY
from reviewer.audit.verifying import Judgements, Verification, read_judgements
from reviewer.core.inventory import alone
from reviewer.core.plan import ContextBudget
from reviewer.core.request import Ttl
from reviewer.prompts.audit import AuditPrompter
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit, Planned, UnitRecord


@dataclass(frozen=True)
class Rounds:
    """One audit's rounds."""

    state: AuditState
    audit: Audit
    document: AuditDocument
    prompters: Callable[[Audited, Ttl | None], AuditPrompter]
    budget: ContextBudget = ContextBudget()

    @cached_property
    def _plain(self) -> Mapping[str, AuditPrompter]:
        return {each.name: self.prompters(each, None) for each in self.document.repositories}

    def views(self) -> Iterator[FileView]:
        """Every file that was read to its end."""
        return (each for each in self._read() if isinstance(each, FileView))

    def _read(self) -> Iterator[FileView | PassedOver]:
        return read_files(self.state.requests.units(self.audit.id, round=FILES, states=["answered"]))

    def alone(self) -> Iterator[Planned]:
        """What packs passed over, each file in a request of its own."""
        model = self.document.settings.models.audit
        for each in self._read():
            if isinstance(each, PassedOver):
                prompter = self._plain[each.unit.repository]
                for unit in alone(each.unit, each.items):
                    payload = FilePayload.of(unit, prompter.terms(model)).write()
                    yield Planned(unit.id, FILES, unit.repository, prompter.audit(unit, model), payload)

    def integration(self) -> Iterator[Planned]:
        """The clusters of all repositories."""
        model = self.document.settings.models.integration
        earlier = None if self.document.full else last_ended(self.state, self.audit)
        skipped = frozenset((each.name, row.path) for each in self.document.repositories for row in each.skipped)
        known = since(self.state, self.audit, earlier, skipped)
        for name, views in by_repository(self.views()):
            prompter = self._plain[name]
            terms = prompter.terms(model)
            before = [
                record for record in self._clusters_before(name) if ClusterPayload.read(record.payload).terms == terms
            ]
            yield from Integration(name, prompter, model, self.budget, terms, known).plan(views, before)

    def _clusters_before(self, repository: str) -> Iterator[UnitRecord]:
        """The last audit's clusters; none for a full audit."""
        earlier = None if self.document.full else last_ended(self.state, self.audit)
        if earlier:
            for record in self.state.requests.units(earlier.id, round=INTEGRATION, states=["answered"]):
                if record.repository == repository:
                    yield record

    def across(self) -> Across:
        """What the integration round found, with the files that it is about."""
        return with_files(
            read_across(self.state.requests.units(self.audit.id, round=INTEGRATION, states=["answered"])), self.views()
        )

    def judgements(self) -> Judgements:
        """What the verify round has said so far."""
        return read_judgements(self.state.requests.units(self.audit.id, round=VERIFY))

    def verification(self, *, again: bool = False) -> Iterator[Planned]:
        """Checks of all findings; `again`: of those that the checks passed over."""
        before = self.judgements() if again else None
        planner = Verification(self._plain, self.document.settings.models.verify, self.budget.verify, before)
        yield from planner.files(self.views())
        yield from planner.across(self.across())
