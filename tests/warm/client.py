"""Stands where the program would: hands over streams, arguments and environment, passes signals on, ends as it ends."""

import json
import os
import signal
import socket
import sys
from pathlib import Path


def main(address: str, arguments: list[str]) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        request = json.dumps({"arguments": arguments, "env": dict(os.environ), "folder": str(Path.cwd())}).encode()
        socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(request)
        program = number(server)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda which, _: os.kill(program, which))
        status = number(server)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def number(server: socket.socket) -> int:
    return int.from_bytes(server.recv(8, socket.MSG_WAITALL), "big", signed=True)


main(sys.argv[1], sys.argv[2:])
