"""A commit's files for an audit, read from git a few megabytes at a time: units come as a stream, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from reviewer.core.audit_choice import choose
from reviewer.core.audit_units import units_of
from reviewer.core.change import ChangedFile
from reviewer.core.inventory import (
    AuditUnit,
    Carried,
    Listed,
    NotAudited,
    Pack,
    PackBudget,
    Rules,
    packs,
)
from reviewer.forge.git import Git

Found = AuditUnit | NotAudited | Carried
Screened = Callable[[ChangedFile], ChangedFile]
Known = Callable[[Listed], str | None]
"""Under which identity a file's answer is carried over; None where it must be asked for."""

_BATCH_BYTES = 8_000_000
_BATCH_FILES = 2_000


class InventorySource:
    """One repository at one commit. `repository` is the name under which the audit knows it."""

    def __init__(
        self, repo: Path, repository: str, commit: str, rules: Rules | None = None, budget: PackBudget | None = None
    ) -> None:
        self.repository, self.commit = repository, commit
        self._rules, self._budget = rules or Rules(), budget or PackBudget()
        self._git = Git(repo)

    def listing(self) -> Iterator[Listed]:
        """Every entry of the commit's tree, without contents. InputError where git cannot read it."""
        return (Listed(*entry) for entry in self._git.sizes(self.commit))

    def packs(self) -> tuple[list[Pack], list[NotAudited]]:
        """The commit's packs by its listing alone, and what is passed over by name, mode and size."""
        chosen, passed = choose(self.listing(), self._rules)
        return list(packs(self.repository, chosen, self._budget)), passed

    def units(self, known: Known = lambda _: None, screened: Screened = lambda file: file) -> Iterator[Found]:
        """Every file of the commit, once: in units (a large file in several), carried over, or with its reason.

        `screened` makes of a file that is read what may be shown of it.
        """
        laid_out, passed = self.packs()
        yield from passed
        for few in _batches(laid_out):
            wanted = [file.blob for pack in few for file in pack.files if known(file) is None]
            texts = self._git.read_blobs(wanted)
            read = partial(_among, texts)
            for pack in few:
                yield from units_of(pack, read, known, self._budget, screened)


def _batches(laid_out: Iterable[Pack]) -> Iterator[list[Pack]]:
    """Packs in runs whose contents are read together."""
    few: list[Pack] = []
    size = files = 0
    for pack in laid_out:
        few.append(pack)
        size += sum(file.size for file in pack.files)
        files += len(pack.files)
        if size >= _BATCH_BYTES or files >= _BATCH_FILES:
            yield few
            few, size, files = [], 0, 0
    if few:
        yield few


def _among(texts: dict[str, bytes], blobs: Sequence[str]) -> dict[str, bytes]:
    return {blob: texts[blob] for blob in blobs if blob in texts}
