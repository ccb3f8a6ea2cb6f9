"""The keyring with the memory of this session before it: nothing weaker is ever used without being asked for."""

from __future__ import annotations

from collections.abc import Iterable

from tray_connector.config.credentials import Credentials, MemoryCredentials
from tray_connector.model.errors import ConnectorError, Problem

WAITS = (1.0, 5.0, 15.0, 60.0)
"""Seconds between two tries while the keyring is locked or silent; the last one holds on."""


def next_try(failures: int) -> float:
    """Seconds until a locked keyring is asked again after so many failures in a row."""
    return WAITS[min(max(failures, 1), len(WAITS)) - 1]


class CredentialStore:
    """Implements `Credentials`. What was kept for the session only is found first, and ends with the process.

    Thread-safe; each call may take the keyring's full deadline.
    """

    def __init__(self, keyring: Credentials) -> None:
        self._keyring = keyring
        self._session = MemoryCredentials()

    def get(self, name: str) -> str | None:
        """The session's secret, else the keyring's. Raises what the keyring raises."""
        return self._session.get(name) or self._keyring.get(name)

    def set(self, name: str, value: str) -> None:
        """Keep the secret in the keyring, and only there. Raises what the keyring raises."""
        self._keyring.set(name, value)
        self._session.delete(name)

    def keep_for_session(self, name: str, value: str) -> None:
        """Keep the secret in memory until the process ends: the user said so."""
        self._session.set(name, value)

    def is_session_only(self, name: str) -> bool:
        """Whether the secret in force ends with the process."""
        return self._session.get(name) is not None

    def delete(self, name: str) -> None:
        """Forget the secret everywhere. Raises what the keyring raises; the session's is gone then, too."""
        self._session.delete(name)
        self._keyring.delete(name)

    def forget(self, names: Iterable[str]) -> tuple[tuple[str, ...], Problem | None]:
        """Forget these secrets: those that are gone now, and why the others are not, where the keyring failed."""
        gone: list[str] = []
        for name in names:
            try:
                self.delete(name)
            except ConnectorError as error:
                return tuple(gone), error.problem
            gone.append(name)
        return tuple(gone), None
