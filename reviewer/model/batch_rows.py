"""The results of a batch: JSON lines, read as they come. Tolerant of all that has been seen in the wild."""

import json
from collections.abc import Iterable, Iterator

from reviewer.errors import EngineError
from reviewer.model.batch_values import BatchRow, read_row

_MAX_LINE = 64 * 1024 * 1024
"""Bytes of one line; an answer of 128,000 tokens is far below."""


class ResultsCut(EngineError):
    """The stream of results broke off. What was yielded before is good; reading again begins anew."""


def read_rows(chunks: Iterable[bytes]) -> Iterator[BatchRow]:
    """Rows in the order they come, lines ended by LF or CRLF, blank ones and those that name no request passed over.

    A line that cannot be read is passed over as well: whoever reads ticks off what was sent. Half a line at the end
    means that the stream was cut: ResultsCut, after everything before it.
    """
    pieces: list[bytes] = []  # of the line at hand, joined once: joining at each chunk takes its length's square
    size = 0
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        pieces.append(first)
        size += len(first)
        for piece in more:
            if row := _row(b"".join(pieces)):
                yield row
            pieces, size = [piece], len(piece)
        if size > _MAX_LINE:
            raise ResultsCut(f"The results hold a line of over {_MAX_LINE:,} bytes.", "This is not the Batches API.")
    rest = b"".join(pieces)
    if rest.strip():
        last = _row(rest)
        if last is None:
            raise ResultsCut("The results broke off in the middle of a line.")
        yield last


def _row(line: bytes) -> BatchRow | None:
    try:
        return read_row(json.loads(line)) if line.strip() else None
    except (ValueError, RecursionError):
        return None
