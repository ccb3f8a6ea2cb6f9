"""The keyring, and every way in which it lets us down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import InitError, KeyringLocked

from tests.support.keyrings import (
    DictKeyring,
    ForeignKeyring,
    ForgetfulKeyring,
    HangingKeyring,
    LockedKeyring,
)
from tests.support.settings import SOURCES, load
from tray_connector.config.credentials import Credentials, KeyringCredentials, MemoryCredentials, service_name
from tray_connector.config.paths import default_home
from tray_connector.model.errors import ConfigError, TransientError

NAME = "TEAMWORK_API_KEY"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


@pytest.mark.parametrize("kind", ["memory", "keyring"])
def test_a_secret_is_kept_changed_and_forgotten(tmp_path: Path, kind: str) -> None:
    store: Credentials = (
        MemoryCredentials() if kind == "memory" else KeyringCredentials(tmp_path, backend=DictKeyring())
    )
    assert store.get(NAME) is None
    store.set(NAME, "Schlüssel 1")
    store.set(NAME, "Schlüssel 2")
    store.set("PG_DSN", "other")
    assert store.get(NAME) == "Schlüssel 2"
    store.delete(NAME)
    store.delete(NAME)
    assert (store.get(NAME), store.get("PG_DSN")) == (None, "other")


def test_homes_share_nothing(tmp_path: Path) -> None:
    backend = DictKeyring()
    one, two = (KeyringCredentials(tmp_path / name, backend=backend) for name in ("one", "two"))
    one.set(NAME, "1")
    two.set(NAME, "2")
    assert (one.get(NAME), two.get(NAME)) == ("1", "2")
    assert service_name(default_home()) == "tray-connector"
    assert service_name(tmp_path) == f"tray-connector {tmp_path}"


def test_every_call_is_made_on_a_thread_of_its_own(tmp_path: Path) -> None:
    backend = DictKeyring()
    store = KeyringCredentials(tmp_path, backend=backend)
    store.set(NAME, "1")
    store.get(NAME)
    assert backend.threads == {"keyring"}
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "keyring")


def test_a_keyring_that_hangs_holds_nobody_and_its_late_answer_counts(tmp_path: Path) -> None:
    backend = HangingKeyring()
    backend.entries[service_name(tmp_path), NAME] = "late"
    store = KeyringCredentials(tmp_path, backend=backend, deadline=0.05)
    for _ in range(3):
        with pytest.raises(TransientError, match="The keyring does not answer") as caught:
            store.get(NAME)
        assert caught.value.problem.code == "keyring-silent"
    backend.released.set()
    until(lambda: not _silent(store))
    assert backend.calls == ["get"]  # the question was put once, and its answer was not lost


def _silent(store: KeyringCredentials) -> bool:
    try:
        assert store.get(NAME) == "late"
    except TransientError:
        return True
    return False


def test_a_late_answer_is_not_given_after_a_newer_value_was_kept(tmp_path: Path) -> None:
    backend = HangingKeyring()
    backend.entries[service_name(tmp_path), NAME] = "old"
    store = KeyringCredentials(tmp_path, backend=backend, deadline=0.05)
    with pytest.raises(TransientError):
        store.get(NAME)
    with pytest.raises(TransientError):
        store.set(NAME, "new")
    backend.released.set()
    until(lambda: backend.calls[-2:] == ["set", "get"])
    patient = KeyringCredentials(tmp_path, backend=backend)
    assert patient.get(NAME) == "new"


@pytest.mark.parametrize("error", [KeyringLocked("Failed to unlock the collection!"), InitError("Prompt dismissed..")])
def test_a_locked_keyring_is_trouble_that_time_mends(tmp_path: Path, error: KeyringLocked | InitError) -> None:
    backend = LockedKeyring([error, error])
    backend.entries[service_name(tmp_path), NAME] = "1"
    store = KeyringCredentials(tmp_path, backend=backend)
    for _ in range(2):
        with pytest.raises(TransientError) as caught:
            store.get(NAME)
        problem = caught.value.problem
        assert (problem.code, problem.title) == ("keyring-locked", "The keyring is locked")
        assert problem.hint == "Unlock it; we try again every minute."
    assert store.get(NAME) == "1"


def test_foreign_errors_become_ours_without_the_secret(tmp_path: Path) -> None:
    store = KeyringCredentials(tmp_path, backend=ForeignKeyring())
    with pytest.raises(TransientError, match=r"The keyring reports a problem.*bad data"):
        store.get(NAME)
    with pytest.raises(TransientError, match="CredWrite") as caught:
        store.set(NAME, "twp_hidden")
    assert "twp_hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["fail", "null", "forgetful"])
def test_without_a_keyring_there_is_no_value_and_nothing_is_said_to_be_kept(tmp_path: Path, kind: str) -> None:
    backends: dict[str, Callable[[], KeyringBackend]] = {
        "fail": fail.Keyring,
        "null": null.Keyring,
        "forgetful": ForgetfulKeyring,
    }
    store = KeyringCredentials(tmp_path, backend=backends[kind]())
    assert store.get(NAME) is None
    store.delete(NAME)
    with pytest.raises(ConfigError, match="TEAMWORK_API_KEY could not be kept"):
        store.set(NAME, "1")


def test_a_back_end_that_keyring_does_not_recommend_is_not_used_unless_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain(DictKeyring):
        priority = 0.5  # as keyrings.alt's file of plain text

    chosen = keyring.get_keyring()
    keyring.set_keyring(Plain())
    try:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "x.Plain")
        KeyringCredentials(tmp_path).set(NAME, "1")
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
        assert KeyringCredentials(tmp_path).get(NAME) is None
    finally:
        keyring.set_keyring(chosen)


@pytest.mark.parametrize(("length", "fits"), [(1000, True), (1280, True), (1281, False), (1300, False)])
def test_windows_keeps_1280_characters(tmp_path: Path, length: int, fits: bool) -> None:
    backend = DictKeyring()
    store = KeyringCredentials(tmp_path, backend=backend, longest=2560)
    value = "x" * length
    if fits:
        store.set(NAME, value)
        assert store.get(NAME) == value
        return
    with pytest.raises(ConfigError, match="too long for the keyring"):
        store.set(NAME, value)
    with pytest.raises(ConfigError):
        store.set(NAME, "𝄞" * 641)  # two units each
    assert backend.calls == []


class Asked(MemoryCredentials):
    """Notes what it is asked for."""

    def __init__(self, values: dict[str, str] | None = None, error: TransientError | None = None) -> None:
        super().__init__(values)
        self.names: list[str] = []
        self._error = error

    def get(self, name: str) -> str | None:
        self.names.append(name)
        if self._error is not None:
            raise self._error
        return super().get(name)


def test_the_keyring_is_asked_only_for_what_nothing_else_gives_and_what_is_in_use(tmp_path: Path) -> None:
    everything = {**SOURCES, "DISABLE_WEBHOOKS": "true"}
    for environ, names in (
        (everything, []),
        (SOURCES, ["NGROK_AUTHTOKEN", "TEAMWORK_WEBHOOK_SECRET", "MISSIVE_WEBHOOK_SECRET"]),
        ({**everything, "TEAMWORK_API_KEY": ""}, ["TEAMWORK_API_KEY"]),
        ({**everything, "DB_BACKEND": "postgres"}, ["PG_DSN"]),
        ({**everything, "AIRTABLE_BASE_ID": "app1"}, ["AIRTABLE_API_KEY"]),
    ):
        asked = Asked()
        load(tmp_path, environ, credentials=asked)
        assert asked.names == names
    asked = Asked()
    load(tmp_path, everything, credentials=asked, every_secret=True)
    assert "PG_DSN" in asked.names


def test_a_locked_keyring_is_no_value_and_is_named_where_one_is_needed(tmp_path: Path) -> None:
    locked = TransientError("keyring-locked", "The keyring is locked", "No prompt.", "Unlock it.")
    asked = Asked(error=locked)
    settings = load(tmp_path, {"TEAMWORK_BASE_URL": "https://office.teamwork.com"}, credentials=asked)
    assert asked.names == ["TEAMWORK_API_KEY"]  # it is not asked again for each of the others
    assert settings.teamwork_api_key is None
    assert settings.keyring_problem == locked.problem
    with pytest.raises(TransientError, match="TEAMWORK_API_KEY, MISSIVE_API_TOKEN could not be read") as caught:
        settings.require_sources()
    assert caught.value.problem.code == "keyring-locked"
    with pytest.raises(ConfigError, match=r"TEAMWORK_BASE_URL is not set.*The keyring is locked\."):
        load(tmp_path, {}, credentials=Asked(error=locked)).require_sources()
