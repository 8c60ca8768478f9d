"""Standard output and error without the process's secrets, whoever writes to them: rich, warnings, logs, tracebacks."""

import io
import os
import sys
import threading
from collections.abc import Callable

from reviewer.guard.outgoing import clean


class CleanStream(io.TextIOWrapper):
    """A text stream that looks through what it writes, whole lines at once, so that no chunk ends inside a secret.

    What has no line end yet waits for one, for `flush` or for the end. It shares the buffer of `stream`.

    Where nothing more can be written the rest goes nowhere, so that the verdict stands: a reader that goes away
    (`| head`) has seen enough, any other reason is left in `failure`.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        stream.flush()
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            # A verdict is not lost for an arrow that the console's encoding does not have.
            errors="backslashreplace" if stream.errors == "strict" else stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._sharing = stream  # which would close the buffer when it goes
        self._waiting = ""
        self._lock = threading.RLock()
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write the lines that are whole now; the number of characters taken."""
        with self._lock:
            lines, end, rest = (self._waiting + text).rpartition("\n")
            self._waiting = rest
            if end:
                self._attempt(lambda: super(CleanStream, self).write(clean(lines) + end))
        return len(text)

    def flush(self) -> None:
        """Write everything, also the beginning of a line."""
        with self._lock:
            rest, self._waiting = self._waiting, ""
            if rest:
                self._attempt(lambda: super(CleanStream, self).write(clean(rest)))
            self._attempt(super().flush)

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.failure = error
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())


def clean_streams() -> None:
    """From now on nothing is printed that `outgoing` protects. Streams that are no files are left alone."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = CleanStream(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = CleanStream(sys.stderr)
