"""The official SDK's client, made the way Reviewer wants it. Only this room imports `anthropic`."""

import gc
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reviewer.errors import EngineError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

C = TypeVar("C")
REQUEST_TIMEOUT = 600.0
"""Seconds for one answer; the run's deadline may end it sooner."""
CONNECT_TIMEOUT = 10.0
HOME = "https://api.anthropic.com"
_CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_FEDERATION_RULE_ID")


def load_sdk() -> None:
    """Import the SDK, which takes over a second of CPU; the collector would add a third to that for nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        import anthropic  # noqa: F401
    finally:
        if enabled:
            gc.enable()


def load_sdk_early() -> threading.Thread:
    """Start importing the SDK while the change set is still being read; joining is not needed, imports lock."""
    thread = threading.Thread(target=load_sdk, name="load-sdk", daemon=True)
    thread.start()
    return thread


def has_credentials(env: Mapping[str, str]) -> bool:
    """Whether the environment holds anything the SDK can authenticate with."""
    return any(env.get(name, "").strip() for name in _CREDENTIALS)


def make_client(env: Mapping[str, str], connections: int) -> "AsyncAnthropic":
    """The client for the synchronous lane, see `connect`, with so many connections side by side."""
    load_sdk()
    import anthropic

    from reviewer.model.transport import transport_for

    transport = partial(transport_for, env=env, connections=connections)
    return connect(env, anthropic.AsyncAnthropic, anthropic.DefaultAsyncHttpxClient, transport)


def connect(
    env: Mapping[str, str], sdk: Callable[..., C], http: Callable[..., object], transport: Callable[[str], object]
) -> C:
    """A client that never retries by itself, so that every attempt is counted. EngineError where it cannot be made.

    Credentials and base URL come from `env` by their standard names; without an API key the SDK's own ways
    (auth token, profile, federation) are used. A proxy, too, comes from `env`, but never for a loopback address.
    No redirect is followed: the API makes none, and key and prompt would go to wherever it leads.
    """
    import anthropic
    import httpx2

    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")
    key, token, url = (env.get(name, "").strip() or None for name in names)
    timeout = httpx2.Timeout(REQUEST_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        return sdk(
            api_key=key,
            auth_token=None if key else token,
            base_url=url,
            max_retries=0,
            timeout=timeout,
            http_client=http(transport=transport(url or HOME), timeout=timeout, follow_redirects=False),
        )
    except (anthropic.AnthropicError, ValueError, ImportError, httpx2.InvalidURL) as error:
        raise EngineError(
            f"The model's API cannot be set up: {error}.",
            step="Check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and the proxy settings.",
        ) from error
