"""`Tunnel`: how deliveries from outside come to the listener on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.network import is_loopback
from tray_connector.config.settings import Settings
from tray_connector.model.errors import ConfigError
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel


class Tunnel(Protocol):
    """A public address whose requests arrive at a port of 127.0.0.1. Thread-safe."""

    temporary: bool
    """The address ends with us, or may become another one: hooks with it are removed at a clean end."""

    def open(self, port: int, stop: Stop) -> str:
        """The public address, without a slash at its end. What was open is closed first.

        Raises `ConfigError` (a person must change something) and `TransientError` (`retry_at` says when another try
        makes sense), within its deadline; `Stopped` at once, also when closed meanwhile.
        """
        ...

    def healthy(self) -> bool:
        """Whether deliveries can come in, as far as this machine can tell. Cheap; at most about a second.

        To be asked about every half minute: after a longer silence the machine is taken to have slept, and the answer
        is False until the tunnel is opened again. A session that was only just lost is tried again by itself.
        """
        ...

    def address(self) -> str | None:
        """The public address now; None unless open. `healthy` notices when it became another one."""
        ...

    def close(self) -> None:
        """End it, within a few seconds. May be called twice."""
        ...


class FixedAddress:
    """The address of a reverse proxy that the user runs: nothing is to be opened."""

    temporary = False

    def __init__(self, public_url: str) -> None:
        self._address = _checked(public_url)
        self._open = False

    def open(self, port: int, stop: Stop) -> str:  # noqa: ARG002 - the proxy knows the port
        """See `Tunnel`."""
        if stop.is_set():
            raise Stopped
        self._open = True
        return self._address

    def healthy(self) -> bool:
        """See `Tunnel`: only a ping can tell more."""
        return self._open

    def address(self) -> str | None:
        """See `Tunnel`."""
        return self._address if self._open else None

    def close(self) -> None:
        """See `Tunnel`."""
        self._open = False


def choose(settings: Settings, folder: Path, clock: Clock) -> Tunnel | None:
    """The way in that the settings ask for; None when webhooks are off, or there is neither address nor token.

    An address of one's own wins over a token. `folder` is the tunnel's own place. ConfigError for a bad address.
    """
    if settings.disable_webhooks:
        return None
    if settings.public_url:
        return FixedAddress(settings.public_url)
    if settings.ngrok_authtoken:
        return NgrokTunnel(settings.ngrok_authtoken, folder, clock)
    return None


def _checked(public_url: str) -> str:
    try:
        parts = urlsplit(public_url.strip())
        host = parts.hostname or ""
        good = bool(host) and parts.port != 0 and (parts.scheme == "https" or is_loopback(host))
    except ValueError:
        parts, good = urlsplit(""), False
    if not good or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(
            "public-url",
            "The public address is not valid",
            "It must look like https://hooks.example.com.",
            "Enter it again, or remove PUBLIC_URL.",
        )
    return public_url.strip().rstrip("/")
