"""The client: credentials, base URL, proxies; connections; the SDK's early import."""

import asyncio
import gc
import subprocess
import sys

import anthropic
import pytest

from reviewer.core.request import Answered
from reviewer.errors import EngineError
from reviewer.model.client import has_credentials, load_sdk_early, make_client
from reviewer.model.transport import proxy_for
from reviewer.simulator import Simulator
from tests.model.lanes import ask, call, simulator

API = "https://api.anthropic.com"


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    """No credentials or proxies of this machine."""
    for name in ("API_KEY", "AUTH_TOKEN", "PROFILE", "FEDERATION_RULE_ID", "BASE_URL", "CUSTOM_HEADERS"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("env", "has"),
    [
        ({}, False),
        ({"ANTHROPIC_API_KEY": ""}, False),
        ({"ANTHROPIC_API_KEY": " \n"}, False),
        ({"ANTHROPIC_API_KEY": "key"}, True),
        ({"ANTHROPIC_AUTH_TOKEN": "token"}, True),
        ({"ANTHROPIC_PROFILE": "ci"}, True),
        ({"ANTHROPIC_FEDERATION_RULE_ID": "rule"}, True),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1"}, False),
    ],
)
def test_credentials_by_their_standard_names(env, has):
    assert has_credentials(env) == has


def sent_headers(env):
    async def send(running: Simulator):
        async with make_client({**env, "ANTHROPIC_BASE_URL": running.base_url}, 4) as client:
            await client.models.list()
        return running.calls[0].headers

    with simulator(keep_bodies=True) as running:
        return asyncio.run(send(running))


@pytest.mark.parametrize(
    ("env", "sent"),
    [
        ({"ANTHROPIC_API_KEY": " key\n"}, "Bearer key"),
        ({"ANTHROPIC_AUTH_TOKEN": "token"}, "Bearer token"),
        ({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_AUTH_TOKEN": "token"}, "Bearer key"),
    ],
)
def test_credentials_on_the_wire(env, sent):
    headers = sent_headers(env)
    assert headers["authorization"] == sent
    assert headers["anthropic-version"] == "2026-10-21"


def test_base_url_and_no_retries_of_the_sdk():
    key = {"ANTHROPIC_API_KEY": "key"}

    async def look():
        async with make_client(key | {"ANTHROPIC_BASE_URL": "http://localhost:1/x "}, 4) as client:
            assert (str(client.base_url), client.max_retries) == ("http://localhost:1/x/", 0)
        async with make_client(key, 4) as client:
            assert str(client.base_url).rstrip("/") == API

    asyncio.run(look())


@pytest.mark.parametrize(
    "env",
    [
        {"ANTHROPIC_BASE_URL": "http://127.0.0.1:bad"},
        {"HTTPS_PROXY": "ftp://proxy"},
    ],
)
def test_settings_that_cannot_be_meant(env):
    with pytest.raises(EngineError, match="cannot be set up") as caught:
        make_client({"ANTHROPIC_API_KEY": "key"} | env, 4)
    assert caught.value.step == "Check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and the proxy settings."


def test_unknown_profile(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_PROFILE", "none")
    with pytest.raises(EngineError, match="cannot be set up"):
        make_client({"ANTHROPIC_PROFILE": "none"}, 4)


def test_proxies_of_the_environment_do_not_break_loopback(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with simulator() as running:
        (reply,) = call(running.base_url, ask())
        assert isinstance(reply, Answered)


def test_proxy_is_used():
    """The simulator, in a proxy's place, is asked for a URL of another host, and knows none such."""

    async def send(proxy):
        env = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": "http://api.test", "HTTP_PROXY": proxy}
        async with make_client(env, 4) as client:
            await client.models.list()

    with simulator() as running, pytest.raises(anthropic.NotFoundError):
        asyncio.run(send(running.base_url))


PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        (API, {}, None),
        (API, {"HTTPS_PROXY": PROXY}, PROXY),
        (API, {"https_proxy": PROXY}, PROXY),
        (API, {"HTTP_PROXY": PROXY}, None),
        (API, {"ALL_PROXY": PROXY}, PROXY),
        (API, {"HTTPS_PROXY": "proxy:3128"}, PROXY),
        (API, {"HTTPS_PROXY": ""}, None),
        (API, {"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost,.anthropic.com"}, None),
        (API, {"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        (API, {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com"}, PROXY),
        ("http://127.0.0.1:80", {"HTTP_PROXY": PROXY}, None),
        ("http://[::1]:80", {"HTTP_PROXY": PROXY}, None),
        ("http://localhost", {"HTTP_PROXY": PROXY}, None),
        ("http://10.0.0.1", {"HTTP_PROXY": PROXY}, PROXY),
    ],
)
def test_proxy(url, env, proxy):
    assert proxy_for(url, env) == proxy


def test_few_requests_share_few_connections():
    async def send(running):
        async with make_client({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": running.base_url}, 512) as client:
            for _ in range(5):
                await client.models.list()
            await asyncio.gather(*(client.models.list() for _ in range(50)))
            pools = client._client._transport._pools
            return [len(pool._pool.connections) for pool in pools]

    with simulator() as running:
        connections = asyncio.run(send(running))
    assert len(connections) == 32
    assert connections[4:] == [0] * 28
    assert sum(connections) <= 50


def test_sdk_is_not_imported_before_it_is_asked_for():
    program = """
import sys
import reviewer.model.batches, reviewer.model.client, reviewer.model.lane
assert not {"anthropic", "httpx2"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_sdk_is_loaded_in_the_background():
    first, second = load_sdk_early(), load_sdk_early()
    assert first.daemon
    first.join(60)
    second.join(60)
    assert "anthropic" in sys.modules
    assert gc.isenabled()
