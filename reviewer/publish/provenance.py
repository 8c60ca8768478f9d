"""Provenance as JSON Lines: one record per line, written as a stream, so that its size does not matter."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from reviewer.publish.files import write_parts

_AT_ONCE = 500
"""Records looked through together: one by one it would take ten times as long."""


def provenance_line(record: Mapping[str, Any]) -> str:
    """One record as a line of JSON without its line end. It holds untrusted text: titles and paths."""
    # ASCII only, since some readers split lines at U+2028 and U+0085, too.
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def write_provenance(path: Path, records: Iterable[Mapping[str, Any]]) -> int:
    """Write all records, whole or not at all, and count them. InputError where the file cannot be written."""
    count = 0

    def parts() -> Iterator[str]:
        nonlocal count
        lines = (provenance_line(record) + "\n" for record in records)
        while some := list(islice(lines, _AT_ONCE)):
            count += len(some)
            yield "".join(some)

    write_parts(path, parts())
    return count
