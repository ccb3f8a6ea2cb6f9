"""Secrets behind one small interface: the operating system's keyring, or memory for the length of a run."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from keyring.backend import KeyringBackend

from tray_connector.config.keyring_access import KeyringAccess
from tray_connector.config.paths import default_home
from tray_connector.config.patient_thread import PatientThread
from tray_connector.model.errors import ConfigError

SERVICE = "tray-connector"
WINDOWS_LONGEST = 2560
"""Bytes of UTF-16 that Windows' credential manager takes per entry."""


class Credentials(Protocol):
    """Where secrets are kept. Names are those of the settings. Safe from any thread."""

    def get(self, name: str) -> str | None:
        """The secret; None when there is none, or no keyring at all.
        TransientError ``keyring-locked``, ``keyring-silent`` or ``keyring-trouble``.
        """
        ...

    def set(self, name: str, value: str) -> None:
        """Keep the secret; when this returns, it was read back. ConfigError when it cannot be kept; TransientError."""
        ...

    def delete(self, name: str) -> None:
        """Forget the secret; none is fine. TransientError."""
        ...


class MemoryCredentials:
    """Keeps secrets until the process ends."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        with self._lock:
            return self._values.get(name)

    def set(self, name: str, value: str) -> None:
        """Keep the secret."""
        with self._lock:
            self._values[name] = value

    def delete(self, name: str) -> None:
        """Forget the secret."""
        with self._lock:
            self._values.pop(name, None)


class KeyringCredentials:
    """The operating system's keyring, one entry per secret, apart for each home.

    Every call to the keyring is made on a thread of its own; the caller waits at most `deadline` seconds. An answer
    that comes later is not lost: the next `get` of the same name has it at once.
    """

    def __init__(
        self,
        home: Path,
        *,
        backend: KeyringBackend | None = None,
        deadline: float = 10.0,
        longest: int | None = WINDOWS_LONGEST if os.name == "nt" else None,
    ) -> None:
        self._access = KeyringAccess(service_name(home), backend)
        self._thread = PatientThread(deadline)
        self._longest = longest

    def get(self, name: str) -> str | None:
        """The secret; None when there is none or no keyring."""
        return self._thread.ask(name, lambda: self._access.get(name))

    def set(self, name: str, value: str) -> None:
        """Keep the secret and read it back."""
        if self._longest is not None and len(value.encode("utf-16-le")) > self._longest:
            raise ConfigError(
                "keyring-too-long",
                f"{name} is too long for the keyring",
                f"Windows keeps at most {self._longest // 2} characters.",
                f"Set {name} in the environment instead.",
            )
        self._thread.do(name, lambda: self._access.set(name, value))

    def delete(self, name: str) -> None:
        """Forget the secret."""
        self._thread.do(name, lambda: self._access.delete(name))


def service_name(home: Path) -> str:
    """What the entries are filed under: two homes never share a secret."""
    place = os.path.normcase(home.absolute())
    return SERVICE if place == os.path.normcase(default_home().absolute()) else f"{SERVICE} {place}"
