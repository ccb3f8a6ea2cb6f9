"""The ledger: durable, apart for each destination, honest about damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tests.support.records import conversations, emails, tasks
from tray_connector.destinations.base import Identity
from tray_connector.model.codec import large_hash, without_large
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.records import Conversation, Email, Stored, Task, key_of, table_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry, Run

HERE = Identity("sqlite:/office/a.db", "4711")
THERE = Identity("sqlite:/office/b.db", "4712")
REPLACED = Identity("sqlite:/office/a.db", "9999")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    ledger.bind(HERE)
    yield ledger
    ledger.close()


def entry(record: Stored, read: int = 1) -> Entry:
    return Entry(without_large(record), large_hash(record), "c", "v1", (10.0, read), state_read=read, record_id="rec1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(tasks | emails, max_size=6, unique_by=lambda record: (table_of(record), key_of(record))))
def test_what_was_noted_is_known(ledger: Ledger, records: list[Stored]) -> None:
    ledger.note([entry(record) for record in records])
    for record in records:
        assert ledger.entries(table_of(record), [key_of(record)]) == {key_of(record): entry(record)}
        if isinstance(record, Email):
            assert ledger.entries_of(record.conversation_id)[record.email_id] == entry(record)
            assert ledger.emails([record.email_id])[record.email_id] == without_large(record)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversations)
def test_a_conversation_is_known_with_its_read_number(ledger: Ledger, item: Conversation) -> None:
    ledger.remove_conversations([item.conversation_id])
    ledger.note([], [(item, 7)])
    assert ledger.known_conversations([item.conversation_id, "none"]) == {item.conversation_id: (item, 7)}
    ledger.note([], [(Conversation(conversation_id=item.conversation_id, messages_count=999), 6)])
    assert ledger.conversation(item.conversation_id) == item


def test_a_conversation_that_loses_a_row_is_read_whole_next(ledger: Ledger) -> None:
    rows = [Email(email_id=key, conversation_id=home) for key, home in (("1", "a"), ("2", "a"), ("3", "b"))]
    both = [Conversation(conversation_id=home, messages_count=2, subject=home) for home in "ab"]
    ledger.note([entry(row) for row in rows], [(item, 7) for item in both])
    ledger.remove("emails", ["2", "unknown"])
    assert ledger.entries_of("a").keys() == {"1"}
    assert ledger.conversation("a") == replace(both[0], messages_count=-1)
    assert ledger.conversation("b") == both[1]


def test_large_fields_are_not_kept(tmp_path: Path, ledger: Ledger) -> None:
    ledger.note([entry(Task(task_id="1", description="GEHEIM"))])
    ledger.close()
    assert b"GEHEIM" not in (tmp_path / "ledger.db").read_bytes()


def test_each_destination_has_books_of_its_own(ledger: Ledger) -> None:
    ledger.note([entry(Task(task_id="1"))], [(Conversation(conversation_id="c"), 1)])
    ledger.set_checkpoint("teamwork", "tasks", datetime(2026, 9, 1, tzinfo=UTC))
    for other in (THERE, REPLACED):
        assert not ledger.bind(other)
        assert ledger.entries("tasks", ["1"]) == {}
        assert ledger.conversation("c") is None
        assert ledger.checkpoint("teamwork", "tasks") is None
    assert ledger.bind(HERE)
    assert set(ledger.entries("tasks", ["1"])) == {"1"}


def test_an_emptied_destination_is_forgotten_and_no_other(ledger: Ledger) -> None:
    ledger.note([entry(Task(task_id="1"))])
    ledger.bind(THERE)
    ledger.note([entry(Task(task_id="1"))])
    ledger.forget_bound()
    assert (ledger.count("tasks"), ledger.bind(HERE), ledger.count("tasks")) == (0, True, 1)


def test_everything_is_there_after_a_restart(tmp_path: Path, ledger: Ledger) -> None:
    moment = datetime(2026, 9, 1, 12, tzinfo=UTC)
    ledger.note([entry(Task(task_id=str(n), tags=("KGR_300",))) for n in range(3)])
    ledger.set_checkpoint("missive", "all", moment)
    ledger.note_success("missive", moment)
    ledger.note_run(Run("sync", moment, moment, read=3, written=3))
    ledger.close()
    again = Ledger(tmp_path / "ledger.db", FakeClock())
    assert again.bind(HERE)
    assert [len(batch) for batch in again.iterate("tasks", batch=2)] == [2, 1]
    assert again.checkpoint("missive", "all") == again.last_success("missive") == moment
    assert again.runs(5) == [Run("sync", moment, moment, read=3, written=3)]
    assert again.labels_in_use() == {"tasks": {"KGR_300": 3}, "emails": {}}
    assert (again.stale_categories("v1"), again.stale_categories("v2")) == (0, 3)
    again.close()


def test_read_numbers_never_go_back_even_without_a_proper_end(tmp_path: Path) -> None:
    given_before = 0
    for _ in range(3):
        ledger = Ledger(tmp_path / "ledger.db", FakeClock())
        assert ledger.last_read_number() >= given_before
        numbers = [ledger.next_read_number() for _ in range(5)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > given_before
        assert ledger.last_read_number() == numbers[-1]
        given_before = numbers[-1]
        ledger._connection.close()  # as a kill would leave it


def test_read_numbers_go_on_after_a_damaged_ledger(tmp_path: Path, expect_log: ExpectLog) -> None:
    clock = FakeClock()
    ledger = Ledger(tmp_path / "ledger.db", clock)
    last = [ledger.next_read_number() for _ in range(50)][-1]
    ledger.close()
    (tmp_path / "ledger.db").write_bytes(b"\xff" * 5000)
    clock.advance(1)
    again = Ledger(tmp_path / "ledger.db", clock)
    expect_log("set aside")
    assert again.next_read_number() > last
    again.close()


def test_requests_are_remembered_and_counted(ledger: Ledger) -> None:
    now = FakeClock().now().timestamp()
    for back in (3.0, 2.0, 1.0):
        ledger.note_request("missive", now - back)
    assert ledger.recent_requests("missive", now - 2.5) == [now - 2, now - 1]
    assert ledger.recent_requests("teamwork", 0) == []
    assert (ledger.calls_in_month("missive", "2026-09"), ledger.calls_in_month("missive", "2026-08")) == (3, 0)


def test_a_damaged_ledger_is_set_aside_and_a_new_one_begun(tmp_path: Path, expect_log: ExpectLog) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database at all, but longer than a header " * 40)
    ledger = Ledger(path, FakeClock())
    expect_log("set aside")
    assert ledger.damaged is not None
    assert ledger.damaged.read_bytes().startswith(b"not a database")
    assert not ledger.bind(HERE)
    ledger.close()


def test_an_empty_file_is_a_new_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    assert ledger.damaged is None
    ledger.close()


def test_damage_found_after_a_kill_is_noticed(tmp_path: Path, expect_log: ExpectLog) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger(path, FakeClock())
    ledger.bind(HERE)
    ledger.note([entry(Task(task_id=str(n), name="x" * 500)) for n in range(200)])
    ledger._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger._connection.close()
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\xff" * (40960 - 8192)
    path.write_bytes(content)
    again = Ledger(path, FakeClock())
    expect_log("set aside")
    assert again.damaged is not None
    again.close()


def test_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path, FakeClock()).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="newer version"):
        Ledger(path, FakeClock())
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TransientError, match="free space"):
        Ledger(tmp_path / "file" / "ledger.db", FakeClock())
