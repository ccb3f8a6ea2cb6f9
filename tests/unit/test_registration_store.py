"""The list of hooks on disk, and who this installation is."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.keyrings import DictKeyring, ForgetfulKeyring
from tests.support.log_guard import ExpectLog
from tests.support.settings import SOURCES, load
from tray_connector.config.credentials import Credentials, KeyringCredentials, MemoryCredentials
from tray_connector.model.errors import TransientError
from tray_connector.webhooks.hook_store import HookStore, StoredHook
from tray_connector.webhooks.identity import PATH_SECRET, TEAMWORK_TOKEN, installation_id, own_secrets

ROW = StoredHook("teamwork", "https://x.teamwork.com", "TASK.CREATED", "https://a.example", "mark", "7", made=True)
INTENTION = StoredHook("missive", "https://m.example/v1", "incoming_email", "https://a.example", "mark")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "webhooks.json"


def test_what_is_noted_is_there_for_the_next_run(path: Path) -> None:
    store = HookStore(path)
    store.put(ROW)
    store.put(INTENTION)
    assert (HookStore(path).rows("teamwork"), HookStore(path).rows("missive")) == ([ROW], [INTENTION])
    made = store.replace(INTENTION, replace(INTENTION, id="u-1", made=True))
    store.drop(ROW)
    assert (HookStore(path).rows("teamwork"), HookStore(path).rows("missive")) == ([], [made])


def test_of_two_equal_intentions_one_is_replaced(path: Path) -> None:
    store = HookStore(path)
    store.put(INTENTION)
    store.put(INTENTION)
    made = store.replace(INTENTION, replace(INTENTION, id="u-1", made=True))
    assert store.rows("missive") == [INTENTION, made]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_file_is_the_users_alone(path: Path) -> None:
    HookStore(path).put(ROW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"hooks":[7]}', b'{"hooks":[{"service":"x"}]}', b"\xff\xfe"]
)
def test_a_damaged_file_is_set_aside(path: Path, content: bytes, expect_log: ExpectLog) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    store = HookStore(path)
    assert store.rows("teamwork") == []
    expect_log("set aside as webhooks.json.damaged")
    assert path.with_name("webhooks.json.damaged").read_bytes() == content
    store.put(ROW)
    assert HookStore(path).rows("teamwork") == [ROW]


def test_members_of_a_later_version_are_left_out(path: Path) -> None:
    HookStore(path).put(ROW)
    content = json.loads(path.read_text())
    content["hooks"][0]["later"] = True
    path.write_text(json.dumps(content))
    assert HookStore(path).rows("teamwork") == [ROW]


def test_a_list_that_cannot_be_written_stops_what_would_follow(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(TransientError) as caught:
        HookStore(path).put(ROW)
    assert caught.value.problem.code == "webhooks-file"


def test_the_installation_id_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "data" / "installation_id"
    made = installation_id(file)
    assert len(made) == 16
    assert installation_id(file) == made
    assert installation_id(tmp_path / "other") != made


def test_a_damaged_installation_id_is_set_aside(tmp_path: Path, expect_log: ExpectLog) -> None:
    file = tmp_path / "installation_id"
    file.write_bytes(b"\xff0123")
    made = installation_id(file)
    expect_log("installation id was damaged")
    assert installation_id(file) == made
    assert file.with_name("installation_id.damaged").read_bytes() == b"\xff0123"


def test_an_installation_id_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(TransientError):
        installation_id(tmp_path / "data" / "installation_id")


def test_secrets_are_made_once_and_kept_in_the_keyring(tmp_path: Path) -> None:
    keyring = DictKeyring()
    credentials = KeyringCredentials(tmp_path, backend=keyring)
    settings, file = load(tmp_path, SOURCES), tmp_path / "installation_id"
    first = own_secrets(settings, file, credentials)
    assert own_secrets(settings, file, KeyringCredentials(tmp_path, backend=keyring)) == first
    assert {name for _, name in keyring.entries} == {PATH_SECRET, TEAMWORK_TOKEN}
    assert set(keyring.entries.values()) == {first.path_secret, first.teamwork_token}
    for secret in (first.path_secret, str(first.teamwork_token)):
        assert secret not in repr(first)
        assert secret not in file.read_text()


def test_without_a_keyring_they_hold_for_the_run(tmp_path: Path) -> None:
    settings, file = load(tmp_path, SOURCES), tmp_path / "installation_id"
    credentials: Credentials = KeyringCredentials(tmp_path, backend=ForgetfulKeyring())
    first, second = (own_secrets(settings, file, credentials) for _ in range(2))
    assert first.installation_id == second.installation_id
    assert first.path_secret != second.path_secret
    assert first.teamwork_token != second.teamwork_token


def test_a_token_from_the_settings_is_used(tmp_path: Path) -> None:
    secrets = {"TEAMWORK_WEBHOOK_SECRET": "mine", "MISSIVE_WEBHOOK_SECRET": "rule"}
    settings = load(tmp_path, {**SOURCES, "PUBLIC_URL": "https://a.example", **secrets})
    found = own_secrets(settings, tmp_path / "installation_id", MemoryCredentials())
    assert (found.teamwork_token, found.missive_secret) == ("mine", "rule")
