"""What the ledger keeps of files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tray_connector.destinations.base import Identity
from tray_connector.model.records import Attachment, Email
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import GONE, Content, EmailFiles, FileCounts, FileEntry
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.ledger_schema import SCHEMA


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    ledger.bind(Identity("sqlite:/a", "1"))
    return ledger


def entry_of(key: str, *attachments: str) -> Entry:
    email = Email(
        email_id=key, conversation_id="c", attachments=tuple(Attachment(attachment_id=each) for each in attachments)
    )
    return Entry(email, "", "", "", (1.0, 1))


def note(ledger: Ledger, key: str, *attachments: str, known: tuple[FileEntry, ...] = ()) -> None:
    ledger.note([entry_of(key, *attachments)], files=[EmailFiles(key, attachments, known)])


def ids(entries: list[FileEntry]) -> list[str]:
    return [entry.attachment_id for entry in entries]


def test_files_wait_in_the_order_in_which_they_came(ledger: Ledger) -> None:
    note(ledger, "z", "3", "1")
    note(ledger, "a", "2")
    assert ids(ledger.files.due(0.0, 10)) == ["3", "1", "2"]
    assert ids(ledger.files.due(0.0, 2)) == ["3", "1"]
    assert ledger.files.counts() == FileCounts(3, 0)
    assert ledger.files.wanted() == {"1", "2", "3"}
    ledger.files.settle([FileEntry("z", "3", attempts=1, due=50.0)])
    assert ids(ledger.files.due(49.0, 10)) == ["1", "2"]
    assert ids(ledger.files.due(50.0, 10)) == ["1", "2", "3"]


def test_the_set_of_an_email_is_followed_and_states_are_told_again(ledger: Ledger) -> None:
    note(ledger, "m", "1", "2")
    done = FileEntry("m", "1", state="stored", noted=False, due=None)
    ledger.files.settle([done], Content("ab" * 32, 5, "ab/ab"))
    assert ids(ledger.files.untold(10)) == ["1"]
    ledger.files.told(ledger.files.untold(10))
    assert ledger.files.untold(10) == []
    note(ledger, "m", "1", "3")
    assert ids(ledger.files.untold(10)) == ["1"]
    assert sorted(ids(ledger.files.of_emails(["m"])["m"])) == ["1", "3"]
    assert ledger.files.content("1") == Content("ab" * 32, 5, "ab/ab")
    ledger.files.settle([FileEntry("m", "2", state="stored")])
    assert sorted(ids(ledger.files.of_emails(["m"])["m"])) == ["1", "3"]


def test_what_was_told_meanwhile_changed_is_told_again(ledger: Ledger) -> None:
    note(ledger, "m", "1")
    ledger.files.settle([FileEntry("m", "1", state="failed", noted=False)])
    before = ledger.files.untold(10)
    ledger.files.settle([FileEntry("m", "1", state="stored", noted=False, due=None)])
    ledger.files.told(before)
    assert [entry.state for entry in ledger.files.untold(10)] == ["stored"]


def test_a_row_or_a_destination_that_is_gone_takes_its_files_along_and_not_the_contents(ledger: Ledger) -> None:
    note(ledger, "m", "1")
    note(ledger, "n", "1", "2")
    ledger.files.settle([FileEntry("m", "1", state="stored")], Content("ab" * 32, 5, "ab/ab"))
    ledger.remove("emails", ["m"])
    assert ids(ledger.files.due(0.0, 10)) == ["1", "2"]
    ledger.bind(Identity("sqlite:/b", "2"))
    assert ledger.files.due(0.0, 10) == []
    ledger.bind(Identity("sqlite:/a", "1"))
    ledger.forget_bound()
    assert ledger.files.due(0.0, 10) == []
    assert ledger.files.content("1") is not None


def test_only_what_waits_for_its_time_is_tried_now(ledger: Ledger) -> None:
    note(ledger, "m", "1", "2", "3", "4")
    ledger.files.settle(
        [
            FileEntry("m", "1", due=99.0, code="files-cut"),
            FileEntry("m", "2", state="failed", due=99.0, code="file-refused"),
            FileEntry("m", "3", state="failed", due=None, code=GONE),
            FileEntry("m", "4", state="sent", due=99.0),
        ]
    )
    ledger.files.retry("waiting", "failed", code="files-*")
    assert ids(ledger.files.due(1.0, 10)) == ["1"]
    ledger.files.retry("waiting", "failed")
    assert ids(ledger.files.due(1.0, 10)) == ["1", "2"]
    assert ledger.files.counts() == FileCounts(1, 1)
    note(ledger, "m", "1", "2", "3", "4")
    assert ids(ledger.files.due(1.0, 10)) == ["1", "2", "3"]


def test_before_anything_is_bound_there_is_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    ledger.files.retry("waiting")
    assert ledger.files.counts() == FileCounts()
    ledger.close()


def test_a_ledger_of_the_first_version_learns_which_files_wait(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    made = Ledger(path, FakeClock())
    made.bind(Identity("sqlite:/a", "1"))
    made.note([entry_of("m", "1", "2"), entry_of("n")])
    made.close()
    with closing(sqlite3.connect(path)) as older, older:
        tables = [name for (name,) in older.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        newer = [name for name in tables if f"CREATE TABLE {name} " not in SCHEMA]
        assert {"files", "contents"} <= set(newer)
        for name in newer:
            older.execute(f"DROP TABLE {name}")
        older.execute("PRAGMA user_version = 1")
    ledger = Ledger(path, FakeClock())
    ledger.bind(Identity("sqlite:/a", "1"))
    assert ids(ledger.files.due(0.0, 10)) == ["1", "2"]
    assert ledger.files.due(0.0, 10)[0] == FileEntry("m", "1")
    ledger.close()
