"""The body of a batch, written to disk item by item: 100,000 requests or 256 MB are never in memory."""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

_HEAD, _TAIL = b'{"requests":[', b"]}"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large one batch may be. The API's limits are 100,000 requests and 256 MB; a margin is kept to the latter."""

    requests: int = 100_000
    bytes: int = 250_000_000


class BatchBody:
    """A body in the making, then read as often as wanted. A temporary file: use it in a `with` block."""

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self._limits = limits or BatchLimits()
        self._file = tempfile.TemporaryFile(prefix="reviewer-batch-")  # noqa: SIM115 - closed by __exit__
        self._hash = hashlib.sha256()
        self.count = 0
        self.size = 0
        self._write(_HEAD)

    def add(self, custom_id: str, params: Mapping[str, Any]) -> bool:
        """Append one request; False, and nothing appended, where it would pass a limit. The first always fits."""
        item = encode_item(custom_id, params)
        size = self.size + len(item) + 1 + len(_TAIL)
        if self.count and (self.count >= self._limits.requests or size > self._limits.bytes):
            return False
        self._write(b"," + item if self.count else item)
        self.count += 1
        return True

    def finish(self) -> None:
        """Nothing more is added."""
        self._write(_TAIL)

    @property
    def sha256(self) -> str:
        """The hash of the whole body, in hexadecimal."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes, from the beginning."""
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def encode_item(custom_id: str, params: Mapping[str, Any]) -> bytes:
    """One request as JSON. Half a surrogate pair, for which the API would refuse the whole batch, becomes a "?"."""
    item = {"custom_id": custom_id, "params": params}
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
