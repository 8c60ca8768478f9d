"""The matrix as a page of documentation: `python -m tests.faults.page`."""

from collections.abc import Iterator, Sequence

from tests.faults.matrix import MODEL, NIGHTS, READING, WRITING, Cell, Failure, Row

_HEAD = """\
# When a remote call fails

<!-- Made by `make docs` from tests/faults/matrix.py, each cell of which is a test. -->

For every remote call and every way it can fail, this is what becomes of the run. Two words divided by a slash: the \
call fails once / it fails for ever. A try is repeated with growing pauses, or when the API says; what may have been \
carried out is looked up before it is sent again, so nothing is posted or bought twice. What was paid for is kept: in \
the report, in `cache-dir`, in the audit's state. An answer that the model's API gave and that did not arrive cannot \
be known; the report then says what it may have cost.

**recovered** is the outcome of fair weather. Everything that is **incomplete**, and every run that **stops**, ends \
with exit code 3, the verdict `incomplete` in the step's outputs, and the reason in a sentence.
"""
_PARTS = (
    ("A review: the model's API", "", MODEL),
    ("A review: reading from GitHub", "", READING),
    ("A review: posting to GitHub", "", WRITING),
    (
        "The audit",
        "The outcome of a run in which the call fails for ever; when the weather has cleared, the next run ends the "
        "audit. Asking after batches and their results costs nothing and is tried three times in a run; making a batch "
        "is not.\n",
        NIGHTS,
    ),
)


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *(line for part in _PARTS for line in _part(*part))]) + "\n"


def _part(title: str, words: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"## {title}\n"
    if words:
        yield words
    yield "| failure | " + " | ".join(f"{row.name}<br>`{row.call}`" for row in rows) + " |"
    yield "|---" * (len(rows) + 1) + "|"
    for failure in Failure:
        shown = [_shown(row.cells.get(failure), ever_only=rows is NIGHTS) for row in rows]
        if any(shown):
            yield f"| {failure} | " + " | ".join(shown) + " |"
    yield ""


def _shown(cell: Cell | None, *, ever_only: bool) -> str:
    if cell is None:
        return ""
    once, ever = cell
    return ever.word if ever_only or once.word == ever.word else f"{once.word} / {ever.word}"


if __name__ == "__main__":
    print(page(), end="")
