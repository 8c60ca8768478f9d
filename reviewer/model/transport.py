"""Connections to the API: through the environment's proxy where there is one, and spread over several pools.

A pool looks at all its connections for every request that comes or goes, so one of 500 costs more than the requests.
"""

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in the stubs

import httpx2

from reviewer.model.bounded import BoundedTransport, bounded

_POOL = 16
"""Connections in one pool."""
_KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
"""An answer may take minutes, during which routers forget a silent connection."""
for _name, _value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5)):
    if hasattr(socket, _name):
        _KEEP_ALIVE.append((socket.IPPROTO_TCP, getattr(socket, _name), _value))


class SpreadTransport(httpx2.AsyncBaseTransport):
    """Hands each request to the first of the least busy pools, so that few requests share few connections."""

    def __init__(self, connections: int, proxy: str | None, verify: ssl.SSLContext) -> None:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=_POOL)
        self._pools = [
            httpx2.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy, socket_options=_KEEP_ALIVE)
            for _ in range(-(-connections // _POOL))
        ]
        self._busy = [0] * len(self._pools)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, see `AsyncBaseTransport`."""
        free = (index for index, busy in enumerate(self._busy) if busy < _POOL)
        index = next(free, self._busy.index(min(self._busy)))
        self._busy[index] += 1
        try:
            return bounded(await self._pools[index].handle_async_request(request), request)
        finally:
            self._busy[index] -= 1

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()


def transport_for(url: str, env: Mapping[str, str], connections: int) -> SpreadTransport:
    """The transport to a base URL. ValueError or ImportError for a proxy that cannot be used."""
    return SpreadTransport(connections, proxy_for(url, env), verify_for(url))


def batch_transport_for(url: str, env: Mapping[str, str]) -> BoundedTransport:
    """The synchronous transport to a base URL, for one request at a time. Errors as for `transport_for`."""
    return BoundedTransport(
        verify=verify_for(url), proxy=proxy_for(url, env), trust_env=False, socket_options=_KEEP_ALIVE
    )


def verify_for(url: str) -> ssl.SSLContext:
    """The certificate authorities that a base URL needs.

    Reading all of them takes longer than a loopback server's first answer, which needs none; without any, a redirect
    from there to another host would be refused.
    """
    local = _is_loopback(urlsplit(url).hostname or "") and not url.lower().startswith("https:")
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if local else httpx2.create_ssl_context()


def proxy_for(url: str, env: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for a URL; a loopback address is never behind one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = {key.lower(): value.strip() for key, value in env.items() if key.lower().endswith("_proxy") and value}
    if _is_loopback(host) or proxy_bypass_environment(host, {"no": named.get("no_proxy", "")}):
        return None
    proxy = named.get(f"{parts.scheme}_proxy") or named.get("all_proxy")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
