"""What holds for every test: nothing of this machine's user comes in, and nothing goes out beyond loopback."""

import gc
import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

GIVEN = dict(os.environ)
"""The environment as it was, for those who record against the real APIs."""

_PREFIXES = ("ANTHROPIC_", "GITHUB_", "REVIEWER_", "ACTIONS_", "RUNNER_", "GIT_", "XDG_", "SSH_")
_NAMES = {"HOME", "USERPROFILE", "NETRC", "CI", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM"}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"}

RECORDING_REALLY = bool(
    GIVEN.get("VCR_RECORD_MODE") == "all" and (GIVEN.get("ANTHROPIC_API_KEY") or GIVEN.get("GITHUB_TOKEN"))
)


class NetworkError(RuntimeError):
    """A test wanted to leave this machine."""


def is_foreign(name: str) -> bool:
    """Whether a variable could let a test see who runs it, and where."""
    return name.startswith(_PREFIXES) or name in _NAMES or name.upper() in _PROXIES


@pytest.fixture(autouse=True, scope="session")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An environment of our own, with an empty home, and git that reads no configuration but a repository's own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(is_foreign, list(os.environ)):
            patch.delenv(name)
        for name, value in {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "COLUMNS": "120",
        }.items():
            patch.setenv(name, value)
        yield


def _stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: it sees every library's connections, also those made below Python's own socket class."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host is not None and not _is_loopback(host):
        raise NetworkError(f"a test wanted to reach {host!r}; only loopback is allowed")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def pytest_collection_finish() -> None:
    """What is loaded by now stays; it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


# Who changes a line must not stumble over an example that chance found today: `make explore` looks for new ones.
settings.register_profile("explore", database=None)
settings.register_profile("same", derandomize=True, database=None)
settings.load_profile("same")

if not RECORDING_REALLY:
    sys.addaudithook(_stay_home)
