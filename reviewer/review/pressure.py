"""When time or money run short, optional work goes first, in this order, and the report names what was left out.

1. verification of low findings; 2. integration clusters of least risk.
"""

from dataclasses import dataclass

from reviewer.model.lane import SyncLane

_RESERVE = 0.12
"""Share of the whole time that must be left for optional work to start."""


@dataclass(slots=True)
class Pressure:
    """Watches the lane's deadline and budget; `total` is the whole run's time in seconds."""

    lane: SyncLane
    total: float

    @property
    def high(self) -> bool:
        """Whether optional work should be shed."""
        return self.lane.time_left < self.total * _RESERVE or self.lane.budget.near()
