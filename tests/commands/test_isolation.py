"""The guard around all tests works: a test cannot reach the network, nor see whose machine it runs on."""

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NetworkError, is_foreign


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "api.anthropic.com", "0.0.0.0"])
def test_connection_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(NetworkError, match="only loopback is allowed"):
        socket.create_connection((host, 443), timeout=0.1)


def test_asynchronous_connection_is_refused_too() -> None:
    with pytest.raises(NetworkError):
        asyncio.run(asyncio.open_connection("192.0.2.1", 443))


def test_name_look_up_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"github\.com"):
        socket.getaddrinfo("github.com", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=1).close()


def test_environment_tells_nothing_of_the_user() -> None:
    ours = {"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "COLUMNS"}
    git = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT"}

    assert {name for name in os.environ if is_foreign(name)} == ours | git
    assert list(Path.home().iterdir()) == []


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_API_KEY", "GITHUB_TOKEN", "REVIEWER_FAIL_ON", "https_proxy", "HTTPS_PROXY", "HOME", "GIT_DIR"]
)
def test_variables_that_would_matter_are_foreign(name: str) -> None:
    assert is_foreign(name)


def test_git_reads_no_configuration_of_the_user() -> None:
    listed = subprocess.run(["git", "config", "--list", "--show-origin"], cwd="/", capture_output=True, text=True)

    assert listed.stdout == ""
