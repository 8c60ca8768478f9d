"""A PostgreSQL server of our own for a test, where its programs are installed; it listens on a socket file alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses="


def programs() -> Path | None:
    """The folder of the server's programs: Debian keeps them off the path."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A running server, and the URL of its empty database."""
    # It runs as nobody where the tests run as root, since it refuses root; nobody cannot enter pytest's own folders.
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as home:
        if user:
            shutil.chown(home, user)
        data = f"{home}/data"
        _run(folder / "initdb", "-D", data, "-E", "UTF8", "-A", "trust", "-U", "reviewer", "--no-sync", user=user)
        start = ("-l", f"{home}/log", "-o", f"-k {home} {_FAST}")
        _run(folder / "pg_ctl", "-D", data, "-w", *start, "start", user=user)
        try:
            yield f"postgresql+psycopg://reviewer@/postgres?host={home}"
        finally:
            _run(folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop", user=user)


def _run(program: Path, *arguments: str, user: str | None) -> None:
    env = {"PATH": os.defpath, "LC_ALL": "C"}
    # What it starts outlives it and would keep a pipe open.
    done = subprocess.run([program, *arguments], user=user, env=env, cwd="/", stdout=subprocess.DEVNULL)
    assert done.returncode == 0, f"{program.name} failed"
