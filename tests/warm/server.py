"""Loads everything once, and forks the program for each client; ends with whoever started it."""

import gc
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from typing import Any

import reviewer
from reviewer import cli
from reviewer.model.client import load_sdk


def load() -> None:
    for module in pkgutil.walk_packages(reviewer.__path__, "reviewer."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    load_sdk()
    gc.freeze()  # nobody looks through it again, not even at a program's end
    assert threading.active_count() == 1, "only a process without threads can be forked"


def serve(address: str) -> list[str]:
    """Serve clients. Returns in the forked program, with its arguments."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(16)
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:  # its other end is closed
                os.killpg(0, signal.SIGKILL)
            client, _ = listener.accept()
            with client:
                if os.fork() == 0:
                    listener.close()
                    return start(client)


def start(client: socket.socket) -> list[str]:
    """Start the program and tell the client its id and how it ended. Returns in the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(client, 8, 3)
    request = json.loads(client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    program = os.fork()
    if program == 0:
        return become(request, streams)
    for stream in streams:
        os.close(stream)
    client.sendall(program.to_bytes(8, "big"))
    _, status = os.waitpid(program, 0)
    client.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))
    os._exit(0)


def become(request: dict[str, Any], streams: list[int]) -> list[str]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Python has looked at the old ones: whether they can seek, whether they are terminals.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    cli._STARTED = time.monotonic()
    arguments: list[str] = request["arguments"]
    return arguments


if __name__ == "__main__":
    load()
    cli.main(serve(sys.argv[1]))
