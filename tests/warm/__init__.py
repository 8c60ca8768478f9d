"""`reviewer` as a process of its own that starts warm: forked from one whose imports are done, which take 2 s of CPU.

From `main` on it is the real program: arguments, environment, folder, streams, signals and exit code are its own.
What is about the start itself runs `python -m reviewer` instead.
"""

import atexit
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def program() -> tuple[str, ...]:
    """The words to put before the arguments of `reviewer`; the first call starts what it is forked from."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    address = str(Path(folder.name) / "socket")
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.warm.server", address]
    server = subprocess.Popen(command, cwd=HERE.parents[1], stdin=pipe, stdout=pipe, start_new_session=True)

    def close() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(close)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return sys.executable, "-ISE", str(HERE / "client.py"), address
