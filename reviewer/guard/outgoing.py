"""The process's own secrets, held once, and removed from every text on its way out.

State of the process, and the only one in this room: whoever reads the environment names the values (`protect`), and
each sanitiser and each way out calls `clean`. Reading and replacing it is safe from any thread.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reviewer.guard.redaction import Redactor

_redactor: "Redactor | None" = None


def protect(values: Iterable[str]) -> None:
    """From now on these values, and no others, are removed by `clean`."""
    global _redactor
    given = tuple(filter(None, values))
    if not given:
        _redactor = None
        return
    from reviewer.guard.redaction import Redactor

    _redactor = Redactor(given)


def clean(text: str) -> str:
    """The text with each protected value as `[redacted]`, in whatever form `Redactor` knows."""
    redactor = _redactor
    return text if redactor is None else redactor.redact(text)


def clean_tree(value: Any) -> Any:
    """The same for every string in dictionaries (also the keys) and lists, such as the body of a request."""
    if _redactor is None:
        return value
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean_tree(key): clean_tree(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_tree(item) for item in value]
        case _:
            return value


@contextmanager
def protecting(values: Iterable[str] = ()) -> Iterator[None]:
    """Protect these values, or none, inside the block; afterwards those from before are protected again."""
    global _redactor
    before = _redactor
    protect(values)
    try:
        yield
    finally:
        _redactor = before
