"""The official SDK's client, made the way Reviewer wants it. Only this room imports `anthropic`."""

import gc
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewer.errors import EngineError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

REQUEST_TIMEOUT = 600.0
"""Seconds for one answer; the run's deadline may end it sooner."""
CONNECT_TIMEOUT = 10.0
_HOME = "https://api.anthropic.com"
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
    """A client that never retries by itself, so that every attempt is counted. EngineError where it cannot be made.

    Credentials and base URL come from `env` by their standard names; without an API key the SDK's own ways
    (auth token, profile, federation) are used. A proxy, too, comes from `env`, but never for a loopback address.
    No redirect is followed: the API makes none, and key and prompt would go to wherever it leads.
    """
    load_sdk()
    import anthropic
    import httpx2

    from reviewer.model.transport import transport_for

    key = env.get("ANTHROPIC_API_KEY", "").strip() or None
    token = env.get("ANTHROPIC_AUTH_TOKEN", "").strip() or None
    url = env.get("ANTHROPIC_BASE_URL", "").strip() or None
    timeout = httpx2.Timeout(REQUEST_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        transport = transport_for(url or _HOME, env, connections)
        return anthropic.AsyncAnthropic(
            api_key=key,
            auth_token=None if key else token,
            base_url=url,
            max_retries=0,
            timeout=timeout,
            http_client=anthropic.DefaultAsyncHttpxClient(transport=transport, timeout=timeout, follow_redirects=False),
        )
    except (anthropic.AnthropicError, ValueError, ImportError, httpx2.InvalidURL) as error:
        raise EngineError(
            f"The model's API cannot be set up: {error}.",
            step="Check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and the proxy settings.",
        ) from error
