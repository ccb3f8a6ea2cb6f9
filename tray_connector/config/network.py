"""How every connection of ours is made: certificates from the operating system's store, proxies as the system has them.

Whoever sends with `requests` mounts a `SystemAdapter` on its session.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable

import truststore
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

Opened = Callable[[socket.socket | None], None]


class SystemAdapter(HTTPAdapter):
    """Trusts what the operating system trusts. `opened` is told of the socket of each new connection."""

    def __init__(self, opened: Opened = lambda _: None) -> None:
        self._pool_classes = _pool_classes(opened)
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object) -> None:
        """Called by requests."""
        super().init_poolmanager(connections, maxsize, block=block, ssl_context=self._context, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: object) -> urllib3.ProxyManager:
        """Called by requests."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._pool_classes
        return manager

    def cert_verify(self, *_: object) -> None:
        """Requests would add its own bundle of authorities here. The pool was made with all that is needed: the
        system's store, and a bundle that the user named in the environment.
        """
        return


def _pool_classes(opened: Opened) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def is_loopback(host: str) -> bool:
    """Whether this is our own machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
