"""What the integration round found: placed in the files as they are now, which are read back from the state."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reviewer.audit.findings import provenance_of
from reviewer.audit.integrating import ClusterPayload
from reviewer.audit.material import FileView
from reviewer.core.answer import Unusable
from reviewer.core.change import ChangedFile
from reviewer.core.finding import Claim, Finding
from reviewer.core.inventory import audit_changes
from reviewer.core.merge import place
from reviewer.core.request import Answered
from reviewer.core.resolve import resolve_path
from reviewer.review.answers import read_review
from reviewer.store.audit_values import UnitRecord

_MENTIONED = 8
_PATH = re.compile(r"[\w.@+\-/]{1,200}\.\w{1,12}")


@dataclass(frozen=True)
class Answers:
    """One cluster's claims, with the paths that it takes to place and to check them."""

    record: UnitRecord
    claims: tuple[Claim, ...]

    @cached_property
    def members(self) -> Mapping[str, str]:
        """The cluster's files and their blobs at the time of asking."""
        return ClusterPayload.read(self.record.payload).members

    @cached_property
    def _names(self) -> Mapping[str, str]:
        names = Counter(path.rpartition("/")[2] for path in self.members)
        return {path.rpartition("/")[2]: path for path in self.members if names[path.rpartition("/")[2]] == 1}

    def path_of(self, claim: Claim) -> str:
        """The member that a claim is about; empty where it is none."""
        stubs = audit_changes("", "", (ChangedFile(path, "changed") for path in self.members))
        found = resolve_path(claim.path, stubs, tuple(self.members))
        return found.file.path if found.file else ""

    def mentioned(self, claim: Claim, own: str) -> tuple[str, ...]:
        """Other members that a claim names: it cannot be judged from its own file alone."""
        named = dict.fromkeys(_PATH.findall(f"{claim.title} {claim.explanation}"))
        found = [name if name in self.members else self._names.get(name.rpartition("/")[2], "") for name in named]
        return tuple(dict.fromkeys(path for path in found if path and path != own))[:_MENTIONED]


@dataclass(frozen=True, slots=True)
class Crossing:
    """One finding across files, and the other files that it names."""

    repository: str
    finding: Finding
    others: tuple[str, ...]


@dataclass(slots=True)
class Across:
    """All findings of the integration round; `files` are the views that they take, by repository and path."""

    answers: list[Answers]
    files: dict[tuple[str, str], FileView] = field(default_factory=dict)

    def findings(self) -> Iterator[Crossing]:
        """Placed findings. A carried answer counts for files that are the same as when it was given."""
        for answers in self.answers:
            repository = answers.record.repository
            present = {path: view for path in answers.members if (view := self.files.get((repository, path)))}
            stubs = [
                present[path].file if path in present else ChangedFile(path, "changed") for path in answers.members
            ]
            changes = audit_changes(repository, "", stubs)
            still = [claim for claim in answers.claims if self._holds(answers, claim)]
            for finding in place(still, changes, provenance_of(answers.record), tuple(answers.members)):
                yield Crossing(repository, finding, answers.mentioned(finding.claim, finding.anchor.path))

    def _holds(self, answers: Answers, claim: Claim) -> bool:
        path = answers.path_of(claim)
        view = self.files.get((answers.record.repository, path))
        if view is None:
            return not path and not answers.record.carried
        return answers.members[path] == view.blob


def read_across(records: Iterable[UnitRecord]) -> Across:
    """The round's claims, still without the files they are about."""
    found = []
    for record in records:
        answer = read_review(record.reply.text) if isinstance(record.reply, Answered) else None
        if answer is not None and not isinstance(answer, Unusable) and answer.claims:
            found.append(Answers(record, answer.claims))
    return Across(found)


def wanted_by(across: Across) -> set[tuple[str, str]]:
    """The (repository, path) pairs whose text is needed to place the claims and to check them."""
    wanted: set[tuple[str, str]] = set()
    for answers in across.answers:
        for claim in answers.claims:
            own = answers.path_of(claim)
            paths = (own, *answers.mentioned(claim, own)) if own else tuple(answers.members)
            wanted.update((answers.record.repository, path) for path in paths)
    return wanted


def with_files(across: Across, views: Iterable[FileView]) -> Across:
    """The same, with the files it takes picked out of all."""
    wanted = wanted_by(across)
    for view in views:
        if (view.repository, view.path) in wanted:
            across.files[view.repository, view.path] = view
    return across
