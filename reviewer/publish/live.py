"""What a run is doing while it runs: a live line per kind of pass on a terminal, one plain line each in a log."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from reviewer.core.request import Kind
from reviewer.guard.terminal import plain
from reviewer.guard.workflow import log
from reviewer.publish.wording import dollars


@dataclass(slots=True)
class _Tally:
    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    usd: Decimal = Decimal(0)

    @property
    def done(self) -> int:
        return self.outcomes.total()

    def line(self, kind: str) -> Text:
        others = [f"{count} {outcome}" for outcome, count in self.outcomes.items() if outcome != "answered"]
        told = f" ({', '.join(others)})" if others else ""
        return Text(f"{kind} pass: {self.done} of {self.planned}, {dollars(self.usd)}{told}")


class LiveProgress:
    """A `Progress` that prints. Use it as a context manager: leaving it tells what is unfinished."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tallies: dict[Kind, _Tally] = {}
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._refresh()
            self._live.stop()
            return
        for name, tally in self._tallies.items():
            if tally.done != tally.planned:
                self._console.print(tally.line(name))

    def planned(self, kind: Kind, count: int) -> None:
        """See `Progress`."""
        self._tallies.setdefault(kind, _Tally()).planned += count
        self._refresh()

    def finished(self, kind: Kind, outcome: str, usd: Decimal) -> None:
        """See `Progress`."""
        tally = self._tallies.setdefault(kind, _Tally())
        tally.outcomes[outcome] += 1
        tally.planned = max(tally.planned, tally.done)  # a request that had to be asked again was not planned
        tally.usd += usd
        self._refresh()
        if not self._console.is_terminal and tally.done == tally.planned:
            self._console.print(tally.line(kind))

    def note(self, text: str) -> None:
        """See `Progress`."""
        # Not wrapped: a line that wrapping began could be read as a workflow command.
        self._console.print(Text(log(plain(text))), soft_wrap=True)

    def _refresh(self) -> None:
        if self._live.is_started:
            self._live.update(Group(*(tally.line(kind) for kind, tally in self._tallies.items())), refresh=True)
