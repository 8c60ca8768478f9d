"""Provenance as JSON Lines: one record per line, written as a stream, so that its size does not matter."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from reviewer.errors import InputError
from reviewer.guard.outgoing import clean

_AT_ONCE = 500
"""Records looked through together: one by one it would take ten times as long."""


def provenance_line(record: Mapping[str, Any]) -> str:
    """One record as a line of JSON without its line end. It holds untrusted text: titles and paths."""
    # ASCII only, since some readers split lines at U+2028 and U+0085, too.
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def write_provenance(path: Path, records: Iterable[Mapping[str, Any]]) -> int:
    """Write all records, whole or not at all, and count them. InputError where the file cannot be written."""
    temporary: Path | None = None
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="ascii", newline="\n", dir=path.parent, prefix=".reviewer-", delete=False
        ) as file:
            temporary = Path(file.name)
            lines = (provenance_line(record) + "\n" for record in records)
            while some := list(islice(lines, _AT_ONCE)):
                file.write(clean("".join(some)))
                count += len(some)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"The provenance could not be written to {path}: {error.strerror or error}.",
            "The folder may be full, read-only or no folder at all.",
            "Name a file in a folder that this user may write to.",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return count
