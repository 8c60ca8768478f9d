"""What `reviewer doctor` looks at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `step` is what to do where it is not ok."""

    name: str
    ok: bool
    detail: str
    step: str = ""
