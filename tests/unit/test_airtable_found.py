"""What the ledger keeps of rows that were there before, and when collected changes are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.events import task_event
from tray_connector.destinations.base import Found, Identity, StoredFile
from tray_connector.sync.collecting import Collecting
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_found import Duplicate
from tray_connector.sync.spool import Spool

HERE, THERE = Identity("airtable:app1", "tbl1/tbl2"), Identity("airtable:app1", "tbl1/tbl3")
FILE = StoredFile("att1", "Plan.pdf", 13)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db", clock)) as opened:
        opened.bind(HERE)
        yield opened


def test_the_first_row_of_a_key_counts_and_the_others_are_told(ledger: Ledger) -> None:
    ledger.found.begin("emails")
    ledger.found.keep("emails", [Found("m1", "rec1", (FILE,)), Found("m2", "rec2")])
    ledger.found.keep("emails", [Found("m1", "rec3"), Found("m1", "rec4"), Found("m2", "rec2")])
    ledger.found.finish("emails")
    assert ledger.found.rows("emails", ["m1", "m2", "m3"]) == {
        "m1": Found("m1", "rec1", (FILE,)),
        "m2": Found("m2", "rec2"),
    }
    assert ledger.found.duplicates("emails") == [Duplicate("m1", "rec1", ("rec3", "rec4"))]
    assert ledger.found.rows("tasks", ["m1"]) == {}


def test_a_survey_is_known_for_its_destination_only(ledger: Ledger, clock: FakeClock) -> None:
    ledger.found.begin("tasks")
    ledger.found.keep("tasks", [Found("26", "rec1")])
    assert not ledger.found.surveyed("tasks")
    ledger.found.finish("tasks")
    assert ledger.found.surveyed("tasks")
    ledger.bind(THERE)
    assert not ledger.found.surveyed("tasks")
    assert ledger.found.rows("tasks", ["26"]) == {}
    assert ledger.found.duplicates("tasks") == []
    assert ledger.beside(HERE).found.surveyed("tasks")


def test_beginning_anew_and_an_emptied_destination_forget_what_was_found(ledger: Ledger) -> None:
    ledger.found.keep("tasks", [Found("26", "rec1")])
    ledger.found.finish("tasks")
    ledger.found.begin("tasks")
    assert ledger.found.rows("tasks", ["26"]) == {}
    ledger.found.keep("tasks", [Found("26", "rec1")])
    ledger.found.finish("tasks")
    ledger.forget_bound()
    assert not ledger.found.surveyed("tasks")
    assert ledger.found.rows("tasks", ["26"]) == {}


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_earlier_version_gets_the_tables(tmp_path: Path, clock: FakeClock, version: int) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path, clock).close()
    with closing(sqlite3.connect(path)) as connection:
        later = ("found", "surveys", *(("files", "contents") if version == 1 else ()))
        connection.executescript(";".join(f"DROP TABLE {name}" for name in later))
        connection.execute(f"PRAGMA user_version = {version}")
    with closing(Ledger(path, clock)) as ledger:
        ledger.bind(HERE)
        ledger.found.keep("tasks", [Found("26", "rec1")])
        assert ledger.found.rows("tasks", ["26"]) == {"26": Found("26", "rec1")}


# When collected changes are written.


@pytest.fixture
def spool(tmp_path: Path, clock: FakeClock) -> Iterator[Spool]:
    with closing(Spool(tmp_path / "spool", clock)) as opened:
        yield opened


def test_nothing_is_collected_unless_asked_for(spool: Spool, clock: FakeClock) -> None:
    spool.put([task_event("1", at=clock.now())])
    collecting = Collecting(spool, clock, 0)
    assert collecting.rest("teamwork") == 0
    assert collecting.until() is None


def test_changes_wait_from_the_first_on(spool: Spool, clock: FakeClock) -> None:
    collecting = Collecting(spool, clock, 600)
    assert collecting.rest("teamwork") == 0
    spool.put([task_event("1", at=clock.now())])
    clock.advance(200)
    spool.put([task_event("2", at=clock.now())])
    assert collecting.rest("teamwork") == pytest.approx(400, abs=1)
    assert collecting.rest("missive") == 0
    until = collecting.until()
    assert until is not None
    assert (until - clock.now()).total_seconds() == pytest.approx(400, abs=1)
    clock.advance(401)
    assert collecting.rest("teamwork") == 0
    spool.put([task_event("3", at=clock.now())])
    assert collecting.rest("teamwork") == 0, "until nothing is left"
    assert collecting.until() is None


def test_what_came_after_everything_was_written_is_collected_anew(spool: Spool, clock: FakeClock) -> None:
    collecting = Collecting(spool, clock, 600)
    collecting.release()
    spool.put([task_event("1", at=clock.now())])
    assert collecting.rest("teamwork") == 0
    collecting.written("teamwork")
    assert collecting.rest("teamwork") > 0


def test_a_clock_that_was_set_back_makes_nobody_wait_longer(spool: Spool, clock: FakeClock) -> None:
    collecting = Collecting(spool, clock, 600)
    spool.put([task_event("1", at=clock.now())])
    clock.jump(-86_400)
    assert collecting.rest("teamwork") == 600
