"""Files that somebody spoiled: read with patience or refused in our own words, never with a trace, never lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.nonsense import content, effort
from tests.support.clock import START, FakeClock
from tests.support.events import conversation_event, task_event
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.dotenv_file import read_dotenv
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_right_settings
from tray_connector.config.settings_exchange import recognise
from tray_connector.config.settings_file import read_settings_file, write_settings_file
from tray_connector.desktop.instance import Instance
from tray_connector.model.errors import ConnectorError
from tray_connector.model.events import SOURCES, SourceName
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.spool import Spool
from tray_connector.sync.spool_codec import decode_event, encode_event
from tray_connector.webhooks.hook_store import HookStore
from tray_connector.webhooks.identity import installation_id

SETTINGS = json.dumps({"version": 1, "TEAMWORK_BASE_URL": "https://a.example.com", "APP_PORT": "5000"}).encode()
CATEGORIES = json.dumps({"Kunden": ["Kunde1", "Kunde2"], "Räume": "R_*"}).encode()
DOTENV = b"TEAMWORK_BASE_URL='https://a.example.com'\nexport MISSIVE_API_TOKEN=\"x\\n\"\n# comment\nAPP_PORT=5000\n"
HOOK = {"service": "teamwork", "site": "s", "event": "e", "address": "a", "mark": "m"}
HOOKS = json.dumps({"version": 1, "hooks": [HOOK]}).encode()
NOTE = json.dumps({"pid": 1, "started": "2026-09-02T10:00:00Z", "doing": "run", "address": "x", "token": "t"}).encode()


pytestmark = pytest.mark.usefixtures("only_warnings")


def kept(folder: Path, spoiled: bytes) -> bool:
    """Whether the content is still somewhere, set aside or in its place."""
    return any(path.read_bytes() == spoiled for path in folder.rglob("*") if path.is_file())


@effort(120)
@given(content(SETTINGS))
def test_settings(spoiled: bytes) -> None:
    with TemporaryDirectory() as name:
        paths = Paths(Path(name))
        paths.settings_file.write_bytes(spoiled)
        with suppress(ConnectorError):
            load_right_settings(environ={}, paths=paths, dotenv=None, credentials=MemoryCredentials())
        with suppress(ConnectorError):
            read_settings_file(paths.settings_file)
            write_settings_file(paths.settings_file, {"APP_PORT": "5001"})
        assert kept(paths.home, spoiled) or json.loads(paths.settings_file.read_bytes())


@effort(120)
@given(content(DOTENV, SETTINGS))
def test_files_that_are_imported(spoiled: bytes) -> None:
    with TemporaryDirectory() as name:
        for file in (Path(name) / ".env", Path(name) / "settings.json"):
            file.write_bytes(spoiled)
            read_dotenv(file)
            with suppress(ConnectorError):
                recognise(file)
            assert file.read_bytes() == spoiled


@effort(120)
@given(content(CATEGORIES))
def test_label_categories(spoiled: bytes) -> None:
    with TemporaryDirectory() as name:
        file = Path(name) / "label_categories.json"
        file.write_bytes(CATEGORIES)
        categories = CategoriesFile(file, FakeClock())
        good = categories.current
        file.write_bytes(spoiled)
        found = categories.reload()
        assert found == good or categories.problem is None
        assert file.read_bytes() == spoiled


@effort(150)
@given(content(encode_event(task_event()), encode_event(conversation_event())), st.sampled_from(SOURCES))
def test_an_event_as_such(spoiled: bytes, source: SourceName) -> None:
    with suppress(ValueError):
        decode_event(source, "1", spoiled, modified=START, last_read=lambda: 7)


@effort(15)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=20),
            st.sampled_from([".evt", ".retry", ".tmp", ""]),
            content(encode_event(task_event())),
        ),
        max_size=8,
    )
)
def test_a_queue_full_of_nonsense(files: list[tuple[str, str, bytes]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "teamwork"
        folder.mkdir()
        for stem, ending, spoiled in files:
            with suppress(OSError):
                (folder / f"{stem}{ending}").write_bytes(spoiled)
        spool = Spool(Path(name), FakeClock())
        leases = spool.take("teamwork", 100, FakeClock().now())
        assert spool.counts().total == len(leases)
        spool.done(leases)
        assert not spool.take("teamwork", 100, FakeClock().now())
        spool.close()


@effort(60)
@given(content(HOOKS, NOTE, b"0123456789abcdef"))
def test_small_files_of_our_own(spoiled: bytes) -> None:
    with TemporaryDirectory() as name:
        paths = Paths(Path(name))
        paths.create()
        for file in (paths.webhooks, paths.installation, paths.lock.with_suffix(".json")):
            file.write_bytes(spoiled)
        with suppress(ConnectorError):
            HookStore(paths.webhooks).rows("teamwork")
        with suppress(ConnectorError):
            installation_id(paths.installation)
        Instance(paths.lock, FakeClock()).note()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound one."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    made = Ledger(path, FakeClock())
    for number in range(40):
        made.note_request("teamwork", 1_000.0 + number)
        made.set_flag(f"flag {number}", "x" * 50)
    made.close()
    return path


@effort(25)
@given(
    places=st.lists(st.tuples(st.integers(0, 120_000), st.binary(min_size=1, max_size=60)), min_size=1, max_size=4),
    length=st.none() | st.integers(0, 120_000),
    clean=st.booleans(),
)
def test_the_ledger(ledger: Path, places: list[tuple[int, bytes]], length: int | None, clean: bool) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        shutil.copyfile(ledger, path)
        if not clean:
            with closing(sqlite3.connect(path)) as file, file:
                file.execute("INSERT OR REPLACE INTO flags VALUES ('open', '1')")
        spoiled = bytearray(path.read_bytes())
        for place, piece in places:
            at = place % len(spoiled)
            spoiled[at : at + len(piece)] = piece
        path.write_bytes(spoiled[:length])
        with suppress(ConnectorError):
            opened = Ledger(path, FakeClock())
            try:
                opened.note_request("teamwork", 2_000.0)
                opened.flag("flag 1")
                opened.runs(5)
                opened.next_read_number()
            finally:
                opened.close()
