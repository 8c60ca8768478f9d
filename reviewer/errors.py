"""Expected failures: each says what happened, the likely cause and the next step, and carries its exit code.

ReviewerError            base; exit code 70 is for everything that is not one of these
├── UsageError           2, flags or arguments that cannot be meant
├── ConfigError          2, a setting that cannot be read or is refused
├── InputError           2, a diff, event or file that cannot be read
├── EventError           2, an Actions event that Reviewer does not know
├── ForgeError           3, GitHub refused or could not be reached
└── EngineError          3, the model's API cannot be used at all (no key, refused key)

Outcomes that a run expects (a refusal, a truncated answer, a file that cannot be parsed) are values, not errors.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller."""

    PASS = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    BUG = 70
    INTERRUPTED = 130


class ReviewerError(Exception):
    """An expected failure. `what` happened, the likely `cause`, the `step` to take next."""

    exit_code = ExitCode.BUG

    def __init__(self, what: str, cause: str = "", step: str = "") -> None:
        super().__init__(what)
        self.what, self.cause, self.step = what, cause, step

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.cause, self.step) if part)


class UsageError(ReviewerError):
    """Flags or arguments that cannot be meant."""

    exit_code = ExitCode.USAGE


class ConfigError(ReviewerError):
    """A setting that cannot be read, or a value that is refused."""

    exit_code = ExitCode.USAGE


class InputError(ReviewerError):
    """A diff, an event or a file that cannot be read."""

    exit_code = ExitCode.USAGE


class EventError(ReviewerError):
    """An Actions event that Reviewer does not know: never a green no-op."""

    exit_code = ExitCode.USAGE


class ForgeError(ReviewerError):
    """GitHub refused, or could not be reached; `status` is the HTTP status where there was one."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, what: str, cause: str = "", step: str = "", *, status: int | None = None) -> None:
        super().__init__(what, cause, step)
        self.status = status


class EngineError(ReviewerError):
    """The model's API cannot be used at all."""

    exit_code = ExitCode.INCOMPLETE
