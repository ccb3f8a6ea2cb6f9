"""Secrets for the session only, when the user says so; and forgetting them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyring.errors import InitError, KeyringLocked

from tests.support.keyrings import DictKeyring, ForgetfulKeyring, LockedKeyring
from tray_connector.config.credential_store import CredentialStore, next_try
from tray_connector.config.credentials import KeyringCredentials, MemoryCredentials
from tray_connector.model.errors import ConfigError, TransientError

HOME = Path("/home/of/a/test")


def test_what_is_kept_for_the_session_never_reaches_the_keyring() -> None:
    backend = DictKeyring()
    store = CredentialStore(KeyringCredentials(HOME, backend=backend))
    store.keep_for_session("PG_DSN", "host=one")
    assert store.get("PG_DSN") == "host=one"
    assert store.is_session_only("PG_DSN")
    assert not backend.entries
    store.set("PG_DSN", "host=two")
    assert store.get("PG_DSN") == "host=two"
    assert not store.is_session_only("PG_DSN")


def test_nothing_weaker_is_used_without_being_asked_for() -> None:
    store = CredentialStore(KeyringCredentials(HOME, backend=ForgetfulKeyring()))
    with pytest.raises(ConfigError, match="no keyring"):
        store.set("PG_DSN", "host=one")
    assert store.get("PG_DSN") is None


def test_a_locked_keyring_loses_nothing() -> None:
    errors: list[KeyringLocked | InitError] = []
    backend = LockedKeyring(errors)
    store = CredentialStore(KeyringCredentials(HOME, backend=backend))
    store.set("PG_DSN", "host=one")
    errors.append(KeyringLocked("locked"))
    with pytest.raises(TransientError, match="locked"):
        store.set("PG_DSN", "host=two")
    assert store.get("PG_DSN") == "host=one"


def test_forgetting_tells_what_is_gone_and_why_the_rest_is_not() -> None:
    errors: list[KeyringLocked | InitError] = []
    backend = LockedKeyring(errors)
    store = CredentialStore(KeyringCredentials(HOME, backend=backend))
    for name in ("PG_DSN", "TEAMWORK_API_KEY"):
        store.set(name, "secret")
    assert store.forget(["PG_DSN"]) == (("PG_DSN",), None)
    errors.append(KeyringLocked("locked"))
    gone, problem = store.forget(["TEAMWORK_API_KEY"])
    assert gone == ()
    assert problem is not None
    assert problem.code == "keyring-locked"
    assert store.get("TEAMWORK_API_KEY") == "secret"


def test_the_session_is_forgotten_even_while_the_keyring_is_locked() -> None:
    errors: list[KeyringLocked | InitError] = [KeyringLocked("locked")]
    store = CredentialStore(KeyringCredentials(HOME, backend=LockedKeyring(errors)))
    store.keep_for_session("PG_DSN", "host=one")
    assert store.forget(["PG_DSN"])[1] is not None
    assert not store.is_session_only("PG_DSN")


def test_waits_grow_to_a_minute() -> None:
    assert [next_try(failures) for failures in range(1, 7)] == [1, 5, 15, 60, 60, 60]


def test_memory_can_stand_in_for_a_keyring() -> None:
    store = CredentialStore(MemoryCredentials({"PG_DSN": "host=one"}))
    assert store.get("PG_DSN") == "host=one"
