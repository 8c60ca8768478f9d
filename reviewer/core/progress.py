"""How a run tells what it is doing, without knowing who listens."""

from decimal import Decimal
from typing import Protocol

from reviewer.core.request import Kind


class Progress(Protocol):
    """Told of each pass as it is planned and finished."""

    def planned(self, kind: Kind, count: int) -> None:
        """`count` more requests of this kind will be made."""
        ...

    def finished(self, kind: Kind, outcome: str, usd: Decimal) -> None:
        """One request is done: `answered`, `memo`, `refused`, `errored`, ..."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line: a retry that waits, work that was shed."""
        ...


class Silent:
    """Nobody listens."""

    def planned(self, kind: Kind, count: int) -> None:
        """See `Progress`."""

    def finished(self, kind: Kind, outcome: str, usd: Decimal) -> None:
        """See `Progress`."""

    def note(self, text: str) -> None:
        """See `Progress`."""
