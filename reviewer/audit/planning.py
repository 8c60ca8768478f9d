"""The file round of an audit, from the commits to planned questions: in a stream, so that size does not matter."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from reviewer.audit.carried import Earlier, carried_units, due, earlier
from reviewer.audit.document import AuditDocument, Audited, Suspect
from reviewer.audit.inventory_source import InventorySource
from reviewer.audit.material import FilePayload
from reviewer.audit.priming import time_to_prime
from reviewer.audit.stages import FILES
from reviewer.core.attributes import parse_attributes
from reviewer.core.caching import WAYS, Hits, Marking, Way, mark
from reviewer.core.change import ChangedFile
from reviewer.core.inventory import AuditUnit, Listed, NotAudited, Rules
from reviewer.core.pricing import Price, price_of
from reviewer.core.request import Ttl
from reviewer.prompts.audit import AuditPrompter
from reviewer.review.screening import screen_whole
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Audit, CacheUse, PlanCounts, Planned

Prompters = Callable[[Audited, Ttl | None], AuditPrompter]


@dataclass(slots=True)
class FilePlan:
    """What planning found: files passed over and what screening found, by repository, and the counts."""

    counts: PlanCounts = PlanCounts()
    holds: set[tuple[str, str]] = field(default_factory=set)
    skipped: dict[str, list[NotAudited]] = field(default_factory=dict)
    suspects: dict[str, list[Suspect]] = field(default_factory=dict)
    markings: list[str] = field(default_factory=list)

    def add(self, counts: PlanCounts) -> None:
        """One repository's counts."""
        total = self.counts
        self.counts = PlanCounts(
            total.new + counts.new,
            total.carried + counts.carried,
            total.shared + counts.shared,
            total.known + counts.known,
        )


def source_of(repository: Audited) -> InventorySource:
    """The files of one repository, chosen by its commit's own rules."""
    attributes = parse_attributes(repository.attributes)
    rules = Rules(repository.ignore, repository.paths, attributes)
    return InventorySource(Path(repository.folder), repository.name, repository.commit, rules)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the file round. `prompters` makes a repository's prompts with its prefix marked or not."""

    state: AuditState
    prompters: Prompters
    prices: Mapping[str, Price]

    def plan(self, audit: Audit, document: AuditDocument, now: datetime) -> FilePlan:
        """Write down every question of the round; doing it again adds nothing."""
        made = FilePlan()
        before = Earlier() if document.full else earlier(self.state, audit)
        primable = time_to_prime(due(self.state, audit, document.settings.audit.sla) - now)
        for repository in document.repositories:
            stream = self._in_order(_Repository(self, repository, document, before, made, primable))
            made.add(self.state.requests.plan(audit.id, stream, carry_over=not document.full, now=now))
        self._keep_suspects(before, made)
        return made

    def _in_order(self, repository: "_Repository") -> Iterator[Planned]:
        """What is carried over and what is asked anew, in the order of the tree: neighbours stay together."""
        carried = carried_units(self.state, repository.before, repository.name, repository.holds)
        keyed = heapq.merge(_keyed(carried), _keyed(repository.units()), key=lambda pair: pair[0])
        return (planned for _, planned in keyed)

    def _keep_suspects(self, before: Earlier, made: FilePlan) -> None:
        """What was noted of a file that is carried over still stands in it."""
        for repository in AuditDocument.read(before.audit.document).repositories if before.audit else ():
            kept = [each for each in repository.suspects if (repository.name, each.path) in made.holds]
            if kept:
                made.suspects.setdefault(repository.name, [])[:0] = kept


class _Repository:
    """One repository's share of the round."""

    def __init__(
        self,
        planner: Planner,
        repository: Audited,
        document: AuditDocument,
        before: Earlier,
        made: FilePlan,
        primable: bool,
    ) -> None:
        self.name, self.before, self._primable = repository.name, before, primable
        self._planner, self._repository, self._made = planner, repository, made
        self._model = document.settings.models.audit
        self._plain = planner.prompters(repository, None)
        self._terms = self._plain.terms(self._model)
        self._source = source_of(repository)
        self._packs = self._source.packs()[0]
        self.holds = {file.path for pack in self._packs for file in pack.files if self._known(file)}
        made.holds.update((self.name, path) for path in self.holds)

    def _known(self, file: Listed) -> str | None:
        return self.before.identity(self.name, file, self._terms)

    def units(self) -> Iterator[Planned]:
        """What is asked anew."""
        marking = self._marking()
        self._made.markings.append(f"{self.name}: {marking.reason}")
        marked = self._planner.prompters(self._repository, marking.ttl) if marking.ttl else self._plain
        skipped = self._made.skipped.setdefault(self.name, [])
        asked = 0
        for found in self._source.units(self._known, self._screened):
            match found:
                case NotAudited():
                    skipped.append(found)
                case AuditUnit():
                    first = asked < marking.marked
                    asked += 1
                    request = (marked if first else self._plain).audit(found, self._model)
                    payload = FilePayload.of(found, self._terms).write()
                    yield Planned(found.id, FILES, self.name, request, payload, primed=first and marking.primed)

    def _screened(self, file: ChangedFile) -> ChangedFile:
        """The file without its credentials; what was found in it is noted."""
        shown, found = screen_whole(file)
        self._made.suspects.setdefault(self.name, []).extend(map(Suspect.of, found))
        return shown

    def _marking(self) -> Marking:
        followers = sum(any(file.path not in self.holds for file in pack.files) for pack in self._packs)
        hits = hits_by_way(self._planner.state.figures.cache_use(), self._model)
        price = price_of(self._model, self._planner.prices)
        return mark(price, self._plain.prefix_tokens("file"), followers, hits, time_to_prime=self._primable)


def _keyed(stream: Iterable[Planned]) -> Iterator[tuple[tuple[str, str], Planned]]:
    for planned in stream:
        path = min(planned.request.files)
        yield (path.rpartition("/")[0], path), planned


def hits_by_way(uses: list[CacheUse], model: str) -> dict[Way, Hits]:
    """What batch requests to a model were seen to do with marked prefixes; those that went ahead are not counted."""
    mine = [use for use in uses if use.lane == "batch" and use.model == model]
    return {
        way: sum((Hits(use.read, use.written, use.requests) for use in mine if use.ttl == way), Hits()) for way in WAYS
    }


def with_found(document: AuditDocument, made: FilePlan) -> AuditDocument:
    """The document with what planning found."""
    repositories = tuple(
        replace(
            each,
            skipped=tuple(made.skipped.get(each.name, ())),
            suspects=tuple(made.suspects.get(each.name, ())),
        )
        for each in document.repositories
    )
    return replace(document, repositories=repositories, marking="; ".join(made.markings))
