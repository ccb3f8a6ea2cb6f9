"""Back-ends of keyring that behave as badly as real ones do."""

from __future__ import annotations

import threading

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError


class DictKeyring(KeyringBackend):
    """A keyring that works."""

    def __init__(self) -> None:  # the base class reads the environment only
        self.entries: dict[tuple[str, str], str] = {}
        self.calls: list[str] = []
        self.threads: set[str] = set()

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - keyring's own form of a class property
        return 5

    def get_password(self, service: str, username: str) -> str | None:
        self.note("get")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.note("set")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.note("delete")
        if (service, username) not in self.entries:
            raise PasswordDeleteError("not found")
        del self.entries[service, username]

    def note(self, call: str) -> None:
        self.calls.append(call)
        self.threads.add(threading.current_thread().name)


class HangingKeyring(DictKeyring):
    """Hangs until released, as one that shows a password window does."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def note(self, call: str) -> None:
        super().note(call)
        assert self.released.wait(60)


class LockedKeyring(DictKeyring):
    """Locked, or without a collection yet, for so many calls."""

    def __init__(self, errors: list[KeyringLocked | InitError]) -> None:
        super().__init__()
        self._errors = errors

    def note(self, call: str) -> None:
        super().note(call)
        if self._errors:
            raise self._errors.pop(0)


class ForeignKeyring(DictKeyring):
    """Raises what its library raises: no KeyringError, and with the secret in its text."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError(1783, "The stub received bad data")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"CredWrite: bad data: {password}")


class ForgetfulKeyring(DictKeyring):
    """Says nothing and keeps nothing, as keyring's null back-end."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self.note("set")
