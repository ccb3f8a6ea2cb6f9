"""The one place that calls keyring: its errors become ours, and only `KeyringAccess` blocks on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, NoKeyringError

from tray_connector.model.errors import ConfigError, TransientError

log = logging.getLogger(__name__)

TRUSTED_PRIORITY = 1
"""Below it keyring itself does not recommend a back-end: it keeps plain text, or nothing at all."""


class KeyringAccess:
    """Blocking calls into the keyring, for one thread. Raises ConfigError and TransientError only."""

    def __init__(self, service: str, backend: KeyringBackend | None) -> None:
        self._service = service
        self._backend = backend

    def get(self, name: str) -> str | None:
        """The secret, or None: no entry, or no keyring."""
        return self._guarded(lambda backend: backend.get_password(self._service, name))

    def set(self, name: str, value: str) -> None:
        """Keep the secret and read it back; ConfigError when it is not there afterwards."""

        def keep(backend: KeyringBackend) -> str | None:
            backend.set_password(self._service, name, value)
            return backend.get_password(self._service, name)

        if self._guarded(keep, secret=value) != value:
            raise ConfigError(
                "keyring-none",
                f"{name} could not be kept",
                "This computer has no keyring that keeps it.",
                f"Set {name} in the environment or in a .env file.",
            )

    def delete(self, name: str) -> None:
        """Forget the secret; none is fine."""

        def forget(backend: KeyringBackend) -> None:
            if backend.get_password(self._service, name) is not None:
                backend.delete_password(self._service, name)

        self._guarded(forget)

    def _guarded(self, call: Callable[[KeyringBackend], str | None], secret: str = "") -> str | None:
        try:
            backend = self._backend or _platform_keyring()
            return call(backend) if backend is not None else None
        except NoKeyringError:
            return None
        except (KeyringLocked, InitError) as error:
            # InitError: there is no collection yet and nobody answered the question for its password.
            raise TransientError(
                "keyring-locked", "The keyring is locked", str(error), "Unlock it; we try again every minute."
            ) from error
        # Back-ends raise what their libraries raise: pywintypes.error, D-Bus errors, OSError.
        except Exception as error:  # noqa: BLE001 - the boundary where foreign exceptions become ours
            text = f"{type(error).__name__}: {error}"
            raise TransientError(
                "keyring-trouble",
                "The keyring reports a problem",
                text.replace(secret, "(secret)") if secret else text,
                "Open the keyring's own program and look whether it works; we try again every minute.",
            ) from None  # the cause may hold the secret in its arguments


def _platform_keyring() -> KeyringBackend | None:
    """The back-end that keyring chooses; one that keeps plain text only when the user named it."""
    backend = keyring.get_keyring()
    if backend.priority < TRUSTED_PRIORITY and "PYTHON_KEYRING_BACKEND" not in os.environ:
        log.info("no keyring is used: %s is not one to trust with secrets", backend.name)
        return None
    return backend
